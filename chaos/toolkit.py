"""Chaos Toolkit in a process of its own: `python -m clinigate.chaos.toolkit EXPERIMENT JOURNAL`.

It is called as a library: its command line asks a server for its newest version, writes a log file
where it stands, takes experiments from the network, and reads settings that may post notifications.
None of these is here. The journal is written whatever happens, as long as the process lives.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from clinigate.chaos.compile import SETTINGS, STRATEGY
from clinigate.errors import MissingExtraError

__all__ = ["ToolkitProcess", "require_toolkit"]

_END_S = 15.0


def require_toolkit() -> None:
    """Refuse where Chaos Toolkit is not installed.

    Raises:
        MissingExtraError: with the command that installs it.
    """
    if find_spec("chaoslib") is None:
        raise MissingExtraError("running experiments", "chaos")


class ToolkitProcess:
    """Chaos Toolkit at work on one compiled experiment."""

    def __init__(self, experiment: Path, journal: Path, log: Path) -> None:
        """Start it, in a session of its own: a Ctrl-C of the terminal is the runner's to handle."""
        self.journal = journal
        with log.open("wb") as file:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [sys.executable, "-m", "clinigate.chaos.toolkit", str(experiment), str(journal)],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                start_new_session=True,
            )

    def ended(self) -> bool:
        """Whether it has ended."""
        return self._process.poll() is not None

    def stop(self) -> None:
        """Tell it to end by its rollbacks, wait, and kill its group if it does not."""
        if not self.ended():
            self._signal(signal.SIGTERM)
            self._wait(_END_S)
        if not self.ended():
            self._signal(signal.SIGKILL)
            self._wait(_END_S)

    def read_journal(self) -> dict[str, Any] | None:
        """The journal; None where the process died before it could write one."""
        try:
            read: dict[str, Any] = json.loads(self.journal.read_bytes())
        except (OSError, ValueError):
            return None
        return read

    def _wait(self, within_s: float) -> None:
        deadline = time.monotonic() + within_s
        while not self.ended() and time.monotonic() < deadline:
            time.sleep(0.02)

    def _signal(self, number: signal.Signals) -> None:
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            return


def main() -> int:
    """Run one compiled experiment and write its journal; 0 when it completed, else 1."""
    run_experiment = import_module("chaoslib.experiment").run_experiment
    strategy = import_module("chaoslib.types").Strategy(STRATEGY)
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    experiment = json.loads(source.read_bytes())
    journal = run_experiment(experiment, settings=SETTINGS, strategy=strategy)
    scratch = target.with_suffix(".tmp")
    scratch.write_text(json.dumps(journal, default=str, indent=1), encoding="utf-8")
    scratch.replace(target)
    return 0 if journal["status"] == "completed" else 1


if __name__ == "__main__":
    sys.exit(main())
