"""When: dates but the year, and ages over 89 (letter C)."""

from __future__ import annotations

import re

from clinigate.phi import placeholders as nobody
from clinigate.phi.model import Letter
from clinigate.phi.recognizer import Recognizer, Tier, form
from clinigate.phi.rows.fragments import DATE, DAY, IS, MONTH, SPACE, led
from clinigate.phi.values import is_day

__all__ = ["ROWS"]

_UNIT = re.compile(rb"(?i)[ \t]?(?:s\b|sec|min|hour|day|week|month|ms\b|%)")


def _of_years(data: bytes, _start: int, end: int) -> bool:
    """No other unit follows."""
    return not _UNIT.match(data, end)


_EVENT = r"(?:[ _-]?(?:date(?:[ _-]?time)?|on|at|dt|time))?"
_OVER = r"(?:9\d|1[01]\d)"
_OLD = rf"(?P<v>{_OVER})"
_EVENTS = (
    "admi(?:tted|ssion|t)", "discharged?", "deceased", "died", "death", "expired[ _-]on",
    "date[ _-]of[ _-](?:service|death|admission|discharge|visit|procedure|surgery|injury|onset)",
    "appointment", "appt", "visit", "encounter", "service", "surgery", "procedure", "operated",
    "diagnosed", "immunized", "vaccinated", "transplant(?:ed)?", "delivered", "specimen",
    "collection", "collected", "last[ _-]seen", "follow-?up", "scheduled", "seen", "dos", "dod",
    "lmp", "edd", "enrolled", "consent(?:ed)?",
)  # fmt: skip

ROWS: tuple[Recognizer, ...] = (
    Recognizer(
        "CG-PHI-BIRTH-DATE",
        Letter.C,
        "A date of birth",
        Tier.IDENTIFIER,
        (
            form(led("dob", r"d\.o\.b\.?", "date[ _-]?of[ _-]?birth", "birth[ _-]?dat(?:e|ed)",
                     "b-?day", "birth[ _-]?day", "born(?:[ _]on)?", "birth", "date[ _-]birth")
                 + IS + DATE, 0.9),
            form(led("born(?: on)?", "birth[ _-]?day") + IS + f"(?P<v>{DAY})(?:$|[^0-9])", 0.8),
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
            form(led(*(name + _EVENT for name in _EVENTS[:7])) + IS + DATE, 0.8),
            form(led(*(name + r"[ _-](?:date|on|dt)" for name in _EVENTS[7:])) + IS + DATE, 0.8),
            form(led(*(name + " on" for name in _EVENTS)) + f" (?:the )?(?P<v>{DAY})(?:$|[^0-9])",
                 0.8),
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
            form(rf"(?:^|[^\w.,-])(?P<v>{_OVER}(?:[ -]?(?i:years?|yrs?)[ -]?(?i:old|of age)"
                 r"|[ -]?(?i:y[./]?o)))(?:$|\W)", 0.85),
            form(rf"(?:^|[^\w.,-])(?P<v>{_OVER}[ -]?(?:yr|y/o|yo|year|y)s?[ -]?"
                 r"(?:male|female|man|woman|[MF]))(?:$|\W)", 0.85),
            form(r"(?:^|[^0-9A-Za-z_-])(?i:(?:(?:patient|pt|subject)[ _-]?)?aged?"
                 r"(?:[ _-]?(?:in[ _-]?)?years|at[ _-]?\w{1,12})?)"
                 rf"[\"'\\]{{0,2}}{SPACE}?(?:[:=]|(?i:is|of){SPACE}|{SPACE}){SPACE}?[\"'\\]{{0,2}}"
                 rf"{_OLD}(?:$|[^\w.%:-]|\.(?:$|\D))", 0.8, _of_years),
        ),
    ),
    Recognizer(
        "CG-PHI-DATE",
        Letter.C,
        "A date",
        Tier.CONTEXTUAL,
        (
            form(r"(?:^|[^0-9A-Za-z_.:/-]|(?:^|[^0-9]):)" + DATE, 0.5),
            form(rf"(?:^|[^0-9A-Za-z_.-])(?P<v>\d{{1,2}}-{MONTH}(?:-(?:\d{{4}}|\d\d))?)(?:$|\W)",
                 0.45),
            form(rf"(?:^|[^0-9A-Za-z])(?P<v>{MONTH}-(?:\d{{4}}|\d\d))(?:$|\W)", 0.45),
            form(rf"(?:^|[^0-9A-Za-z_])(?P<v>{MONTH} \d{{1,2}}(?:st|nd|rd|th)?|\d{{1,2}}"
                 rf"(?:st|nd|rd|th)? (?:of )?{MONTH})(?:$|[^\w:])", 0.45),
            form(rf"(?:^|[^0-9A-Za-z_])(?P<v>{MONTH},? (?:of )?(?:19|20)\d\d)(?:$|[^\w:])", 0.4),
            form(r"(?:^|[^0-9A-Za-z_.-])(?P<v>\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d"
                 r"(?::[0-5]\d(?:\.\d{1,9})?)?(?:Z|[+-][0-2]\d:?[0-5]\d)?)(?:$|\W)", 0.5),
        ),
        accept=is_day,
        placeholder=nobody.of_date,
        severity="low",
    ),
)  # fmt: skip
