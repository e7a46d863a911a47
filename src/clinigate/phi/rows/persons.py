"""Who somebody is and where: names, places (letters A and B)."""

from __future__ import annotations

from clinigate.phi.model import Letter
from clinigate.phi.recognizer import Recognizer, Tier, form
from clinigate.phi.rows.fragments import (
    END,
    IS,
    NAME_WORDS,
    SPACE,
    STATES,
    STREET,
    led,
    words,
)
from clinigate.phi.values import is_name

__all__ = ["ROWS"]

#: Between a field's name and a name: never prose.
_FIELD = rf"[\"'\\]{{0,2}}{SPACE}?[:=]{SPACE}?"
_PERSON = r"(?:'?s)?[ _-]?(?:full[ _-]?)?name"

ROWS: tuple[Recognizer, ...] = (
    Recognizer(
        "CG-PHI-NAME",
        Letter.A,
        "A patient's name in a field that says so",
        Tier.IDENTIFIER,
        (
            form(led("patient" + _PERSON, "pt" + _PERSON, "subject" + _PERSON, "client" + _PERSON)
                 + IS + NAME_WORDS, 0.85),
            form(led("patient") + _FIELD + r"[\"'\\]{0,2}" + NAME_WORDS, 0.8),
            form(led(*(f"{which}[ _-]?name" for which in
                       ("first", "last", "given", "family", "middle", "maiden", "full")), "surname")
                 + _FIELD + r"[\"'\\]{1,2}(?P<v>[A-Z][A-Za-z'\x80-\xff-]{1,30}"
                 r"(?: [A-Z][A-Za-z'\x80-\xff-]{1,30}){0,2})[\"'\\]", 0.45),
        ),
        context=words("patient patients pt mrn dob ssn birth"),
        accept=is_name,
    ),
    Recognizer(
        "CG-PHI-ADDRESS",
        Letter.B,
        "A street address",
        Tier.IDENTIFIER,
        (
            form(rf"(?:^|[^\w.-])(?P<v>{STREET},?{SPACE}{{1,2}}[A-Z][A-Za-z.' -]{{1,30}},?"
                 rf"{SPACE}{{1,2}}{STATES}{SPACE}{{1,2}}\d{{5}}(?:-\d{{4}})?)(?:$|\W)", 0.9),
            form(rf"(?:^|[^\w.-])(?P<v>{STREET})(?:$|\W)", 0.45),
        ),
        context=words("address addr street lives resides residence home mailing shipping billing"),
    ),
    Recognizer(
        "CG-PHI-ZIP",
        Letter.B,
        "A ZIP code",
        Tier.IDENTIFIER,
        (form(led("zip(?:[ _-]?code)?", "postal(?:[ _-]?code)?") + IS
              + r"(?P<v>\d{5}(?:-\d{4})?)" + END, 0.8),),
    ),
)  # fmt: skip
