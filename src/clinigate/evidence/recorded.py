"""A run as it was recorded: all spools read, checked and merged.

A run that was left half done may be continued, by a process that says so in its `start`
(`continues`, names of spools): what the processes before it had written still counts, and that they
never finished is forgiven. A part of the run that died and was done again is `set-aside`, by a note
of whoever leads the run: it stays in the evidence, and what was observed in it counts no more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from clinigate.core.codec import from_plain
from clinigate.core.observation import Observation
from clinigate.core.verdict import Verdict
from clinigate.errors import EvidenceError, IncompleteRunError, IntegrityError
from clinigate.evidence.names import RUN_ID
from clinigate.evidence.spool import RunStatus, Spool, SpoolRecord, merge, overall, read_spool

__all__ = ["SET_ASIDE", "RecordedRun", "read_run", "run_of"]

T = TypeVar("T")

#: Topic of the note by which a run's leader sets spools aside, as `{"spools": […], "reason": "…"}`.
SET_ASIDE = "set-aside"


@dataclass(frozen=True, slots=True)
class RecordedRun:
    """What the processes of one run wrote.

    Attributes:
        run: its id.
        spools: each process's part, by file name.
        records: all of them merged by time.
        leaders: names of the spools of the process that began the run and of those that continued
            it.
        continued: leaders whose work another one took over.
        set_aside: spools that count no more, each with the reason.
    """

    run: str
    spools: tuple[Spool, ...]
    records: tuple[SpoolRecord, ...]
    leaders: frozenset[str] = frozenset()
    continued: frozenset[str] = frozenset()
    set_aside: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def status(self) -> RunStatus:
        """COMPLETE when every part that counts has finished, the one that leads the run too."""
        replaced = self.continued | self.set_aside.keys()
        return overall(each.status for each in self.spools if each.name not in replaced)

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

    def counting(self, kind: str) -> Iterator[SpoolRecord]:
        """Yield the records of a type that were not set aside, in order."""
        for record in self.records:
            if record.type == kind and record.spool not in self.set_aside:
                yield record

    def observations(self) -> tuple[Observation, ...]:
        """Return the observations that count, redacted as they were recorded.

        Raises:
            IntegrityError: a record is no observation; spool and line are named.
        """
        return tuple(_noun(Observation, record) for record in self.counting("observation"))

    def observations_in(self, spools: Collection[str]) -> tuple[Observation, ...]:
        """Return what was observed in some spools, whether it counts or not; raises as above."""
        told = (r for r in self.records if r.type == "observation" and r.spool in spools)
        return tuple(_noun(Observation, record) for record in told)

    def verdicts(self) -> tuple[Verdict, ...]:
        """Return the verdicts that producers recorded on the way, where they count.

        Raises:
            IntegrityError: a record is no verdict; spool and line are named.
        """
        return tuple(_noun(Verdict, record) for record in self.counting("verdict"))


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
    records = tuple(merge(parts))
    starts = [record for record in records if record.type == "start"]
    if not any("subject" in start.body for start in starts):
        return None
    leaders = frozenset(s.spool for s in starts if "subject" in s.body or "continues" in s.body)
    return RecordedRun(
        run,
        parts,
        records,
        leaders=leaders,
        continued=frozenset(_continued(starts, leaders)),
        set_aside=MappingProxyType(dict(_set_aside(records, leaders, parts))),
    )


def _continued(starts: Iterable[SpoolRecord], leaders: Set[str]) -> Iterator[str]:
    for start in starts:
        for name in start.body.get("continues", ()):
            if name not in leaders or name == start.spool:
                raise IntegrityError(
                    f"spool/{start.spool}: continues {name!r}, which never led this run"
                )
            yield name


def _set_aside(
    records: Iterable[SpoolRecord], leaders: Set[str], spools: Iterable[Spool]
) -> Iterator[tuple[str, str]]:
    """Only leaders set aside, and no leader is: else any part of a run could undo another."""
    others = {spool.name for spool in spools} - leaders
    for record in records:
        if record.spool not in leaders or record.type != "note":
            continue
        if record.body.get("topic") != SET_ASIDE:
            continue
        for name in record.body["about"]["spools"]:
            if name not in others:
                raise IntegrityError(
                    f"spool/{record.spool}: line {record.line}: sets aside {name!r}, which is no "
                    "part of this run that could be done again"
                )
            yield name, str(record.body["about"]["reason"])


def _stillborn(directory: Path) -> IncompleteRunError:
    return IncompleteRunError(
        f"{directory}: the run died before its first record; there is nothing to seal"
    )


def _noun(kind: type[T], record: SpoolRecord) -> T:
    try:
        return from_plain(kind, record.body)
    except ValueError as error:
        raise IntegrityError(f"spool/{record.spool}: line {record.line}: {error}") from error
