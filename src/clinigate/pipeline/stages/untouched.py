"""Whether the parts of a run are as they were: no stage undoes what another one recorded."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from clinigate.errors import IntegrityError
from clinigate.evidence.files import read_bytes
from clinigate.evidence.ledger import read_ledger
from clinigate.evidence.recorded import RecordedRun
from clinigate.evidence.stages import Staged

__all__ = ["check_run", "marks_of"]

#: Records of the ledger after which a process leads a run.
_LEADS = ("run-started", "run-resumed")


def marks_of(run_directory: Path, spools: Iterable[str]) -> tuple[str, ...]:
    """Return, for each spool, how long it is and the digest of its bytes."""
    return tuple(_mark(_bytes(run_directory, name)) for name in spools)


def check_run(run_directory: Path, recorded: RecordedRun, staged: Staged) -> None:
    """Check that nobody else leads the run, and that what stages wrote is as it was.

    Raises:
        IntegrityError: a stage's part says that it leads, or was edited after the stage had ended;
            the file is named. Or the ledger is damaged.
    """
    _check_leaders(run_directory, recorded)
    # What was appended since is no matter: a dead stage may have left something at work.
    for attempt in (each for story in staged.stories for each in story.attempts):
        for name, mark in zip(attempt.spools, attempt.marks, strict=False):
            length = int(mark.partition(":")[0])
            if _mark(_bytes(run_directory, name)[:length]) != mark:
                raise IntegrityError(
                    f"run {run_directory.name}: spool/{name} was edited after stage "
                    f"{attempt.stage!r} had ended; begin a new run"
                )


def _check_leaders(run_directory: Path, recorded: RecordedRun) -> None:
    """Nobody leads but who began the run or took it over, and did so by the ledger."""
    if len(recorded.leaders) == 1:
        return
    records = read_ledger(run_directory.parent.parent / "ledger").chain.records
    known = sum(each.type in _LEADS and each.run == recorded.run for each in records)
    if len(recorded.leaders) > known:
        raise IntegrityError(
            f"run {recorded.run}: {', '.join(sorted(recorded.leaders))} say that they lead it, and "
            f"the ledger knows {known} that did; a stage must join a run, and begin or resume none"
        )


def _bytes(run_directory: Path, name: str) -> bytes:
    return read_bytes(run_directory / "spool" / name) or b""


def _mark(data: bytes) -> str:
    return f"{len(data)}:{sha256(data).hexdigest()}"
