"""How a clause stands, and what is known by which it is decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType

from clinigate.controls.catalogue import Control
from clinigate.core.criterion import Criterion
from clinigate.core.verdict import Verdict

__all__ = ["Covered", "Evidence", "State", "Told", "Word"]


class State(StrEnum):
    """How a clause stands.

    `ERROR`: a check of it broke. `INCONCLUSIVE`: too little was seen, or what was seen is stale.
    `ATTESTED`: people say so. `WAIVED`: it is not kept, and the risk is accepted for a time.
    """

    FAILED = "failed"
    ERROR = "error"
    WAIVED = "waived"
    INCONCLUSIVE = "inconclusive"
    NOT_ASSESSED = "not assessed"
    ATTESTED = "attested"
    PASSED = "passed"


@dataclass(frozen=True, slots=True)
class Word:
    """What a person attests: of which clause, until when (RFC 3339 or a day), and who says so.

    `measure` makes it the documented decision not to implement an Addressable clause, and says what
    is done instead (45 CFR 164.306(d)(3)(ii)(B)).
    """

    control: str
    until: str
    by: str = ""
    measure: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """What a gate decided of a clause; it outweighs what is worked out here."""

    state: State
    why: str
    until: str = ""


_NO_TOLD: Mapping[str, Told] = MappingProxyType({})
_NO_WAIVED: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known.

    Attributes:
        criteria: those that are installed or that a run judged by. verdicts: of a run.
        ran: whether there is a run at all; without one every clause says who could speak for it.
        words: attestations that count now. attesting: criteria of checks that hold attestations.
        waived: criterion to the end of the waiver that lets it through.
        told: clause to what a gate decided of it.
        age: of the verdicts; None where nobody asks.
    """

    criteria: Sequence[Criterion] = ()
    verdicts: Sequence[Verdict] = ()
    ran: bool = False
    words: Sequence[Word] = ()
    attesting: frozenset[str] = frozenset()
    waived: Mapping[str, str] = field(default_factory=lambda: _NO_WAIVED)
    told: Mapping[str, Told] = field(default_factory=lambda: _NO_TOLD)
    age: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Covered:
    """One clause and how it stands.

    Attributes:
        why: in a sentence. until: when an attestation or a waiver ends, else empty.
        criteria: those that speak to it themselves.
        shown_by: other clauses whose evidence shows it. related: those on the same matter.
    """

    control: Control
    state: State
    why: str
    until: str = ""
    criteria: tuple[str, ...] = ()
    shown_by: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
