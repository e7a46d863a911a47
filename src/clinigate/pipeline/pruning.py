"""Remove runs whose retention is over and of which a copy is found elsewhere; the ledger stays.

1. The copy is looked at: there, and byte for byte what was logged.
2. `run-pruned` in the ledger, on the disk.
3. The run's directory gets a scratch name, in one step, and then goes.

A kill after 2 leaves all of the run, listed as pruned; after 3 a rest under the scratch name. The
next prune ends both, the first by looking at the copy again: whoever brought the run back since
may have no other one. A copy that lies among the runs themselves is none.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from clinigate.config.retention import RetentionTable
from clinigate.errors import EvidenceError, UsageError
from clinigate.evidence.bundle import open_bundle
from clinigate.evidence.envelope import Signer
from clinigate.evidence.files import naming, sync_directory
from clinigate.evidence.ledger import Ledger, read_ledger
from clinigate.evidence.runs import RunStore
from clinigate.evidence.times import Clock, parse_timestamp, system_clock, timestamp
from clinigate.pipeline.retention import Copy, Kept, content_digest, kept_runs
from clinigate.pipeline.stores import copy_digest, lies_within
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
        UsageError: a legal hold names what nobody knows.
        EvidenceError: the clock stands before the ledger's last record, or the disk refuses.
        IntegrityError: the ledger was edited or cut.
    """
    if dry_run:
        kept = _kept_here(root, table)
        now = _now(root, clock)
        return tuple(_look(each, root, now) for each in kept)
    with moving(root):
        kept = _kept_here(root, table)
        now = _now(root, clock)
        found = tuple(_look(each, root, now) for each in kept)
        ledger = RunStore(root).ledger(clock=clock, signer=signer)
        for each, run in zip(found, kept, strict=True):
            if each.why_kept is None:
                _remove(root, each, ledger, run)
        return found


def _kept_here(root: Path, table: RetentionTable) -> tuple[Kept, ...]:
    every = kept_runs(root, table)
    known = {each.history.run for each in every} | {each.system for each in every} | {"*"}
    for name in table.hold:
        if name not in known:
            raise UsageError(
                f"[retention] hold: {name!r} is neither a run nor a system here, so that nothing "
                "is under this hold; mend it, or take it out, before anything is removed"
            )
    return tuple(each for each in every if (root / "runs" / each.history.run).is_dir())


def _look(kept: Kept, root: Path, now: datetime) -> Pruned:
    run = kept.history.run
    why = kept.why_keep(now)
    if why is not None:
        return Pruned(run, (), why)
    good = [copy for copy in kept.copies if copy.content == kept.content]
    found, missing = _found(good, root)
    if not found:
        return Pruned(run, (), f"no copy of it is found: {'; '.join(missing)}")
    return Pruned(run, tuple(copy.place for copy in found), None)


def _found(copies: Sequence[Copy], root: Path) -> tuple[list[Copy], list[str]]:
    found, missing = [], []
    for copy in copies:
        if lies_within(copy.place, root):
            missing.append(f"{copy.place}: lies in the evidence itself, and would go with it")
            continue
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


def _remove(root: Path, pruned: Pruned, ledger: Ledger, kept: Kept) -> None:
    run = pruned.run
    home = root / "runs" / run
    ended = kept.until.moment
    # A person may have signed it since it was looked at, and that no copy has.
    if content_digest(open_bundle(home)) != kept.content:
        raise EvidenceError(f"run {run}: changed while it was looked at; prune again")
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
