"""The runner's end of the watchdog: starts it, gives signs of life, sees whether it still lives."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from clinigate.chaos.undo.watchdog import READY
from clinigate.errors import EvidenceError

__all__ = ["Guard"]

_START_S = 20.0


class Guard:
    """A watchdog that was started for one ledger."""

    def __init__(self, life_fd: int, ready_fd: int, process: subprocess.Popen[bytes]) -> None:
        self._life_fd = life_fd
        self._ready_fd = ready_fd
        self._process = process
        self._open = True

    @classmethod
    def start(
        cls, ledger: Path, *, lease_s: float, longest_s: float, kill_file: Path | Iterable[Path]
    ) -> Guard:
        """Start a watchdog; it watches when this returns. Each of the kill files ends the fault.

        Raises:
            EvidenceError: it did not come up; then nothing may be injected.
        """
        life_read, life_write = os.pipe()
        ready_read, ready_write = os.pipe()
        kill_files = (kill_file,) if isinstance(kill_file, Path) else tuple(kill_file)
        command = [
            sys.executable, "-m", "clinigate.chaos.undo.watchdog", str(ledger),
            "--life-fd", str(life_read), "--ready-fd", str(ready_write),
            "--lease", str(lease_s), "--longest", str(longest_s),
            *(word for path in kill_files for word in ("--kill-file", str(path))),
        ]  # fmt: skip
        # Nothing of the runner's is inherited but the two ends: a watchdog that kept the runner's
        # output open would keep whoever reads it waiting.
        process = subprocess.Popen(  # noqa: S603
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(life_read, ready_write),
            start_new_session=True,
        )
        os.close(life_read)
        os.close(ready_write)
        os.set_blocking(life_write, False)
        guard = cls(life_write, ready_read, process)
        try:
            guard._await_ready()
        except BaseException:
            guard.release()
            raise
        return guard

    def beat(self) -> None:
        """Give a sign of life. A watchdog that is gone takes none, see `alive`."""
        try:
            os.write(self._life_fd, b".")
        except (BlockingIOError, BrokenPipeError):
            return

    def alive(self) -> bool:
        """Whether the watchdog is there; its end of the pipe closes with it."""
        poll = select.poll()
        poll.register(self._ready_fd, select.POLLHUP)
        return not poll.poll(0)

    def release(self) -> None:
        """Let go: the watchdog sees the pipe close, and undoes if the ledger is still open."""
        if self._open:
            self._open = False
            os.close(self._life_fd)
            os.close(self._ready_fd)

    def _await_ready(self) -> None:
        poll = select.poll()
        poll.register(self._ready_fd, select.POLLIN)
        deadline = time.monotonic() + _START_S
        while not poll.poll(100):
            self.beat()
            if time.monotonic() >= deadline:
                raise EvidenceError(f"the watchdog did not start in {_START_S:g} s; try again")
        if os.read(self._ready_fd, len(READY)) != READY:
            raise EvidenceError("the watchdog did not start; nothing was injected")
        self._process.wait()  # the first of its two forks has ended
