"""Take a roll-out back: the team's own command, once, in bounded time."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from clinigate.errors import UsageError
from clinigate.pipeline.interrupts import undisturbed

__all__ = ["RolledBack", "parse_command", "roll_back"]

_GRACE_S = 10.0


@dataclass(frozen=True, slots=True)
class RolledBack:
    """How the command ended.

    Attributes:
        program: its name, without arguments: those may hold what belongs into no evidence.
        code: its exit code; None where it did not start, or was killed.
        seconds: how long it took.
        trouble: what kept it from its end, in words; empty where nothing did.
    """

    program: str
    code: int | None
    seconds: float
    trouble: str = ""

    @property
    def done(self) -> bool:
        """Whether it says that it did what it is for."""
        return self.code == 0

    def __str__(self) -> str:
        if self.done:
            return f"the roll-out was taken back by {self.program} in {self.seconds:.1f} s"
        how = self.trouble or f"it ended with code {self.code}"
        return f"the roll-out was NOT taken back by {self.program}: {how}; do it by hand, now"


def parse_command(text: str) -> tuple[str, ...]:
    """Return a command's words.

    Raises:
        UsageError: there is none, or a quotation mark is left open.
    """
    try:
        words = tuple(shlex.split(text))
    except ValueError as error:
        raise UsageError(f"--rollback-command: {error}; quote it as for a shell") from None
    if not words:
        raise UsageError("--rollback-command is empty; name a program, as 'sh rollback.sh'")
    return words


def roll_back(command: Sequence[str], *, timeout_s: float) -> RolledBack:
    """Run the command once, to its end or until its time is over; Ctrl-C does not reach it.

    What it says goes to our own standard output and error. After `timeout_s` it is told to end, and
    ten seconds later it and what it started are killed.
    """
    program = Path(command[0]).name
    begun = time.monotonic()
    with undisturbed():
        try:
            process = subprocess.Popen(command, process_group=0, stdin=subprocess.DEVNULL)  # noqa: S603 - the team's own
        except OSError as error:
            return RolledBack(program, None, 0.0, f"it cannot be started ({error.strerror})")
        try:
            code = process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            _end(process)
            seconds = time.monotonic() - begun
            return RolledBack(program, None, seconds, f"it was killed after {timeout_s:g} s")
    return RolledBack(program, code if code >= 0 else 128 - code, time.monotonic() - begun)


def _end(process: subprocess.Popen[bytes]) -> None:
    for number, patience in ((signal.SIGTERM, _GRACE_S), (signal.SIGKILL, None)):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(patience)
            break
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
