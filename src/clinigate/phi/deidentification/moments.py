"""Elements of dates that no row of the table looks for: a dataset's column shows what they are.

45 CFR 164.514(b)(2)(i)(C) lets nothing of a date stay but the year, and not even that where it says
that somebody is over 89. So weeks, quarters and days of a year count as days do; numbers that count
seconds or days since some beginning count where their column is called so, and are doubtful where
it is not; years of birth count from the one on that makes somebody 90.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from clinigate.phi.model import Hit

__all__ = ["NUMBER", "moments_in"]

#: The rule of a number that may be a moment, and may be anything else.
NUMBER = "CG-PHI-DATE-NUMBER"

_DATE, _AGE = "CG-PHI-DATE", "CG-PHI-AGE"
_YEAR = rb"(?:19|20)\d\d"
_PARTS = re.compile(
    rb"(?<![\w-])(?:%(y)s-?W(?:0[1-9]|[1-4]\d|5[0-3])(?:-?[1-7])?"  # ISO 8601: weeks
    rb"|%(y)s-(?:00[1-9]|0[1-9]\d|[12]\d\d|3[0-5]\d|36[0-6])"  # ISO 8601: days of a year
    rb"|%(y)s[ -]?Q[1-4]|Q[1-4][ /-]?%(y)s)(?![\w-])" % {b"y": _YEAR},
    re.IGNORECASE,
)
#: A cell that is one number, behind the name of its column.
_ALONE = re.compile(rb"^(?P<name>[^\n]{1,200}?): (?P<v>\d{4,19})(?:\.\d{1,9})?\r?$", re.MULTILINE)
_OF_TIME = re.compile(
    rb"(?i)(?:^|[^a-z])(?:date|day|time|timestamp|ts|epoch|unix|dob|admi|dischar|death|died|onset"
    rb"|created|updated|modified|when)|(?-i:Date|Day|Time|At)(?:[^a-z]|$)|_at$"
)
_OF_BIRTH = re.compile(rb"(?i)birth|born|yob|dob")
_BORN = re.compile(rb"(?i)\b(?:born|birth(?: ?year)?|yob)\b[^\n\d]{0,12}(?P<v>1[89]\d\d)(?![\d/-])")
#: What a number counts: its digits, and the least and the most of it, from 1990 to 2040.
_CLOCKS = {10: 1, 13: 1_000, 16: 1_000_000, 19: 1_000_000_000}
_SECONDS = (631_152_000, 2_240_000_000)
#: Days since 1970, since 1960 (SAS) or since 1900 (spreadsheets).
_DAYS = (7_000, 52_000)


def moments_in(data: bytes, today: date) -> Iterator[Hit]:
    """Yield what stands in cells, each on a line behind its column's name; in no order.

    Args:
        data: the lines.
        today: against which somebody is over 89.
    """
    for match in _PARTS.finditer(data):
        yield Hit(_DATE, *match.span(), 0.5)
    for match in _BORN.finditer(data):
        if _is_old(match["v"], today):
            yield Hit(_AGE, *match.span("v"), 0.85)
    for match in _ALONE.finditer(data):
        if (found := _number(match["name"], match["v"], today)) is not None:
            yield Hit(found[0], *match.span("v"), found[1])


def _number(name: bytes, value: bytes, today: date) -> tuple[str, float] | None:
    """Return rule and score of a number in a column."""
    if _OF_BIRTH.search(name) and len(value) == 4:
        return (_AGE, 0.85) if _is_old(value, today) else None
    named = _OF_TIME.search(name) is not None
    number = int(value)
    unit = _CLOCKS.get(len(value), 0)
    if unit and _SECONDS[0] <= number // unit <= _SECONDS[1]:
        return (_DATE, 0.5) if named else (NUMBER, 0.4)
    if named and len(value) in (4, 5) and _DAYS[0] <= number <= _DAYS[1]:
        return _DATE, 0.5
    return None


def _is_old(year: bytes, today: date) -> bool:
    return 1800 <= int(year) <= today.year - 90
