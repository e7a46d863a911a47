r"""Pieces of which the table's expressions are made: over bytes, for every engine alike.

Boundaries are consumed, so each expression says by itself where its value may begin and end. White
space is spelled out, as engines differ in what `\s` is.
"""

from __future__ import annotations

from itertools import groupby

__all__ = [
    "BARE",
    "CODE",
    "DATE",
    "DAY",
    "END",
    "FIELD",
    "IS",
    "MONTH",
    "NAME_WORDS",
    "NUMBER",
    "NUMBER_END",
    "OPEN_IS",
    "SPACE",
    "STATES",
    "STREET",
    "WORD",
    "led",
    "separated",
    "words",
]


def words(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


def led(*names: str) -> str:
    """Return an expression for one of the names where the name of a field may begin.

    No letter stands before it, or it is the hump of `patientMrn`. Each name begins with a letter
    of its own, in lower case; capitals do not matter, and what is between its words may be missing:
    `date_of_birth` is `dateOfBirth` too.
    """
    names = tuple(name.replace("[ _-]", "[ _-]?").replace("??", "?") for name in names)
    initials = groupby(sorted(names, key=lambda name: name[0]), key=lambda name: name[0])
    parts = []
    for initial, group in initials:
        rests = "|".join(name[1:] for name in group)
        parts.append(
            f"(?:(?:^|[^A-Za-z])[{initial}{initial.upper()}]|[a-z]{initial.upper()})(?i:{rests})"
        )
    return "(?:" + "|".join(parts) + ")"


def separated(separators: str, *parts: str) -> str:
    """Return an expression for the parts with the same separator between all of them."""
    ways = (f"[{each}]" if each != "-" else "-" for each in separators)
    return "(?:" + "|".join(way.join(parts) for way in ways) + ")"


SPACE = r"[ \t\r\n]"

#: Between a name and its value, in prose, JSON (also within a text), XML, YAML, queries and logs.
OPEN_IS = (
    rf"[\"'\\)\]*]{{0,4}}{SPACE}{{0,3}}"
    rf"(?:[:=#>|_-]{{1,2}}{SPACE}{{0,3}}|(?i:is|was|of|on){SPACE}{{1,3}}"
    rf"|(?i:no|nr|num|number)[.:]{{0,2}}{SPACE}{{1,3}})?[\"'\\*]{{0,3}}"
)
#: The same, where the value is in brackets perhaps, but does not begin with one.
IS = rf"{OPEN_IS}[(\"']{{0,2}}"

#: The same in fields alone, never in prose.
FIELD = rf"[\"'\\)\]*]{{0,4}}[ ]?[:=>]{SPACE}{{0,3}}[\"'\\\[]{{0,3}}"

#: What follows `member`, `account`: `id`, `number`, …
NUMBER = r"(?:[ _-]?(?:id|identifier|number|no\.?|num|nbr|#))"

#: After a code: no letter, digit or dash goes on.
END = r"(?:$|[^0-9A-Za-z_-]|-(?:$|[^0-9A-Za-z_-]))"

#: After a number: that, and no decimals.
NUMBER_END = r"(?:$|[^0-9A-Za-z_.-]|[.-](?:$|[^0-9]))"

#: Before a number that stands alone; it begins the group of the value.
BARE = r"(?:^|[^\w.+/-])(?P<v>"

#: Letters and digits of a registry, with few letters in front: `A1234567`, `XYZ-123456789`.
CODE = rf"(?P<v>(?:[A-Za-z]{{1,5}}[-_]?)?\d[\dA-Za-z]{{0,15}}(?:-[\dA-Za-z]{{1,12}}){{0,3}}){END}"

MONTH = (
    r"(?i:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_TIME = r"(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)"
#: A day, month and year as `v`.
DATE = (
    rf"(?P<v>\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}{_TIME}?"
    r"|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})"
    r"|(?:19|20)\d{6}"
    rf"|\d{{1,2}}(?:st|nd|rd|th)?[ -](?:of )?{MONTH},?[ -](?:\d{{4}}|\d{{2}})"
    rf"|{MONTH} \d{{1,2}}(?:st|nd|rd|th)?,? \d{{4}})(?:$|[^0-9])"
)

#: A day of a month, without the year.
DAY = (
    rf"(?:\d{{1,2}}(?:st|nd|rd|th)? (?:of )?{MONTH}|{MONTH} \d{{1,2}}(?:st|nd|rd|th)?"
    r"|\d{1,2}/\d{1,2})"
)

#: A word of a name, in UTF-8 or Latin-1, also `O’Brien`; other bent quotes are none of it.
WORD = r"[A-Z\xc3-\xdf](?:\xe2\x80\x99)?[A-Za-z'\x80-\xe1\xe3-\xff-]{1,24}"

#: A person's name as `v`: two to four words with a capital, or `Family, Given`.
NAME_WORDS = rf"(?P<v>{WORD},? (?:[A-Z]\.? )?{WORD}(?: {WORD}){{0,2}})(?:$|[^0-9A-Za-z_(\[])"

STATES = (
    r"(?:A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|P[AR]|RI"
    r"|S[CD]|T[NX]|UT|V[AIT]|W[AIVY])"
)

#: House number, name and kind of a street, in the American way.
STREET = (
    r"\d{1,6} (?:[NSEW]\.? |North |South |East |West )?"
    r"(?:[A-Z\xc3-\xdf][\w'\x80-\xff-]{1,24} ){1,4}"
    r"(?:Street|St|Avenue|Ave|Road|Rd|Drive|Dr|Lane|Ln|Boulevard|Blvd|Court|Ct|Place|Pl|Way|Circle"
    r"|Cir|Terrace|Ter|Parkway|Pkwy|Highway|Hwy|Trail|Square|Sq)\.?"
    r"(?:,? (?:Apt|Apartment|Suite|Ste|Unit)\.? ?#?\w{1,6}|,? #\w{1,6})?"
)
