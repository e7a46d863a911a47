"""When: dates but the year, and ages over 89 (letter C)."""

from __future__ import annotations

import re

from clinigate.phi import placeholders as nobody
from clinigate.phi.model import Letter
from clinigate.phi.recognizer import Recognizer, Tier, form
from clinigate.phi.rows.fragments import DATE, IS, SPACE, led
from clinigate.phi.values import is_day

__all__ = ["ROWS"]

_UNIT = re.compile(rb"(?i)\s?(?:s\b|sec|min|hour|day|week|month|ms\b|%)")


def _of_years(data: bytes, _start: int, end: int) -> bool:
    """No other unit follows."""
    return not _UNIT.match(data, end)


_EVENT = r"(?:[ _-]?(?:date|on|at|dt|time))?"
_OLD = r"(?P<v>9\d|1[01]\d)"

ROWS: tuple[Recognizer, ...] = (
    Recognizer(
        "CG-PHI-BIRTH-DATE",
        Letter.C,
        "A date of birth",
        Tier.IDENTIFIER,
        (
            form(led("dob", r"d\.o\.b\.?", "date[ _-]?of[ _-]?birth", "birth[ _-]?dat(?:e|ed)",
                     "b-?day", "birth[ _-]?day", "born(?:[ _]on)?", "birth") + IS + DATE, 0.9),
        ),
        accept=is_day,
        placeholder=nobody.of_date,
    ),
    Recognizer(
        "CG-PHI-EVENT-DATE",
        Letter.C,
        "A date of admission, discharge, service or death",
        Tier.IDENTIFIER,
        (
            form(led(*(name + _EVENT for name in (
                "admi(?:tted|ssion|t)", "discharged?", "deceased", "died", "death",
                "date[ _-]of[ _-](?:service|death|admission)", "appointment"))) + IS + DATE, 0.8),
        ),
        accept=is_day,
        placeholder=nobody.of_date,
    ),
    Recognizer(
        "CG-PHI-AGE",
        Letter.C,
        "An age over 89",
        Tier.IDENTIFIER,
        (
            form(rf"(?:^|[^\w.,-]){_OLD}"
                 r"(?:[ -]?(?:years?|yrs?)[ -]?old|[ -]?y[./]?o(?:$|\W))", 0.85),
            form(r"(?:^|[^0-9A-Za-z_-])(?i:(?:(?:patient|pt|subject)[ _-]?)?aged?)[\"'\\]{0,2}"
                 rf"{SPACE}?(?:[:=]|(?i:is){SPACE}|{SPACE}){SPACE}?[\"'\\]{{0,2}}{_OLD}"
                 r"(?:$|[^\w.%:-]|\.(?:$|\D))", 0.8, _of_years),
        ),
    ),
)  # fmt: skip
