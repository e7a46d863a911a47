"""Pieces of which the table's rows are made."""

from __future__ import annotations

import re

from clinigate.phi.model import Form

__all__ = [
    "CODE",
    "DATE",
    "IS",
    "LED",
    "NAME_WORDS",
    "NUMBER",
    "STATES",
    "STREET",
    "form",
    "words",
]


def form(pattern: str, score: float) -> Form:
    """Return a form of an identifier."""
    return Form(re.compile(pattern), score)


def words(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


#: Where a field's name may begin: no letter before it, or the hump of `patientMrn`.
LED = r"(?:(?<![A-Za-z])|(?<=[a-z])(?=[A-Z]))"

#: Between a name and its value, in prose, JSON (also within a text), XML, YAML, queries and logs.
IS = (
    r"[\"'\\)\]*]{0,4}\s{0,3}(?:[:=#>|_-]{1,2}|(?i:is|was|of|on)(?=\s)|(?i:no|nr|num|number)[.:]{0,2}"
    r"(?=\s))?\s{0,3}[\"'\\(*]{0,3}?"
)

#: What follows `member`, `account`: `id`, `number`, …
NUMBER = r"(?:[ _-]?(?:id|identifier|number|no\.?|num|nbr|#))"

#: Letters and digits of a registry, with few letters in front: `A1234567`, `XYZ-123456789`.
CODE = r"(?P<v>(?:[A-Za-z]{1,5}[-_]?)?\d[\dA-Za-z]{0,15}(?:-[\dA-Za-z]{1,12}){0,3})(?![\w-])"

_MONTH = (
    r"(?i:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
#: A day, month and year as `v`.
DATE = (
    r"(?P<v>\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})"
    r"|(?:19|20)\d{6}"
    rf"|\d{{1,2}}(?:st|nd|rd|th)?[ -](?:of )?{_MONTH},?[ -](?:\d{{4}}|\d{{2}})"
    rf"|{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?,? \d{{4}})(?!\d)"
)

#: A person's name as `v`: two to four words with a capital, or `Family, Given`.
NAME_WORDS = (
    r"(?P<v>[A-Z][A-Za-z'’-]{1,30},? (?:[A-Z]\.? )?[A-Z][A-Za-z'’-]{1,30}"
    r"(?: [A-Z][A-Za-z'’-]{1,30}){0,2})(?![\w(\[])"
)

STATES = (
    r"(?:A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|P[AR]|RI"
    r"|S[CD]|T[NX]|UT|V[AIT]|W[AIVY])"
)

#: House number, name and kind of a street, in the American way.
STREET = (
    r"\d(?=\d{0,5} [A-Z])(?<![\w.-].)\d{0,5} (?:[NSEW]\.? |North |South |East |West )?"
    r"(?:[A-Z][\w'-]{1,24} ){1,4}"
    r"(?:Street|St|Avenue|Ave|Road|Rd|Drive|Dr|Lane|Ln|Boulevard|Blvd|Court|Ct|Place|Pl|Way|Circle"
    r"|Cir|Terrace|Ter|Parkway|Pkwy|Highway|Hwy|Trail|Square|Sq)\b\.?"
    r"(?:,? (?:Apt|Apartment|Suite|Ste|Unit)\.? ?#?\w{1,6}|,? #\w{1,6})?"
)
