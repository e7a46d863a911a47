"""What the portal's pages say, ready to be written: texts as they came; templates escape them."""

from __future__ import annotations

from dataclasses import dataclass

from clinigate.core.verdict import Status
from clinigate.reports.model import Headline, Tone
from clinigate.reports.sealed import LevelFact

__all__ = [
    "DueRow",
    "FileRow",
    "LedgerView",
    "Mark",
    "RecordRow",
    "RunLine",
    "RunView",
    "WitnessRow",
]


@dataclass(frozen=True, slots=True)
class Mark:
    """A judgement in a word, and why in a sentence."""

    tone: Tone
    word: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class RunLine:
    """One run of the list: every run that began, whatever became of it.

    Attributes:
        run: its id. started_at, sealed_at: RFC 3339; empty where nothing says so.
        ended: `complete`, `aborted`, `never finished`, or what became of it since.
        system: name and version of what was evaluated; empty where it cannot be read.
        outcome: how its criteria came out; None where that cannot be believed.
        tally: statuses of its criteria, what needs attention first.
        evidence: how far its bundle can be believed, verified as it lies there now.
        signers: names of the trusted keys that signed.
    """

    run: str
    started_at: str
    ended: str
    evidence: Mark
    system: str = ""
    sealed_at: str = ""
    outcome: Headline | None = None
    tally: tuple[tuple[Status, int], ...] = ()
    signers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file of a bundle. `sealed`: whether the statement names it; `shown` as text."""

    name: str
    size: int
    sealed: bool
    shown: bool


@dataclass(frozen=True, slots=True)
class RecordRow:
    """What the ledger says of a run: when, and what kind of record."""

    seq: int
    ts: str
    type: str
    run: str | None


@dataclass(frozen=True, slots=True)
class RunView:
    """One run.

    Attributes:
        levels: outcome of each level of the verification.
        keys: ids of those that signed, as the envelope says; none means UNSIGNED.
        statement: its digest, empty where there is none.
        records: its lines of the ledger. notes: what people signed about it.
        files: the first ones, in the order of their names; `more` are left out.
        verified_at: when its bundle was verified; empty where there is none to verify.
        report: whether a report of it can be shown.
    """

    line: RunLine
    levels: tuple[LevelFact, ...] = ()
    keys: tuple[str, ...] = ()
    statement: str = ""
    records: tuple[RecordRow, ...] = ()
    notes: tuple[DueRow, ...] = ()
    files: tuple[FileRow, ...] = ()
    more: int = 0
    verified_at: str = ""
    report: bool = False


@dataclass(frozen=True, slots=True)
class DueRow:
    """Something that people signed, and until when it counts.

    Attributes:
        kind: as `waiver`. about: criterion, clause or run. by: who signed.
        until: RFC 3339 or a day; empty for what never ends. days: from now, negative when over.
        place: the file that holds it, below the evidence root.
    """

    kind: str
    about: str
    by: str
    reason: str
    until: str
    days: int | None
    state: Mark
    place: str = ""


@dataclass(frozen=True, slots=True)
class WitnessRow:
    """A cosignature of the log's head: by which key, over how many records, and when."""

    by: str
    size: int | None
    seen_at: str
    state: Mark


@dataclass(frozen=True, slots=True)
class LedgerView:
    """The log of all runs.

    Attributes:
        origin: its own name. size, root: its head as it is now.
        head: whether the signed head beside it is of this log, and by whom it is signed.
        problem: why it cannot be believed; empty where it can.
        counts: how many records of each type. last: the latest ones, newest first.
    """

    origin: str
    size: int
    root: str
    head: Mark
    witnesses: tuple[WitnessRow, ...]
    counts: tuple[tuple[str, int], ...]
    last: tuple[RecordRow, ...]
    problem: str = ""
