"""A run as it was recorded: all spools read, checked and merged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from clinigate.core.codec import from_plain
from clinigate.core.observation import Observation
from clinigate.core.verdict import Verdict
from clinigate.errors import EvidenceError, IncompleteRunError, IntegrityError
from clinigate.evidence.names import RUN_ID
from clinigate.evidence.spool import RunStatus, Spool, SpoolRecord, merge, overall, read_spool

__all__ = ["RecordedRun", "read_run", "run_of"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RecordedRun:
    """What the processes of one run wrote.

    Attributes:
        run: its id.
        spools: each process's part, by file name.
        records: all of them merged by time.
    """

    run: str
    spools: tuple[Spool, ...]
    records: tuple[SpoolRecord, ...]

    @property
    def status(self) -> RunStatus:
        """COMPLETE when every part that began has finished, and the part that began the run too."""
        return overall(spool.status for spool in self.spools)

    @property
    def about(self) -> Mapping[str, Any]:
        """What the run's first record says: subject, plan, who began it."""
        return next(r.body for r in self.records if r.type == "start" and "subject" in r.body)

    @property
    def started_at(self) -> str:
        """Time of the first record."""
        return self.records[0].ts

    @property
    def finished_at(self) -> str:
        """Time of the last record; for an INCOMPLETE run that of the last one that came."""
        return max(record.ts for record in self.records)

    def plain(self, kind: str) -> list[Any]:
        """Return the bodies of all records of a type, as plain JSON, in order."""
        return [record.body for record in self.records if record.type == kind]

    def observations(self) -> tuple[Observation, ...]:
        """Return all observations, redacted as they were recorded.

        Raises:
            IntegrityError: a record is no observation; spool and line are named.
        """
        return tuple(_noun(Observation, r) for r in self.records if r.type == "observation")

    def verdicts(self) -> tuple[Verdict, ...]:
        """Return all verdicts that producers recorded on the way.

        Raises:
            IntegrityError: a record is no verdict; spool and line are named.
        """
        return tuple(_noun(Verdict, r) for r in self.records if r.type == "verdict")


def read_run(directory: Path) -> RecordedRun:
    """Read what was recorded of a run, finished or not.

    Raises:
        IncompleteRunError: nothing was recorded: the run died before its first record.
        IntegrityError: a spool was edited; file and line are named.
        EvidenceError: there is no such run.
    """
    if not (directory / "spool").is_dir():
        if RUN_ID.fullmatch(directory.name) and directory.is_dir():
            raise _stillborn(directory)  # killed between the making of the two directories
        raise EvidenceError(f"{directory}: no run here; wanted a directory with a spool")
    paths = sorted((directory / "spool").glob("*.ndjson"))
    spools = tuple(read_spool(path) for path in paths)
    recorded = run_of(directory.name, spools)
    if recorded is None:
        raise _stillborn(directory)
    return recorded


def run_of(run: str, spools: Iterable[Spool]) -> RecordedRun | None:
    """Return a run from the spools of its processes, None where none of them began it."""
    parts = tuple(spools)
    recorded = RecordedRun(run, parts, tuple(merge(parts)))
    began = any(r.type == "start" and "subject" in r.body for r in recorded.records)
    return recorded if began else None


def _stillborn(directory: Path) -> IncompleteRunError:
    return IncompleteRunError(
        f"{directory}: the run died before its first record; there is nothing to seal"
    )


def _noun(kind: type[T], record: SpoolRecord) -> T:
    try:
        return from_plain(kind, record.body)
    except ValueError as error:
        raise IntegrityError(f"spool/{record.spool}: line {record.line}: {error}") from error
