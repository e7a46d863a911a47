"""Who is at work on a run: locks that the kernel frees when their holders die.

Every process that records shares the lock of the spool. Whoever leads the run (`clinigate run`)
holds that of the run's directory besides, and hands it on to the stages that it starts: a stage
that outlives its leader still keeps others away.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clinigate.errors import EvidenceError
from clinigate.evidence.files import naming

__all__ = ["alone", "leading"]


@contextmanager
def alone(run_directory: Path, *, doing: str) -> Iterator[None]:
    """Hold the spool's lock alone: nobody records meanwhile.

    Args:
        run_directory: the run's home.
        doing: what for, as `sealed`.

    Raises:
        EvidenceError: a process of the run still writes.
    """
    with _locked(run_directory / "spool", run_directory, doing) as (_, free):
        if not free:
            raise EvidenceError(
                f"{run_directory}: cannot be {doing}: a process of this run still writes; end it, "
                "then try again"
            )
        yield


@contextmanager
def leading(run_directory: Path) -> Iterator[int]:
    """Lead a run, alone; yield the descriptor that a started process must be handed.

    Raises:
        EvidenceError: somebody leads it already, or what a dead leader started still runs.
    """
    with _locked(run_directory, run_directory, "led") as (fd, free):
        if not free:
            raise EvidenceError(
                f"run {run_directory.name}: another `clinigate run`, or a stage that it started, "
                "is at work on it; wait for its end, or begin a run of its own"
            )
        yield fd


@contextmanager
def _locked(directory: Path, run: Path, doing: str) -> Iterator[tuple[int, bool]]:
    with naming(run, doing):
        fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield fd, False
        else:
            yield fd, True
    finally:
        os.close(fd)
