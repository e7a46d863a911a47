"""What a report says, ready to be written: renderers read this and nothing else.

Texts are as they came; a renderer passes every one of them through `clinigate.reports.text` and
its own escaping. Numbers are already words (`clinigate.reports.numbers`), except in `Figures`,
which plots need.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from clinigate.core.verdict import Status
from clinigate.reports.change import ChangeView
from clinigate.reports.clauserows import ClauseView
from clinigate.reports.drawing import Drawing
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


class Tone(StrEnum):
    """How a statement is to be taken; always shown with a sign and a word beside its colour."""

    GOOD = "good"
    BAD = "bad"
    OPEN = "open"
    NEUTRAL = "neutral"


@dataclass(frozen=True, slots=True)
class Fact:
    """A label and what stands beside it; `code` sets it in fixed-width type."""

    label: str
    value: str
    code: bool = False


@dataclass(frozen=True, slots=True)
class Figures:
    """One measurement as positions on a line: what a plot draws.

    Attributes:
        low, high: one-sided bounds. value: the estimate. limit: where good ends.
        caps: whether small values are the good ones. unit: as of the measurement.
        floor, ceiling: the ends that the metric cannot pass (0 and 1 for a rate), if it has any.
    """

    limit: float
    caps: bool
    unit: str = "1"
    value: float | None = None
    low: float | None = None
    high: float | None = None
    floor: float | None = None
    ceiling: float | None = None


@dataclass(frozen=True, slots=True)
class SliceRow:
    """A metric in one part of the data, as `archetype` `si.veiled.question`."""

    dimension: str
    name: str
    estimate: str
    bound: str
    size: str
    figures: Figures


@dataclass(frozen=True, slots=True)
class SliceGroup:
    """The parts along one dimension; an empty one holds details, as other percentiles.

    Attributes:
        more: how many are left out here.
        ranked: whether the limit speaks of each part, and the worst comes first. The limit of a
            difference between groups says nothing of a single group, nor that of a percentile
            anything of another one; these stay in the order of their producer.
    """

    dimension: str
    rows: tuple[SliceRow, ...]
    more: int = 0
    ranked: bool = True

    @property
    def worst(self) -> SliceRow | None:
        """The first part of a ranked dimension, None where the estimate is the same in all."""
        differs = len({row.estimate for row in self.rows}) > 1
        return self.rows[0] if self.ranked and differs else None


@dataclass(frozen=True, slots=True)
class CriterionRow:
    """One criterion, what was measured for it, and how it came out.

    Attributes:
        anchor: id of its place in a document.
        estimate, bound, low, high, limit, size: numbers in words; `bound` is what decided.
        need: how many units would settle an INCONCLUSIVE, in words.
        method: how the bounds were found.
        caveats: sentences to be read beside the number.
        worst: the worst part of the data, by archetype where there are any; None where the
            estimate is the same in all of them.
        test: what was done for it, as a test record has it.
    """

    anchor: str
    criterion: str
    title: str
    metric: str
    scope: str
    status: Status
    reason: str
    estimate: str
    bound: str
    low: str
    high: str
    limit: str
    confidence: str
    size: str
    need: str | None = None
    method: str = ""
    caveats: tuple[str, ...] = ()
    figures: Figures | None = None
    worst: SliceRow | None = None
    slices: tuple[SliceGroup, ...] = ()
    test: TestRecord | None = None


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
class FindingRow:
    """One thing that went wrong. Stimulus and excerpt are strangers' text.

    `rule` (with severity and scanners), `place`, `fix` and `accepted` (why it does not count) are a
    scan's.
    """

    message: str
    case_id: str | None = None
    where: str | None = None
    stimulus: str | None = None
    excerpt: str | None = None
    rule: str | None = None
    place: str | None = None
    fix: str | None = None
    accepted: str | None = None


@dataclass(frozen=True, slots=True)
class FindingGroup:
    """The findings of one metric: all counted, some shown, from each part in turn.

    `remarks` are findings that show no case, as how many more there are; `accepted` counts those
    that somebody accepted until a day.
    """

    anchor: str
    metric: str
    total: int
    parts: tuple[tuple[str, int], ...]
    rows: tuple[FindingRow, ...]
    remarks: tuple[str, ...] = ()
    more_parts: int = 0
    accepted: int = 0

    @property
    def more(self) -> int:
        """Findings that are counted and not shown."""
        return self.total - len(self.rows)

    @property
    def quotes(self) -> bool:
        """Whether somebody's words are shown."""
        return any(row.stimulus or row.excerpt for row in self.rows)


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
