"""Reading who wrote and who reviewed what a file of scenarios holds, and its single values."""

from __future__ import annotations

import re

from clinigate.core.case import Provenance
from clinigate.scenarios.pack import Reviewer
from clinigate.scenarios.text import word_count
from clinigate.scenarios.yamlnode import Field

__all__ = ["match", "provenance_of", "review_of", "utterance"]

_PROVENANCE_KEYS = ("author", "method", "date", "source", "licence")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_A_DATE = "a date, as 2026-11-21"


def match(field: Field, pattern: re.Pattern[str], wanted: str) -> str:
    """Return the field's word, which the whole `pattern` fits; `wanted` says what would."""
    value = field.word()
    if not pattern.fullmatch(value):
        field.fail(f"{value!r} is not {wanted}")
    return value


def utterance(field: Field) -> str:
    """Return a text that a person could say: it holds a word."""
    text = field.text()
    if not word_count(text):
        field.fail("the text holds no word; write what a person would say")
    return text


def provenance_of(field: Field) -> Provenance:
    """Return who wrote it, how, when, on which ground, under which licence."""
    fields = field.mapping(_PROVENANCE_KEYS)
    return Provenance(
        author=fields["author"].text(),
        method=fields["method"].one_of(("authored", "composed", "transformed"), "method"),
        date=match(fields["date"], _DATE, _A_DATE),
        source=fields["source"].text(),
        licence=fields["licence"].text(),
    )


def review_of(field: Field) -> tuple[Reviewer, ...]:
    """Return who reviewed it; `none` where nobody has."""
    if not field.is_sequence():
        field.one_of(("none",), "review")
        return ()
    return tuple(_reviewer(item) for item in field.sequence())


def _reviewer(field: Field) -> Reviewer:
    fields = field.mapping(("reviewer", "credential", "date"))
    return Reviewer(
        reviewer=fields["reviewer"].text(),
        credential=fields["credential"].text(),
        date=match(fields["date"], _DATE, _A_DATE),
    )
