"""What becomes of a process whose reader leaves, or that is asked to end."""

from __future__ import annotations

import io
import os
import signal
import sys
from typing import Any

__all__ = ["end_as_interrupted", "leave_quietly", "outlive_readers"]


class _Pipe(io.FileIO):
    """A standard stream whose reader may leave, as `head` does when it has seen enough."""

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except OSError as error:
            # What is buffered goes nowhere, or the end of the process would fail on it again.
            self._drop()
            if isinstance(error, BrokenPipeError):
                return memoryview(data).nbytes
            raise

    def _drop(self) -> None:
        nowhere = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
        os.dup2(nowhere, self.fileno())
        os.close(nowhere)


def outlive_readers() -> None:
    """Let a command do all of its work and return its own exit code when nobody reads on.

    A run that is half done because somebody looked at its first line only would be no evidence.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if not isinstance(stream, io.TextIOWrapper):
            continue  # closed by whoever started us
        pipe = io.BufferedWriter(_Pipe(stream.fileno(), "wb", closefd=False))
        outliving = io.TextIOWrapper(
            pipe,
            encoding=stream.encoding,
            errors=stream.errors,
            line_buffering=stream.line_buffering,
            write_through=stream.write_through,
        )
        setattr(sys, name, outliving)


def end_as_interrupted() -> None:
    """Treat SIGTERM, by which CI systems cancel a job, like Ctrl-C: what was recorded is sealed."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGTERM, _interrupt)


def _interrupt(*_: object) -> None:
    # `timeout` sends it twice. Who insists has SIGKILL, which loses nothing either.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.raise_signal(signal.SIGINT)


def leave_quietly() -> None:
    """Keep asyncio from logging, with tracebacks, what a second Ctrl-C left it no time to end."""
    if "asyncio" in sys.modules:
        logging = sys.modules["logging"]
        logging.getLogger("asyncio").setLevel(logging.CRITICAL)
