"""A process group, watched until it has ended: within a time and a size, and nothing left."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import threading
import time
from dataclasses import dataclass
from typing import IO

from clinigate.findings.troubles import ScannerError

__all__ = ["Bounds", "watched"]

#: How often a stop is looked for; the end of the process itself is noticed at once on Linux.
_GLANCE_S = 0.2
#: What a program has to tidy up after it was asked to end.
_GRACE_S = 2.0
_CHUNK = 2**16
_STDERR_KEPT = 2**16


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a process must keep within.

    Attributes:
        name: of the program, for messages.
        deadline: on the monotonic clock.
        timeout_s: the same as a length, for messages.
        max_output: bytes of stdout.
        stop: set by another thread, ends it early.
    """

    name: str
    deadline: float
    timeout_s: float
    max_output: int
    stop: threading.Event | None


def watched(process: subprocess.Popen[bytes], bounds: Bounds) -> tuple[int, bytes, bytes]:
    """Wait for a process that leads its own group; return exit code, stdout, end of stderr.

    However this ends, an interruption too, nothing of the group lives on.

    Raises:
        ScannerError: the process went beyond its bounds, or was killed.
    """
    pipes = _Pipes(bounds.max_output)
    try:
        pipes.open(process)
        _wait(process, pipes, bounds)
    finally:
        _end(process, pipes)
        pipes.close()
    _check_output(pipes, bounds)
    if process.returncode < 0:
        killed_by = signal.Signals(-process.returncode).name
        raise ScannerError(
            f"{bounds.name}: was killed ({killed_by}); what it had looked at until then is "
            "unknown. Was there memory enough?"
        )
    return process.returncode, bytes(pipes.stdout), bytes(pipes.stderr)


class _Pipes:
    """What a process writes, as it comes."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.stdout = bytearray()
        self.stderr = bytearray()
        self._selector = selectors.DefaultSelector()
        self._streams: list[IO[bytes]] = []
        self._open = 0
        self._pidfd: int | None = None

    def open(self, process: subprocess.Popen[bytes]) -> None:
        """Listen to a process, and for its end."""
        for stream, kept in ((process.stdout, self.stdout), (process.stderr, self.stderr)):
            if stream is not None:
                self._streams.append(stream)
                self._selector.register(stream.fileno(), selectors.EVENT_READ, kept)
        self._open = len(self._streams)
        self._pidfd = _pidfd(process.pid)
        if self._pidfd is not None:
            self._selector.register(self._pidfd, selectors.EVENT_READ)

    def close(self) -> None:
        """Stop listening."""
        self._selector.close()
        for stream in self._streams:
            stream.close()
        if self._pidfd is not None:
            os.close(self._pidfd)

    def read(self, wait_s: float) -> None:
        """Take what is there; wait for it, or for the end of the process, at most so long."""
        for key, _ in self._selector.select(max(0.0, wait_s)):
            if key.data is None:
                self._selector.unregister(key.fd)  # it has ended, and would wake us for ever
                continue
            chunk = os.read(key.fd, _CHUNK)
            if not chunk:
                self._selector.unregister(key.fd)
                self._open -= 1
            if key.data is self.stderr:
                self.stderr.extend(chunk)
                del self.stderr[:-_STDERR_KEPT]
            elif len(self.stdout) <= self._most:
                # One that does not end when it is asked to writes on: that is not kept.
                self.stdout.extend(chunk)

    def read_until(self, deadline: float) -> None:
        """Take what is left, as long as somebody still holds the other end."""
        while self._open and time.monotonic() < deadline:
            self.read(min(_GLANCE_S, deadline - time.monotonic()))


def _wait(process: subprocess.Popen[bytes], pipes: _Pipes, bounds: Bounds) -> None:
    while not _has_ended(process):
        if bounds.stop is not None and bounds.stop.is_set():
            raise ScannerError(f"{bounds.name}: was stopped before it was done")
        left = bounds.deadline - time.monotonic()
        if left <= 0:
            raise ScannerError(
                f"{bounds.name}: was not done in {bounds.timeout_s:g} s and was stopped; raise "
                "timeout_s, or scan less at a time"
            )
        _check_output(pipes, bounds)
        pipes.read(min(left, _GLANCE_S))


def _check_output(pipes: _Pipes, bounds: Bounds) -> None:
    if len(pipes.stdout) > bounds.max_output:
        raise ScannerError(
            f"{bounds.name}: wrote more than {bounds.max_output:,} bytes and was stopped; "
            "scan less at a time"
        )


def _end(process: subprocess.Popen[bytes], pipes: _Pipes) -> None:
    """End what lives of the group, first asking; reap the leader, and read what is left."""
    if not _has_ended(process):
        _signal(process, signal.SIGTERM)
        until = time.monotonic() + _GRACE_S
        while not _has_ended(process) and time.monotonic() < until:
            pipes.read(_GLANCE_S)
    # The leader is not reaped yet, so that the group's number cannot be another one's by now.
    _signal(process, signal.SIGKILL)
    process.wait()
    pipes.read_until(time.monotonic() + _GRACE_S)


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Whether the leader has ended; it is left to be reaped, where the system can tell so."""
    if not hasattr(os, "waitid"):  # macOS before Python 3.13
        return process.poll() is not None
    flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
    return os.waitid(os.P_PID, process.pid, flags) is not None


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    # Nobody is left, or (macOS) only the leader that has ended is.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _pidfd(pid: int) -> int | None:
    """A descriptor that wakes us when the process ends, where the system has them."""
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return None
