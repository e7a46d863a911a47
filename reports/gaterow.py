"""A gate decision in a report: what the policy asks, and what each verdict did to the gate."""

from __future__ import annotations

from dataclasses import dataclass

from clinigate.core.verdict import Status
from clinigate.reports.sealed import RecordFact
from clinigate.reports.tone import Tone

__all__ = ["GateClause", "GateRow", "GateView"]


@dataclass(frozen=True, slots=True)
class GateRow:
    """What the policy asks of one criterion, and what its verdict did to the gate.

    `status` and `limit` are the gate's own: it judges again, at limits that may be tighter than
    the run's, and over every bundle that it was given.
    """

    criterion: str
    title: str
    status: Status
    limit: str
    reason: str
    demand: str
    effect: str
    tone: Tone
    note: str = ""


@dataclass(frozen=True, slots=True)
class GateClause:
    """One clause of which the policy requires evidence."""

    citation: str
    title: str
    status: Status
    effect: str
    tone: Tone
    reason: str
    served_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GateView:
    """A gate decision.

    Attributes:
        word: OPEN, SHUT, UNFINISHED or INTEGRITY BROKEN.
        certifies: the gate is open, and that means a full evaluation.
        waivers: those that let an entry through.
    """

    opens: bool
    word: str
    certifies: bool
    environment: str
    policy: str
    policy_digest: str
    evaluated_at: str
    bundles: tuple[str, ...]
    rows: tuple[GateRow, ...]
    clauses: tuple[GateClause, ...]
    reasons: tuple[str, ...]
    gaps: tuple[str, ...]
    waivers: tuple[RecordFact, ...]
