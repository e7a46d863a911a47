"""Find what must not be there in values and texts, without replacing or repeating it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from clinigate.evidence.matching import (
    field_rule,
    is_clean,
    rules_in,
    spares_versions,
)

__all__ = ["Hit", "Scanner", "scan"]

#: Texts up to this length are remembered: what a run records stands in its results again.
_REMEMBERED = 1024
_MANY = 200_000


@dataclass(frozen=True, slots=True)
class Hit:
    """Where something was found that must not be there; never what.

    Attributes:
        rule: its kind, as `ssn`.
        path: the place inside the value, as `observations[3].about.excerpt`; empty for a text.
    """

    rule: str
    path: str


class Scanner:
    """Looks through many values, and at each text of them once."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, bool], tuple[str, ...]] = {}

    def scan(self, value: Any) -> list[Hit]:
        """Return what a redactor would replace in a plain JSON value or a text."""
        hits: list[Hit] = []
        self._look(value, "", [], hits)
        return hits

    def _look(self, value: Any, field: str, path: list[str | int], hits: list[Hit]) -> None:
        if isinstance(value, dict):
            for key, item in value.items():
                self._look_into(key, item, path, hits)
        elif isinstance(value, list):
            for index, item in enumerate(value):
                path.append(index)
                self._look(item, field, path, hits)
                path.pop()
        elif isinstance(value, str | int):
            hits += (Hit(rule, _shown(path)) for rule in self._rules(value, field))

    def _look_into(self, key: str, item: Any, path: list[str | int], hits: list[Hit]) -> None:
        # A field name that is itself an identifier must not stand in the path either.
        clean = is_clean(key)
        if not clean:
            place = f"a field name in {_shown(path) or 'the object'}"
            hits += (Hit(rule, place) for rule in self._rules(key, ""))
        path.append(key if clean else "?")
        self._look(item, key, path, hits)
        path.pop()

    def _rules(self, value: str | int, field: str) -> tuple[str, ...]:
        condemned = field_rule(value, field)
        if condemned is not None:
            return (condemned[0],)
        if not isinstance(value, str):
            return ()
        key = (value, spares_versions(field))
        found = self._known.get(key)
        if found is None:
            found = tuple(dict.fromkeys(name for name, _ in rules_in(value, field)))
            if len(value) <= _REMEMBERED and len(self._known) < _MANY:
                self._known[key] = found
        return found


def scan(value: Any) -> Iterator[Hit]:
    """Yield what a redactor would replace in a plain JSON value or a text, without replacing it."""
    yield from Scanner().scan(value)


def _shown(path: list[str | int]) -> str:
    text = "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in path)
    return text.removeprefix(".")
