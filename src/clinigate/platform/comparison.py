"""Which fields that a manifest states are another in the cluster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from clinigate.platform.quantities import try_amount
from clinigate.platform.resource import Path

__all__ = ["Difference", "differences"]

#: What tells the items of a list apart, as the API's own merge keys do, the likeliest first.
_KEYS = ("name", "containerPort", "port", "mountPath", "topologyKey", "key", "type", "ip")
#: Below these the API has amounts, which it may write in another way than the file.
_AMOUNTS: frozenset[str | int] = frozenset(
    ("capacity", "default", "defaultRequest", "hard", "limits", "max", "min", "requests")
)
#: Set by whoever applied it, or by the API: no intention of the file.
_IGNORED = frozenset(
    {
        ("apiVersion",),  # the API answers in the version that it prefers
        ("kind",),
        ("status",),
        ("metadata", "namespace"),
        ("metadata", "creationTimestamp"),
        ("metadata", "generateName"),
        ("metadata", "resourceVersion"),
        ("metadata", "uid"),
    }
)


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that differs; values are left out, as one of them may be a secret.

    Attributes:
        path: in the file's manifest.
        missing: whether the cluster has nothing there.
        surplus: names of list items that the cluster has beyond the stated ones.
    """

    path: Path
    missing: bool = False
    surplus: str = ""


def differences(stated: Mapping[str, Any], live: Mapping[str, Any]) -> Iterator[Difference]:
    """Yield the fields of `stated` that are another in `live`.

    What is stated as null or as empty is the same as absent. Amounts are compared by their worth
    (`1000m` is `1`), numbers by value whether written as text or not.
    """
    yield from _mapping(stated, live, ())


def _compare(stated: Any, live: Any, path: Path) -> Iterator[Difference]:
    if path in _IGNORED or _is_empty(stated):
        return
    if live is None:
        yield Difference(path, missing=True)
    elif isinstance(stated, dict):
        yield from _mapping(stated, live, path) if isinstance(live, dict) else [Difference(path)]
    elif isinstance(stated, list):
        yield from _list(stated, live, path) if isinstance(live, list) else [Difference(path)]
    elif not _is_same(stated, live, is_amount=not _AMOUNTS.isdisjoint(path)):
        yield Difference(path)


def _mapping(
    stated: Mapping[str, Any], live: Mapping[str, Any], path: Path
) -> Iterator[Difference]:
    for key, value in stated.items():
        yield from _compare(value, live.get(key), (*path, key))


def _list(stated: list[Any], live: list[Any], path: Path) -> Iterator[Difference]:
    key = _merge_key(stated, live)
    if key is None:
        if len(stated) != len(live):
            yield Difference(path)
            return
        for index, (ours, theirs) in enumerate(zip(stated, live, strict=True)):
            yield from _compare(ours, theirs, (*path, index))
        return
    by_key = {str(each[key]): each for each in live}
    for index, each in enumerate(stated):
        yield from _compare(each, by_key.pop(str(each[key]), None), (*path, index))
    if by_key:
        yield Difference(path, surplus=", ".join(sorted(by_key)))


def _merge_key(stated: list[Any], live: list[Any]) -> str | None:
    """A key that every item of both has, and that tells them apart."""
    every = [*stated, *live]
    if not all(isinstance(each, dict) for each in every):
        return None
    for key in _KEYS:
        if all(isinstance(each.get(key), str | int) for each in every):
            values = [[str(each[key]) for each in side] for side in (stated, live)]
            if all(len(set(side)) == len(side) for side in values):
                return key
    return None


def _is_empty(value: Any) -> bool:
    return value is None or value in ({}, [])


def _is_same(stated: Any, live: Any, *, is_amount: bool) -> bool:
    if isinstance(stated, bool) or isinstance(live, bool):
        return stated is live
    if stated == live:
        return True
    if isinstance(stated, str) and isinstance(live, str) and not is_amount:
        return stated.strip() == live.strip()
    ours, theirs = try_amount(stated), try_amount(live)
    return ours is not None and ours == theirs
