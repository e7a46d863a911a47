"""Synthetic patients whose data is nobody's, so that wherever it turns up, it has leaked.

They look real enough to pass through a system and can be no real person's: social security numbers
of an area that is never issued, addresses under example.com, family names that no list has. The
same seed gives the same patients; whoever knows the seed can make them, so it is no secret and
nothing hangs on it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["CANARY_RULE", "MIN_LENGTH", "Patient", "make_patients"]

#: How findings of canaries are named.
CANARY_RULE = "CG-PHI-CANARY"

#: Shorter values turn up by chance.
MIN_LENGTH = 8

_ONSETS = ("b", "br", "d", "dr", "f", "g", "gl", "k", "kr", "l", "m", "n", "p", "pr", "qu", "r",
           "s", "st", "t", "tr", "v", "vr", "w", "y", "z", "zl")  # fmt: skip
_VOWELS = ("a", "e", "i", "o", "u", "ae", "io", "ou")
_ENDS = ("brix", "dorn", "feld", "gard", "kvist", "lund", "mond", "quist", "rvik", "stad", "zorn")


@dataclass(frozen=True, slots=True)
class Patient:
    """One synthetic patient.

    Attributes:
        id: how findings name the patient.
        values: what is looked for, by what it is; unmistakable each.
        details: the rest of a record, which may be somebody's by chance and is not looked for.
    """

    id: str
    values: Mapping[str, str]
    details: Mapping[str, str]

    def __reduce__(self) -> tuple[Callable[..., Patient], tuple[object, ...]]:
        """Another process gets a copy: a view of a mapping cannot be sent."""
        return _patient_of, (self.id, dict(self.values), dict(self.details))


def _patient_of(id_: str, values: dict[str, str], details: dict[str, str]) -> Patient:
    return Patient(id_, MappingProxyType(values), MappingProxyType(details))


def make_patients(seed: int, count: int) -> tuple[Patient, ...]:
    """Return `count` patients of a seed, all different."""
    source = random.Random(seed)  # noqa: S311 - no secret is made of it
    return tuple(_patient(source, number) for number in range(1, count + 1))


def _patient(source: random.Random, number: int) -> Patient:
    given, family = _given(source), _family(source)
    token = source.randrange(10**5)
    # Areas from 900 are never social security numbers; ITINs, which begin with 9 too, have other
    # middles (IRS, Publication 1915).
    ssn = (
        f"9{source.randrange(100):02d}-{source.randrange(10, 50)}-{source.randrange(1, 10**4):04d}"
    )
    return Patient(
        id=f"canary-{number}",
        values=MappingProxyType(
            {
                "family_name": family,
                "ssn": ssn,
                "ssn_digits": ssn.replace("-", ""),
                "mrn": f"7{source.randrange(10**9):09d}",
                "member_id": f"ZQX{source.randrange(10**9):09d}",
                "email": f"{given}.{family}.{token:05d}@example.com".lower(),
            }
        ),
        details=MappingProxyType(
            {
                "given_name": given,
                "phone": f"+1 {source.choice(('212', '312', '415'))} 555 01{token % 100:02d}",
                "birth_date": f"19{source.randrange(30, 99)}-{source.randrange(1, 13):02d}-"
                f"{source.randrange(1, 29):02d}",
            }
        ),
    )


def _given(source: random.Random) -> str:
    return "".join(_syllable(source) for _ in range(2)).capitalize() + "a"


def _family(source: random.Random) -> str:
    stem = "".join(_syllable(source) for _ in range(3))
    return (stem + source.choice(_ENDS)).capitalize()


def _syllable(source: random.Random) -> str:
    return source.choice(_ONSETS) + source.choice(_VOWELS)
