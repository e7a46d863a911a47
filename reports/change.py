"""What a report says of the change since the last run that can be compared.

`clinigate.reports.comparing` makes it; here are its nouns alone, which every renderer reads.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from clinigate.core.verdict import Status

__all__ = [
    "ChangeKind",
    "ChangeRow",
    "ChangeView",
    "CoverageChange",
    "LimitChange",
    "PastRow",
    "SystemChange",
]


class ChangeKind(StrEnum):
    """What became of one criterion; what needs attention first comes first."""

    #: it did not fail, and does: FAIL, or a check that broke.
    REGRESSED = "regressed"
    #: nobody asked before, and it fails.
    NEW_FAILING = "new, failing"
    #: it failed before, and does so still.
    STILL_FAILING = "still failing"
    #: it failed, and nobody looked again.
    UNJUDGED = "no longer judged"
    #: it failed, and now the data cannot tell.
    UNDECIDED = "failed, now undecided"
    #: it passed, and is no longer shown.
    LOST = "no longer shown"
    #: nobody asked before, and it is open.
    NEW_OPEN = "new, open"
    #: it was open, and is no criterion any more.
    GONE = "no longer asked"
    #: nobody asked before, and it passes.
    NEW = "new"
    #: it failed, and passes.
    FIXED = "fixed"
    #: it was open, and passes.
    SHOWN = "newly shown"
    #: it was open, and is.
    STILL_OPEN = "still open"
    #: it passed, and does.
    HELD = "still passed"

    @property
    def tone(self) -> str:
        """How it is to be taken: good, bad, open or neutral."""
        return _TONES[self]

    @property
    def listed(self) -> bool:
        """Whether each one is a row; what stays as it was is counted."""
        return self not in (ChangeKind.HELD, ChangeKind.STILL_OPEN)


_TONES = {
    ChangeKind.REGRESSED: "bad",
    ChangeKind.NEW_FAILING: "bad",
    ChangeKind.STILL_FAILING: "bad",
    ChangeKind.UNJUDGED: "bad",
    ChangeKind.UNDECIDED: "open",
    ChangeKind.LOST: "open",
    ChangeKind.NEW_OPEN: "open",
    ChangeKind.GONE: "open",
    ChangeKind.NEW: "good",
    ChangeKind.FIXED: "good",
    ChangeKind.SHOWN: "good",
    ChangeKind.STILL_OPEN: "open",
    ChangeKind.HELD: "neutral",
}


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One criterion that came out otherwise than the last time, or fails again.

    Attributes:
        before, now: its statuses; None where it was not a criterion of that run.
        was, came: estimate and bound in words, as `0.0020 (≤ 0.0063)`.
        note: what else is to be known, as a limit that moved between the two.
    """

    kind: ChangeKind
    criterion: str
    title: str
    before: Status | None
    now: Status | None
    was: str
    came: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class LimitChange:
    """A limit or a confidence that is another one; `looser` where it asks for less."""

    criterion: str
    title: str
    was: str
    now: str
    looser: bool


@dataclass(frozen=True, slots=True)
class CoverageChange:
    """Clauses of one framework that criteria speak to, and those of them whose criteria all passed.

    Attributes:
        gained, lost: clauses that are shown now and were not, and the other way round.
    """

    framework: str
    asked_before: int
    asked_now: int
    shown_before: int
    shown_now: int
    gained: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SystemChange:
    """A version, digest or pack that is another one than before."""

    what: str
    was: str
    now: str


@dataclass(frozen=True, slots=True)
class PastRow:
    """A run in between that was not compared with, and why."""

    run: str
    started_at: str
    why: str


@dataclass(frozen=True, slots=True)
class ChangeView:
    """The comparison with the last run that looked at the same system in the same way.

    Attributes:
        since, since_at: id and start of that run; empty where there is none, and then only
            `passed_over` says something.
        counts: how many criteria there are of every kind, with the zeros.
        rows: those that are listed, what needs attention first.
        passed_over: later runs that were not compared with: samples, aborted and damaged ones.
        findings: how many there were before, and are now.
        cautions: sentences without which the comparison would mislead.
    """

    since: str
    since_at: str = ""
    counts: tuple[tuple[ChangeKind, int], ...] = ()
    rows: tuple[ChangeRow, ...] = ()
    limits: tuple[LimitChange, ...] = ()
    coverage: tuple[CoverageChange, ...] = ()
    system: tuple[SystemChange, ...] = ()
    passed_over: tuple[PastRow, ...] = ()
    findings: tuple[int, int] = (0, 0)
    cautions: tuple[str, ...] = ()

    def count(self, kind: ChangeKind) -> int:
        """How many criteria are of this kind."""
        return dict(self.counts).get(kind, 0)
