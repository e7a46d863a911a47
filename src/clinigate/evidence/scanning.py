"""Find what must not be there in values and texts, without replacing or repeating it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from clinigate.evidence.embedded import json_in
from clinigate.evidence.matching import field_rule, is_clean, rules_in, spares_versions
from clinigate.evidence.patterns import key_rule

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


@dataclass(frozen=True, slots=True)
class _Field:
    """A field's name: whether it tells what its value is, and what was found in the name itself."""

    name: str
    tells: bool
    versions: bool
    hits: tuple[str, ...]


class Scanner:
    """Looks through many values, and at each text and field name of them once."""

    def __init__(self) -> None:
        #: By text, what was found in it; apart for fields in which versions look like addresses.
        self._known: tuple[dict[str, tuple[str, ...]], ...] = ({}, {})
        self._fields: dict[str, _Field] = {}

    def scan(self, value: Any) -> list[Hit]:
        """Return what a redactor would replace in a plain JSON value or a text."""
        hits: list[Hit] = []
        self._look(value, self._field(""), [], hits)
        return hits

    def _look(self, value: Any, field: _Field, path: list[str | int], hits: list[Hit]) -> None:
        if isinstance(value, str):
            if rules := self._rules(value, field):
                hits += (Hit(rule, _shown(path)) for rule in rules)
            else:
                self._look_inside(value, path, hits)
        elif isinstance(value, dict):
            for key, item in value.items():
                inner = self._fields.get(key) or self._field(key)
                hits += (Hit(rule, _place(path)) for rule in inner.hits)
                path.append("?" if inner.hits else key)
                self._look(item, inner, path, hits)
                path.pop()
        elif isinstance(value, list):
            for index, item in enumerate(value):
                path.append(index)
                self._look(item, field, path, hits)
                path.pop()
        elif field.tells and (condemned := field_rule(value, field.name)) is not None:
            hits.append(Hit(condemned[0], _shown(path)))

    def _look_inside(self, text: str, path: list[str | int], hits: list[Hit]) -> None:
        """Look at JSON in a text, whose fields tell what their values are."""
        for number, value in json_in(text):
            inner = [*path] if number is None else [*path, f"line {number}"]
            self._look(value, self._field(""), inner, hits)

    def _field(self, name: str) -> _Field:
        field = _Field(
            name,
            tells=key_rule(name) is not None,
            versions=spares_versions(name),
            hits=() if is_clean(name) else tuple(dict.fromkeys(n for n, _ in rules_in(name))),
        )
        return self._fields.setdefault(name, field)

    def _rules(self, text: str, field: _Field) -> tuple[str, ...]:
        if field.tells and (condemned := field_rule(text, field.name)) is not None:
            return (condemned[0],)
        known = self._known[field.versions]
        found = known.get(text)
        if found is None:
            found = tuple(dict.fromkeys(name for name, _ in rules_in(text, field.name)))
            if len(text) <= _REMEMBERED and len(known) < _MANY:
                known[text] = found
        return found


def scan(value: Any) -> Iterator[Hit]:
    """Yield what a redactor would replace in a plain JSON value or a text, without replacing it."""
    yield from Scanner().scan(value)


def _shown(path: list[str | int]) -> str:
    text = "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in path)
    return text.removeprefix(".")


def _place(path: list[str | int]) -> str:
    # A field name that is itself an identifier must not stand in the path either.
    return f"a field name in {_shown(path) or 'the object'}"
