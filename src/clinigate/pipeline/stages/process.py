"""One program of a stage as a process: in a group of its own, for so long and no longer."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from clinigate.pipeline.interrupts import undisturbed

__all__ = ["GRACE_S", "Ended", "Surroundings", "run_program"]

#: Seconds from the interruption of a program that ran out of time to its end by force: what it
#: disturbed must be put right again.
GRACE_S = 20.0
#: Seconds that a program has after Ctrl-C: longer, since nobody waits for its time to be over.
UNDO_S = 120.0
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a program runs in.

    Attributes:
        environ: its variables. folder: where it stands.
        keep: descriptors that it is handed.
        write: takes its output as it comes; None lets it write where we do.
    """

    environ: Mapping[str, str]
    folder: Path
    keep: tuple[int, ...] = ()
    write: Callable[[bytes], None] | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended: by an exit code, 128 + N for signal N, or None as its time was up."""

    code: int | None

    @property
    def signal_name(self) -> str | None:
        """The signal that ended it, if one did."""
        if self.code is None or self.code <= 128:
            return None
        try:
            return signal.Signals(self.code - 128).name
        except ValueError:
            return None


def run_program(
    argv: Sequence[str],
    around: Surroundings,
    *,
    timeout_s: float,
    grace_s: float = GRACE_S,
    undo_s: float = UNDO_S,
) -> Ended:
    """Run a program to its end.

    It has a process group of its own: Ctrl-C reaches it through us, once, and it is waited for
    however often it is pressed, but no longer than `undo_s`. When its time is up the group is
    interrupted and, `grace_s` later, killed. Of a program that was killed, interrupted or ran out
    of time nothing is left running in its group.

    Raises:
        KeyboardInterrupt: we were interrupted; the program has ended.
        OSError: it cannot be started.
    """
    output = None if around.write is None else subprocess.PIPE
    process = subprocess.Popen(  # noqa: S603 - ours, or the user's own
        list(argv),
        env=dict(around.environ),
        cwd=around.folder,
        process_group=0,
        pass_fds=around.keep,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=None if output is None else subprocess.STDOUT,
    )
    reader = None
    try:
        reader = _reader(process.stdout, around.write)
        code = _wait(process, timeout_s, grace_s)
    except KeyboardInterrupt:
        with undisturbed():
            _stop(process, undo_s)
        raise
    finally:
        if reader is not None:
            # What it started may hold the pipe for longer than it lives.
            reader.join(timeout=1.0)
    return Ended(code if code is None or code >= 0 else 128 - code)


def _wait(process: subprocess.Popen[bytes], timeout_s: float, grace_s: float) -> int | None:
    try:
        code = process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        _stop(process, grace_s)
        return None
    if code < 0:
        _signal(process, signal.SIGKILL)
    return code


def _stop(process: subprocess.Popen[bytes], patience_s: float) -> None:
    """Let it undo what it did, and see that nobody of its group is left."""
    _signal(process, signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        process.wait(patience_s)
    _signal(process, signal.SIGKILL)
    process.wait()


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _reader(
    stream: IO[bytes] | None, write: Callable[[bytes], None] | None
) -> threading.Thread | None:
    if stream is None or write is None:
        return None

    def pump() -> None:
        with stream:
            while chunk := os.read(stream.fileno(), _CHUNK):
                write(chunk)

    thread = threading.Thread(target=pump, daemon=True)
    thread.start()
    return thread
