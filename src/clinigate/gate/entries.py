"""What a decision is made of: entries, their effects, and the reasons in order of gravity."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from clinigate.controls import Control
from clinigate.core.criterion import Criterion
from clinigate.core.verdict import Status, Verdict
from clinigate.gate.policy import Demand

__all__ = [
    "AppliedWaiver",
    "ControlEntry",
    "CriterionEntry",
    "Effect",
    "Gravity",
    "Outcome",
    "Reason",
]


class Outcome(StrEnum):
    """How a decision came out; the command line turns it into an exit code.

    `OPENED`: all that the policy requires is there. `SHUT`: it is not. `UNFINISHED`: the evidence
    is not whole, or stale. `INTEGRITY`: it cannot be believed.
    """

    OPENED = "opened"
    SHUT = "shut"
    UNFINISHED = "unfinished"
    INTEGRITY = "integrity"


class Effect(StrEnum):
    """What one entry does to the gate."""

    SATISFIED = "satisfied"
    WAIVED = "waived"
    REPORTED = "reported"
    SHUTS = "shuts"


class Gravity(IntEnum):
    """How grave a reason is; the least number is the gravest and is said first."""

    INTEGRITY = 0
    CRISIS = 1
    VIOLATION = 2
    UNFINISHED = 3
    REFUSED = 4


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason for a shut gate, as a sentence."""

    gravity: Gravity
    text: str


@dataclass(frozen=True, slots=True)
class AppliedWaiver:
    """The waiver that let an entry through.

    Attributes:
        record: digest of the signed record. until: when it ends.
        requester, approver, reason, compensating_measure, owner: as the record says.
    """

    record: str
    until: str
    requester: str
    approver: str
    reason: str
    compensating_measure: str
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class CriterionEntry:
    """One criterion at the gate.

    Attributes:
        criterion: as judged, at the tightest of the policy's and the runs' limits.
        verdict: as it came out; a waiver does not change it.
        demand: what the policy asks. named: whether the policy names the criterion at all.
        effect: what follows for the gate.
        note: a sentence for the reader, as "non-compliant, risk accepted until …".
    """

    criterion: Criterion
    verdict: Verdict
    demand: Demand
    effect: Effect
    named: bool = True
    waiver: AppliedWaiver | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class ControlEntry:
    """One required clause at the gate.

    Attributes:
        control: the clause. status: how its evidence came out.
        effect: what follows for the gate. reason: why, in a sentence.
        served_by: the criteria that speak to it.
        attested_until: when the attestation that counts goes stale.
    """

    control: Control
    status: Status
    effect: Effect
    reason: str
    served_by: tuple[str, ...] = ()
    attested_until: str | None = None
    waiver: AppliedWaiver | None = None
