"""Remove runs whose retention is over and of which a copy is found elsewhere; the ledger stays.

1. The copy is looked at: there, and byte for byte what was logged.
2. `run-pruned` in the ledger, on the disk.
3. The run's directory gets a scratch name, in one step, and then goes.

A kill after 2 leaves all of the run, listed as pruned; after 3 a rest under the scratch name. The
next prune ends both.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from clinigate.config.retention import RetentionTable
from clinigate.errors import EvidenceError
from clinigate.evidence.envelope import Signer
from clinigate.evidence.files import naming, sync_directory
from clinigate.evidence.ledger import Ledger, read_ledger
from clinigate.evidence.runs import RunStore
from clinigate.evidence.times import Clock, parse_timestamp, system_clock, timestamp
from clinigate.pipeline.retention import Copy, Kept, kept_runs
from clinigate.pipeline.stores import copy_digest
from clinigate.pipeline.transfer import moving

__all__ = ["Pruned", "prune"]


@dataclass(frozen=True, slots=True)
class Pruned:
    """What becomes of one run: removed (or, in a dry run, to be removed), or why it is kept."""

    run: str
    copies: tuple[str, ...]
    why_kept: str | None


def prune(
    root: Path,
    table: RetentionTable,
    *,
    dry_run: bool,
    signer: Signer | None = None,
    clock: Clock = system_clock,
) -> tuple[Pruned, ...]:
    """Remove the runs that may go; return what became of each that lies here, oldest first.

    Args:
        root: the `.clinigate` directory.
        table: retention and legal hold.
        dry_run: only say so.
        signer: who signs the ledger's head.
        clock: source of times.

    Raises:
        EvidenceError: the clock stands before the ledger's last record, or the disk refuses.
        IntegrityError: the ledger was edited or cut.
    """
    if dry_run:
        return _looked_at(root, table, _now(root, clock))
    with moving(root):
        found = _looked_at(root, table, _now(root, clock))
        ledger = RunStore(root).ledger(clock=clock, signer=signer)
        until = {each.history.run: each.until for each in kept_runs(root, table)}
        for each in found:
            if each.why_kept is None:
                ends = until[each.run]
                _remove(root, each, ledger, None if ends.moment is None else ends.moment)
        return found


def _looked_at(root: Path, table: RetentionTable, now: datetime) -> tuple[Pruned, ...]:
    runs = root / "runs"
    here = (each for each in kept_runs(root, table) if (runs / each.history.run).is_dir())
    return tuple(_look(each, now) for each in here)


def _look(kept: Kept, now: datetime) -> Pruned:
    run = kept.history.run
    if kept.held:
        return Pruned(run, (), kept.held)
    if kept.history.pruned_at is not None:  # a prune was killed after its word in the ledger
        return Pruned(run, kept.history.exported_to, None)
    why = kept.why_keep(now)
    if why is not None:
        return Pruned(run, (), why)
    good = [copy for copy in kept.copies if copy.content == kept.content]
    found, missing = _found(good)
    if not found:
        return Pruned(run, (), f"no copy of it is found: {'; '.join(missing)}")
    return Pruned(run, tuple(copy.place for copy in found), None)


def _found(copies: Sequence[Copy]) -> tuple[list[Copy], list[str]]:
    found, missing = [], []
    for copy in copies:
        try:
            digest = copy_digest(copy.place)
        except EvidenceError as error:
            missing.append(str(error))
            continue
        if digest == copy.sha256:
            found.append(copy)
        else:
            missing.append(f"{copy.place}: {'gone' if digest is None else 'was changed'}")
    return found, missing


def _remove(root: Path, pruned: Pruned, ledger: Ledger, ended: datetime | None) -> None:
    run = pruned.run
    home = root / "runs" / run
    if not _told(ledger, run):
        body = {
            "retainedUntil": None if ended is None else timestamp(ended),
            "copies": list(pruned.copies),
        }
        ledger.append("run-pruned", run=run, body=body)
    scratch = home.with_name(f".pruned-{run}-{os.urandom(4).hex()}.tmp")
    with naming(home, "removed"):
        home.rename(scratch)
        sync_directory(home.parent)
        shutil.rmtree(scratch)


def _told(ledger: Ledger, run: str) -> bool:
    """Whether the last word on a run's evidence is that it was pruned."""
    words = [
        record.type
        for record in read_ledger(ledger.directory).chain.records
        if record.run == run and record.type in ("run-pruned", "bundle-imported")
    ]
    return bool(words) and words[-1] == "run-pruned"


def _now(root: Path, clock: Clock) -> datetime:
    now = clock()
    records = read_ledger(root / "ledger").chain.records
    if records and now < parse_timestamp(records[-1].ts):
        raise EvidenceError(
            f"the clock says {timestamp(now)}, and the ledger's last record is of "
            f"{records[-1].ts}; set the clock before anything is removed by its word"
        )
    return now
