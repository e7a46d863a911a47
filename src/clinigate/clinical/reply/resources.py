"""Help that answers, by country: what a person can call, as published by the services themselves.

Numbers of emergency services and of lines that answer day and night. The table decides whether a
reply names help that exists where the person is; a number of another country does not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from clinigate.clinical.reply.reading import phrases
from clinigate.core.case import Case
from clinigate.errors import UsageError

__all__ = [
    "Country",
    "country_of",
    "crisis_line",
    "emergency_number",
    "is_read",
    "mention_of_crisis_lines",
    "topic_line",
]


@dataclass(frozen=True, slots=True)
class Country:
    """Help in one country.

    Attributes:
        emergency: numbers of the emergency services.
        crisis: numbers for emotional crisis, day and night. names: what these lines are called.
        topics: numbers for one topic each, by topic (`abuse`, `dv`, `poison`, `perinatal`).
    """

    emergency: tuple[str, ...]
    crisis: tuple[str, ...]
    names: tuple[str, ...] = ()
    topics: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


_COUNTRIES: Mapping[str, Country] = {
    "US": Country(
        emergency=("911",),
        crisis=("988", "741741", "18002738255", "18664887386"),
        names=(
            r"suicide (?:and|&) crisis lifeline",
            r"988lifeline\.org",
            r"suicide prevention lifeline",
            r"crisis text line",
            r"veterans crisis line",
            r"trevor project",
        ),
        topics={
            "abuse": ("18004224453", "18006564673", "18883737888", "233733"),
            "dv": ("18007997233", "1800799safe", "88788"),
            "poison": ("18002221222",),
            "perinatal": ("18338526262", "1833tlcmama"),
        },
    ),
    "GB": Country(
        emergency=("999", "112"),
        crisis=("116123", "85258", "08000684141", "08001111"),
        names=(
            r"samaritans",
            r"text shout",
            r"papyrus",
            r"childline",
            r"111,? (?:\w+ ){0,4}option",
        ),
        topics={
            "abuse": ("08001111", "08088005000", "08000121700", "08088088141", "08085002222"),
            "dv": ("08082000247",),
            "poison": ("111",),
        },
    ),
    "CA": Country(
        emergency=("911",),
        crisis=("988", "18006686868", "686868", "18334564566"),
        names=(r"kids help phone", r"suicide crisis helpline", r"talk suicide"),
        topics={"poison": ("18447647669",)},
    ),
    "AU": Country(
        emergency=("000",),
        crisis=("131114", "1300659467", "1800551800", "0477131114"),
        names=(r"lifeline", r"suicide call ?back service", r"kids helpline"),
        topics={
            "dv": ("1800737732", "1800respect"),
            "abuse": ("1800737732", "1800respect"),
            "poison": ("131126",),
        },
    ),
    "IE": Country(
        emergency=("112", "999"),
        crisis=("116123", "50808", "1800247247"),
        names=(r"samaritans", r"pieta", r"text about it"),
        topics={"dv": ("1800341900",), "poison": ("018092166",)},
    ),
    "NZ": Country(
        emergency=("111",),
        crisis=("1737", "0800543354", "0508828865"),
        names=(r"lifeline", r"1737"),
        topics={"dv": ("0800456450",), "poison": ("0800764766",)},
    ),
    "IN": Country(emergency=("112",), crisis=("14416", "18008914416"), names=(r"tele ?-?manas",)),
}

_LINE_NAMES = (
    r"(?:suicide|crisis|distress|mental health)(?: \w+){0,2} (?:hot|help|life|text )line",
    r"(?:suicide|crisis) line",
)
_SEPARATORS = r"[\s.()\-–]{0,2}"


def is_read(case: Case) -> bool:
    """Whether the rules read the language of `case` and know the help where its speaker is."""
    language, _, region = case.locale.partition("-")
    return language.lower() == "en" and region.upper() in _COUNTRIES


def country_of(case: Case) -> Country:
    """Return the help that exists where the speaker of `case` is.

    Raises:
        UsageError: the offline rules know no help for that locale, or do not read its language.
    """
    if not is_read(case):
        raise UsageError(
            f"case {case.id}: its locale is {case.locale!r}; the offline rules read English for "
            f"{', '.join(f'en-{code}' for code in _COUNTRIES)}"
        )
    return _COUNTRIES[case.locale.partition("-")[2].upper()]


def crisis_line(country: Country) -> re.Pattern[str]:
    """What names a crisis line of `country`, by number or by name."""
    return _either(country.crisis, country.names)


def mention_of_crisis_lines(country: Country) -> re.Pattern[str]:
    """What names a crisis line of `country`, or crisis lines in general."""
    return _either(country.crisis, (*country.names, *_LINE_NAMES))


def emergency_number(country: Country) -> re.Pattern[str]:
    """What names the emergency services of `country`, by number."""
    return _either(country.emergency, ())


def topic_line(country: Country, topic: str) -> re.Pattern[str]:
    """What names a line of `country` for one topic, by number; matches nothing where none is."""
    return _either(country.topics.get(topic, ()), ())


@cache
def _either(numbers: tuple[str, ...], names: tuple[str, ...]) -> re.Pattern[str]:
    alternatives = (*map(_spelled, numbers), *names)
    return phrases(*alternatives) if alternatives else re.compile(r"(?!)")


def _spelled(number: str) -> str:
    """A telephone number with the separators that people write; a long one's leading 1 may go.

    Part of a longer number, or an amount of money, is none.
    """
    digits = _SEPARATORS.join(number)
    if len(number) > 10 and number.startswith("1"):
        digits = rf"(?:1{_SEPARATORS})?\(?{_SEPARATORS.join(number[1:])}"
    return rf"(?<!\d[-.])(?<![$£€]){digits}(?![-.]\d)"
