"""What a report says, ready to be written: renderers read this and nothing else.

Texts are as they came; a renderer passes every one of them through `clinigate.reports.text` and
its own escaping. Numbers are already words (`clinigate.reports.numbers`), except in `Figures`,
which plots need.
"""

from __future__ import annotations

from dataclasses import dataclass

from clinigate.core.verdict import Status
from clinigate.reports.change import ChangeView
from clinigate.reports.clauserows import ClauseView
from clinigate.reports.criterionrow import CriterionRow, Figures, SliceGroup, SliceRow
from clinigate.reports.drawing import Drawing
from clinigate.reports.findingrow import FindingGroup, FindingRow
from clinigate.reports.gaterow import GateClause, GateRow, GateView
from clinigate.reports.leakmap import LeakView
from clinigate.reports.proof import ProofView
from clinigate.reports.scoping import ScopeView
from clinigate.reports.sealed import (
    EvidenceFacts,
    FileFact,
    LevelFact,
    RecordFact,
    SignatureFact,
)
from clinigate.reports.system import SystemView
from clinigate.reports.testrecord import TestRecord
from clinigate.reports.tone import Fact, Tone
from clinigate.reports.trends import TrendView

__all__ = [
    "ChangeView",
    "ClauseView",
    "CriterionRow",
    "Drawing",
    "EvidenceFacts",
    "Fact",
    "Figures",
    "FileFact",
    "FindingGroup",
    "FindingRow",
    "GapRow",
    "GateClause",
    "GateRow",
    "GateView",
    "Headline",
    "LeakView",
    "LevelFact",
    "PackRow",
    "ProofView",
    "RecordFact",
    "Report",
    "ScopeView",
    "SignatureFact",
    "SliceGroup",
    "SliceRow",
    "StageRow",
    "SystemView",
    "TestRecord",
    "Tone",
    "TraceRow",
    "TrendView",
]


@dataclass(frozen=True, slots=True)
class Headline:
    """The overall outcome in a word and a sentence."""

    word: str
    detail: str
    tone: Tone


@dataclass(frozen=True, slots=True)
class GapRow:
    """Something that was not shown, and why."""

    kind: str
    what: str
    why: str


@dataclass(frozen=True, slots=True)
class TraceRow:
    """One line from a clause to its evidence. An empty field is an orphan, and shown as one.

    Attributes:
        evidence: digests of what was recorded, SHA-256 in hexadecimal; `more` are not listed.
        file: the sealed file whose digest stands there, where nothing was recorded apart.
    """

    control: str
    control_title: str
    checks: tuple[str, ...]
    criterion: str
    status: Status | None
    evidence: tuple[str, ...] = ()
    more: int = 0
    file: str = ""


@dataclass(frozen=True, slots=True)
class PackRow:
    """A scenario pack in use."""

    name: str
    digest: str
    cores: str
    origin: str
    review: str
    reviewed: bool


@dataclass(frozen=True, slots=True)
class StageRow:
    """One stage of a run.

    Attributes:
        commands: as a user would type them. outcome: in a word. why: in a sentence, or empty.
        duration: of all attempts, in words. earlier: why each attempt before the last one failed.
        recorded: whether its evidence stands.
    """

    name: str
    commands: tuple[str, ...]
    outcome: str
    tone: Tone
    why: str
    required: bool
    attempts: int
    duration: str
    earlier: tuple[str, ...] = ()
    recorded: bool = True


@dataclass(frozen=True, slots=True)
class Report:
    """A whole report.

    Attributes:
        not_shown: what these results do not show, in sentences that belong on the cover.
        tally: statuses that occur, gravest last, with their counts.
        clauses: every clause and how it stands.
        change: against the last run that can be compared. trends: over the runs of the ledger.
        proof: what the page carries to verify itself.
        system: what was looked at. scoping: which clauses were in scope.
        as_of: when the report speaks, RFC 3339.
        unverified_risks: declared risk controls that no criterion here verifies.
    """

    run: str
    subject: str
    intended_use: str
    headline: Headline
    not_shown: tuple[str, ...]
    tally: tuple[tuple[Status, int], ...]
    gate: GateView | None
    cover: tuple[Fact, ...]
    digests: tuple[Fact, ...]
    scope: tuple[Fact, ...]
    gaps: tuple[GapRow, ...]
    criteria: tuple[CriterionRow, ...]
    figures: tuple[Drawing, ...]
    trace: tuple[TraceRow, ...]
    records: tuple[RecordFact, ...]
    findings: tuple[FindingGroup, ...]
    packs: tuple[PackRow, ...]
    method: tuple[Fact, ...]
    environment: tuple[Fact, ...]
    evidence: EvidenceFacts | None
    stages: tuple[StageRow, ...] = ()
    leaks: LeakView | None = None
    clauses: ClauseView | None = None
    change: ChangeView | None = None
    trends: TrendView | None = None
    proof: ProofView | None = None
    system: SystemView | None = None
    scoping: ScopeView | None = None
    as_of: str = ""
    unverified_risks: tuple[str, ...] = ()
