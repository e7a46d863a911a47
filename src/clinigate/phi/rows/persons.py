"""Who somebody is: names (letter A)."""

from __future__ import annotations

import re

from clinigate.phi.model import Letter
from clinigate.phi.recognizer import Recognizer, Tier, form
from clinigate.phi.rows.fragments import FIELD, IS, NAME_WORDS, SPACE, WORD, led, words
from clinigate.phi.values import is_name

__all__ = ["ROWS"]

#: What stands beside a family's name in a FHIR resource: models, fonts and products have one too.
_PERSONAL = re.compile(
    rb'(?i)"(?:given|use|prefix|resource_?type|birth_?date|gender|telecom|(?:first|last)_?name'
    rb"|maiden_?name|patient\w{0,20}|mrn|dob|ssn)\\{0,3}\""
    rb'|"name\\{0,3}"[ ]?:[ \t\r\n]{0,9}\[[ \t\r\n]{0,9}\{|HumanName|/Patient\b'
)
_BESIDE = 400


def _of_somebody(data: bytes, start: int, end: int) -> bool:
    """Something of a person is told near the name of a family."""
    return bool(_PERSONAL.search(data, max(0, start - _BESIDE), end + _BESIDE))


_WHOLE = r"(?:'?s)?[ _-]?(?:full[ _-]?|legal[ _-]?|preferred[ _-]?)?name"
_PARTS = ("first", "last", "given", "family", "middle", "maiden", "full", "preferred", "nick")
_RELATIVES = (
    "next[ _-]of[ _-]kin", "emergency[ _-]contact", "guardian", "guarantor", "caregiver", "spouse",
    "mother", "father", "husband", "wife", "daughter", "son", "sister", "brother",
)  # fmt: skip
_TITLES = r"(?:Mrs?|Ms|Miss|Mx|Dr|Prof)"

ROWS: tuple[Recognizer, ...] = (
    Recognizer(
        "CG-PHI-NAME",
        Letter.A,
        "A patient's name in a field that says so",
        Tier.IDENTIFIER,
        (
            form(led(*(whose + _WHOLE for whose in
                       ("patient", "pt", "subject", "client", "member", "subscriber", "insured",
                        "beneficiary", "resident")), r"name[ _-]of[ _-](?:patient|pt|member)")
                 + IS + NAME_WORDS, 0.85),
            form(led("patient") + FIELD + NAME_WORDS, 0.8),
            form(led(*(f"patient[ _-]?(?:s[ _-]?)?{which}[ _-]?name" for which in _PARTS),
                     "patient[ _-]?surname") + FIELD + rf"(?P<v>{WORD}(?: {WORD}){{0,2}})"
                 r"(?:$|[^0-9A-Za-z_(\[.])", 0.85),
            form(led(*(f"{which}[ _-]?name" for which in _PARTS), "surname") + FIELD
                 + rf"(?P<v>{WORD}(?: {WORD}){{0,2}})(?:$|[^0-9A-Za-z_(\[.])", 0.45),
            form(led("name", "pt") + FIELD + NAME_WORDS, 0.45),
        ),
        context=words("patient patients pt mrn dob ssn birth"),
        accept=is_name,
    ),
    Recognizer(
        "CG-PHI-FHIR-NAME",
        Letter.A,
        "A name of a FHIR resource",
        Tier.IDENTIFIER,
        (
            form(r'"family\\{0,3}"[ ]?:[ ]?\\{0,3}"(?P<v>' + WORD + r"(?:[ -]" + WORD
                 + r'){0,3})\\{0,3}"', 0.85, _of_somebody),
            form(r'"name\\{0,3}"[ ]?:' + SPACE + r"{0,3}\[?" + SPACE + r"{0,9}\{" + SPACE
                 + r'{0,9}\\{0,3}"text\\{0,3}"[ ]?:[ ]?\\{0,3}"(?P<v>' + WORD + r"(?:[ ,.-]{1,2}"
                 + WORD + r'){1,4})\\{0,3}"', 0.85),
            form(r'"given\\{0,3}"[ ]?:' + SPACE + r"{0,3}\[" + SPACE + r'{0,9}\\{0,3}"(?P<v>' + WORD
                 + r'(?:[ .,\\"A-Z]{1,6}' + WORD + r'){0,3})\\{0,3}"', 0.85),
        ),
        accept=is_name,
    ),
    Recognizer(
        "CG-PHI-RELATIVE",
        Letter.A,
        "The name of a relative or contact in a field that says so",
        Tier.IDENTIFIER,
        (
            form(led(*(each + "(?:'?s)?[ _-]?(?:full[ _-]?|maiden[ _-]?)?(?:name)?"
                       for each in _RELATIVES)) + FIELD + NAME_WORDS, 0.85),
            form(led(*(each + "(?:'?s)?[ _-]?maiden[ _-]?name" for each in ("mother",))) + FIELD
                 + rf"(?P<v>{WORD})(?:$|[^0-9A-Za-z_(\[])", 0.85),
        ),
        accept=is_name,
    ),
    Recognizer(
        "CG-PHI-PERSON",
        Letter.A,
        "A name in prose",
        Tier.NAME,
        (
            form(rf"(?:^|[^A-Za-z])(?P<v>{_TITLES}\.? {WORD}(?:[ -]{WORD}){{0,2}})"
                 r"(?:$|[^0-9A-Za-z_(\[])", 0.6),
            form(led("patient", r"pt\.?", "patient is", "named?", "my name is", "i am", "called",
                     "signed(?: by)?:?", "regards,?", "dear", *_RELATIVES)
                 + rf"{SPACE}{NAME_WORDS}", 0.6),
            form(led("my name is", "name'?s", "named", "dear", "hi,?", "hello,?")
                 + rf" (?P<v>{WORD})(?:$|[^0-9A-Za-z_(\[])", 0.5),
        ),
        accept=is_name,
    ),
)  # fmt: skip
