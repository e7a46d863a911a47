"""Which versions a range of an advisory covers (OSV schema 1.x, "Evaluation")."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import total_ordering
from typing import Any

from packaging.version import InvalidVersion, Version

from clinigate.security.scanners.dependencies_package import NPM, PYPI

__all__ = ["Event", "Uncomparable", "covers", "later", "same_version"]

_SEMVER = re.compile(
    r"v?(?P<major>[0-9]+)(?:\.(?P<minor>[0-9]+))?(?:\.(?P<patch>[0-9]+))?"
    r"(?:-(?P<pre>[0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?"
)


class Uncomparable(Exception):  # noqa: N818 - a state of the data, not a broken program
    """A version that its ecosystem cannot put in order; nobody judged it, so it is never a pass."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a range: `introduced`, `fixed`, `last_affected` or `limit` at a version."""

    kind: str
    version: str


def covers(ecosystem: str, events: Sequence[Event], version: str) -> bool:
    """Whether a range covers a version.

    In the order of versions, each event that the version has reached switches the state; a `limit`
    ends the branch that is spoken of.

    Raises:
        Uncomparable: a version that cannot be put in order.
    """
    key = _key_of(ecosystem)
    mine = key(version)
    limits = [event.version for event in events if event.kind == "limit" and event.version != "*"]
    if limits and not any(mine < key(limit) for limit in limits):
        return False
    rest = [event for event in events if event.kind != "limit" and not _from_the_first(event)]
    covered = any(_from_the_first(event) for event in events)
    for event in sorted(rest, key=lambda event: key(event.version)):
        at = key(event.version)
        if event.kind == "introduced" and mine >= at:
            covered = True
        elif (event.kind == "fixed" and mine >= at) or (
            event.kind == "last_affected" and mine > at
        ):
            covered = False
    return covered


def same_version(ecosystem: str, one: str, other: str) -> bool:
    """Whether two spellings are one version, as `1.0` and `1.0.0`."""
    if one == other:
        return True
    key = _key_of(ecosystem)
    try:
        return bool(key(one) == key(other))
    except Uncomparable:
        return False


def later(ecosystem: str, versions: Sequence[str], than: str) -> str | None:
    """Return the earliest of the versions that comes after `than`; None if there is none."""
    key = _key_of(ecosystem)
    candidates = []
    for version in versions:
        try:
            if key(version) > key(than):
                candidates.append((key(version), version))
        except Uncomparable:
            continue
    return min(candidates)[1] if candidates else None


def _from_the_first(event: Event) -> bool:
    # "0" lies before every version here, pre-releases too.
    return event.kind == "introduced" and event.version == "0"


def _key_of(ecosystem: str) -> Callable[[str], Any]:
    return {PYPI: _python_key, NPM: _SemVer.of}[ecosystem]


def _python_key(version: str) -> Version:
    try:
        return Version(version)
    except InvalidVersion:
        raise Uncomparable(version) from None


@total_ordering
class _SemVer:
    """A version of Semantic Versioning 2.0.0, ordered as its clause 11 says."""

    def __init__(self, release: tuple[int, int, int], pre: tuple[str, ...]) -> None:
        self._key = (release, not pre, tuple(_identifier(part) for part in pre))

    @classmethod
    def of(cls, version: str) -> _SemVer:
        match = _SEMVER.fullmatch(version)
        if match is None:
            raise Uncomparable(version)
        release = (int(match["major"]), int(match["minor"] or 0), int(match["patch"] or 0))
        return cls(release, tuple(match["pre"].split(".")) if match["pre"] else ())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _SemVer) and self._key == other._key

    def __lt__(self, other: _SemVer) -> bool:
        return self._key < other._key

    def __hash__(self) -> int:
        return hash(self._key)


def _identifier(part: str) -> tuple[bool, int, str]:
    # Numbers come before words, and are compared as numbers.
    return (False, int(part), "") if part.isdigit() else (True, 0, part)
