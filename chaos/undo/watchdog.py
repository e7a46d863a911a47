"""The watchdog: a process of its own that undoes when the runner no longer can.

`python -m clinigate.chaos.undo.watchdog` forks twice, so that it belongs to no session, group or
parent of the runner, and then waits for one of these:

- the pipe from the runner closes (the runner is dead);
- no sign of life comes for the lease (the runner hangs, or is stopped);
- the kill file appears;
- the longest duration is over;
- it is itself told to end (the host shuts down).

Each of them leads to the same: the undo in a fresh process, tried until it is verified or hopeless.
It ends when the ledger is closed. A ledger that was removed meanwhile is written again as it was
last seen. `cgroup.kill` and the loss of the host end it as well; the next
start then recovers from the ledger.
"""

from __future__ import annotations

import argparse
import os
import select
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import FrameType

from clinigate.chaos.undo.ledger import Ledger, process_start_ticks, state_of
from clinigate.chaos.undo.process import undo_in_fresh_process
from clinigate.errors import EvidenceError

__all__ = ["READY"]

READY = b"ready\n"
_POLL_S = 0.1
_RETRIES = 5


def main() -> int:
    """Watch one injection."""
    parser = argparse.ArgumentParser(prog="python -m clinigate.chaos.undo.watchdog")
    parser.add_argument("ledger", type=Path)
    parser.add_argument("--life-fd", type=int, required=True)
    parser.add_argument("--ready-fd", type=int, required=True)
    parser.add_argument("--lease", type=float, required=True)
    parser.add_argument("--longest", type=float, required=True)
    parser.add_argument("--kill-file", type=Path, action="append", required=True)
    options = parser.parse_args()
    if os.fork():
        os._exit(0)
    told = _Told()
    kept = _Kept(Ledger(options.ledger))
    os.write(options.ready_fd, READY)
    reason = _watch(options, told, kept)
    if reason is None:
        return 0
    return _undo(options.ledger, reason)


class _Told:
    """Whether somebody told this process to end."""

    def __init__(self) -> None:
        self.by: int | None = None
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, self._hear)

    def _hear(self, number: int, _frame: FrameType | None) -> None:
        self.by = number


class _Kept:
    """The ledger as it was last seen, so that its loss does not lose how the fault is undone."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._data = ledger.path.read_bytes()

    def look(self) -> None:
        """Remember what stands there now, where more does than before."""
        with suppress(OSError):
            data = self._ledger.path.read_bytes()
            if len(data) > len(self._data):
                self._data = data

    def closed(self) -> bool:
        """Whether nothing is left to undo. A ledger that is gone is written again, if it was open
        when it was last seen.
        """
        with suppress(EvidenceError):
            state = self._ledger.state()
            if state.id:
                return state.closed
        if state_of(self._data).closed:
            return True
        self._restore()
        return False

    def _restore(self) -> None:
        path = self._ledger.path
        with suppress(OSError, EvidenceError):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self._data)
            self._ledger.append("restored")


def _watch(options: argparse.Namespace, told: _Told, kept: _Kept) -> str | None:
    """Why to undo; None when the ledger was closed without us."""
    poll = select.poll()
    poll.register(options.life_fd, select.POLLIN)
    begun = heard = time.monotonic()
    while True:
        ready = poll.poll(_POLL_S * 1000)
        kept.look()
        if ready:
            if not os.read(options.life_fd, 4096):
                return None if kept.closed() else "the runner is gone"
            heard = time.monotonic()
        reason = _reason(options, told, begun, heard)
        if reason is not None:
            return None if kept.closed() else reason


def _reason(options: argparse.Namespace, told: _Told, begun: float, heard: float) -> str | None:
    now = time.monotonic()
    if told.by is not None:
        return f"the watchdog was told to end (signal {told.by})"
    if now - heard > options.lease:
        return f"no sign of life of the runner for {options.lease:g} s"
    if any(path.exists() for path in options.kill_file):
        return "the kill file is there"
    if now - begun > options.longest:
        return f"the longest duration of {options.longest:g} s is over"
    return None


def _undo(ledger: Path, reason: str) -> int:
    for attempt in range(_RETRIES):
        if undo_in_fresh_process(ledger, by="watchdog", reason=reason) is None:
            _end_injector(Ledger(ledger))
            return 0
        time.sleep(2.0**attempt * 0.25)
    return 2


def _end_injector(ledger: Ledger) -> None:
    """Tell Chaos Toolkit's process, which still waits for the fault's time to be over, to end."""
    try:
        injector = ledger.state().injector
    except EvidenceError:
        return  # the folder went with whoever owned it; Chaos Toolkit ends by itself
    if injector is None or process_start_ticks(injector[0]) != injector[1]:
        return
    with suppress(ProcessLookupError):
        os.kill(injector[0], signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
