"""Operational qualification of the recorder: a run is killed, and nothing acknowledged is lost."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from clinigate.errors import IncompleteRunError
from clinigate.evidence.recorded import read_run
from clinigate.evidence.runs import RunStore
from clinigate.evidence.seal import seal
from clinigate.evidence.spool import RunStatus
from clinigate.quality.validation.tries import Tries

__all__ = ["ACKNOWLEDGED", "look_at_crashes"]

ACKNOWLEDGED = (1, 7, 40)
"""After how many acknowledged observations a run is killed."""

_LONGEST_S = 60.0


def look_at_crashes(tries: Tries, scratch: Path) -> None:
    """Kill -9 a process that records, at several places, and read back what it left.

    Args:
        tries: where they are counted.
        scratch: an empty folder.
    """
    for count in ACKNOWLEDGED:
        root = scratch / f"killed-after-{count}"
        trouble = _killed_after(root, count) or _lost(root, count)
        tries.expect(trouble is None, f"killed after {count} observations", trouble or "")


def _killed_after(root: Path, count: int) -> str | None:
    """Kill the writer once it has acknowledged so many; it would go on for ever."""
    command = [sys.executable, "-m", "clinigate.quality.validation.endless_writer", str(root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:  # noqa: S603 - our own module
        assert writer.stdout is not None
        try:
            for wanted in range(1, count + 1):
                if writer.stdout.readline() != f"{wanted}\n":
                    return "the process that was to be killed ended by itself"
        finally:
            writer.send_signal(signal.SIGKILL)
            writer.wait(_LONGEST_S)
    return None


def _lost(root: Path, count: int) -> str | None:
    store = RunStore(root)
    (run,) = store.runs()
    recorded = read_run(store.directory(run))
    kept = len(recorded.observations())
    if kept < count:
        return f"{count} observations were acknowledged, and {kept} are there"
    if recorded.status is not RunStatus.INCOMPLETE:
        return f"the run says that it is {recorded.status}, and it was killed"
    try:
        seal(
            store.directory(run),
            signer=None,
            ledger=store.ledger(),
            results={},
            controls={},
        )
    except IncompleteRunError:
        return None
    return "a run that was killed was sealed as if it had ended"
