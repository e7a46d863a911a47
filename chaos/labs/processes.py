"""Processes and directories of a lab, which end with it."""

from __future__ import annotations

import json
import os
import pwd
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

from clinigate.chaos.labs import keeper
from clinigate.errors import TargetError

__all__ = ["Lab", "free_port", "wait_until"]

#: Servers that refuse to run as root run as the first of these that exists.
_UNPRIVILEGED = ("postgres", "nobody")
_POLL_S = 0.01


class Lab:
    """Owns what a lab starts: all of it ends with the context, or with this process.

    A keeper process holds the other end of a pipe and cleans up when it closes; so a SIGKILL of
    the owner leaves nothing behind. A process is ended only while its start time is the one that
    was noted, never another that got the same id.
    """

    def __init__(self, prefix: str = "clinigate-lab-") -> None:
        self._prefix = prefix
        self._started: list[subprocess.Popen[bytes]] = []
        self._keeper: subprocess.Popen[bytes] | None = None
        self._telling = threading.Lock()

    def __enter__(self) -> Lab:
        self._keeper = subprocess.Popen(  # noqa: S603 - this interpreter, a file of ours
            [sys.executable, "-I", "-S", keeper.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._keeper is not None
        self._keeper.communicate()
        for process in self._started:
            process.wait()

    @property
    def user(self) -> str | None:
        """Who the servers run as: None (whoever this is), or a plain user when this is root."""
        return unprivileged_user() if os.geteuid() == 0 else None

    def directory(self) -> Path:
        """A new directory that the lab's servers can write and others cannot read."""
        path = Path(tempfile.mkdtemp(prefix=self._prefix))
        self._tell({"remove": str(path)})
        if (user := self.user) is not None:
            os.chown(path, _entry(user).pw_uid, _entry(user).pw_gid)
        return path

    def private_file(self, path: Path, text: str) -> Path:
        """Write a secret so that the lab's servers can read it, and nobody else but root."""
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
            if (user := self.user) is not None:
                os.fchown(file.fileno(), _entry(user).pw_uid, _entry(user).pw_gid)
        return path

    def start(
        self,
        command: Sequence[str],
        *,
        cwd: Path,
        log: Path,
        stop: int = signal.SIGTERM,
        plain_user: bool = True,
    ) -> subprocess.Popen[bytes]:
        """Start a program.

        Args:
            command: program and arguments; no secrets, every user of the host can read them.
            cwd: its working directory.
            log: file that its output is appended to.
            stop: the signal that ends it.
            plain_user: as the lab's user; otherwise as whoever this is.
        """
        with log.open("ab") as output:
            process = subprocess.Popen(  # noqa: S603 - a lab's program, no shell
                list(command),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                env={**os.environ, "LC_ALL": "C", "TZ": "UTC"},
                user=self.user if plain_user else None,
                group=self._group if plain_user else None,
                extra_groups=[] if plain_user and self.user is not None else None,
            )
        self._started.append(process)
        ticks = keeper.start_ticks(process.pid)
        if ticks is not None:
            self._tell({"pid": process.pid, "start_ticks": ticks, "signal": int(stop)})
        return process

    def call(
        self,
        command: Sequence[str],
        *,
        cwd: Path,
        timeout_s: float = 60.0,
        secrets: Mapping[str, str] | None = None,
    ) -> str:
        """Run a program to its end as the lab's user; return what it printed.

        `secrets` are environment variables, which other users cannot read.

        Raises:
            TargetError: it failed, or took longer than `timeout_s`.
        """
        name = Path(command[0]).name
        try:
            done = subprocess.run(  # noqa: S603 - a lab's program, no shell
                list(command),
                cwd=cwd,
                capture_output=True,
                text=True,
                timeout=timeout_s,
                check=False,
                env={**os.environ, "LC_ALL": "C", "TZ": "UTC", **(secrets or {})},
                user=self.user,
                group=self._group,
                extra_groups=None if self.user is None else [],
            )
        except subprocess.TimeoutExpired:
            raise TargetError(f"lab: {name} did not end within {timeout_s:g} s") from None
        if done.returncode:
            last = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["nothing printed"]
            raise TargetError(f"lab: {name} failed with exit status {done.returncode}: {last[0]}")
        return done.stdout

    @property
    def _group(self) -> int | None:
        return None if self.user is None else _entry(self.user).pw_gid

    def _tell(self, order: dict[str, object]) -> None:
        assert self._keeper is not None
        assert self._keeper.stdin is not None
        with self._telling:
            self._keeper.stdin.write(json.dumps(order).encode() + b"\n")
            self._keeper.stdin.flush()


def unprivileged_user() -> str | None:
    """Name of a user that is not root and exists on this host."""
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in _UNPRIVILEGED if name in names), None)


def free_port() -> int:
    """A loopback port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(holds: Callable[[], bool], *, within_s: float, every_s: float = _POLL_S) -> bool:
    """Wait for a condition; tell whether it came to hold before the deadline.

    `every_s`: the pause between two looks; a look that costs something wants a longer one.
    """
    deadline = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(every_s)
    return True


def _entry(user: str) -> pwd.struct_passwd:
    return pwd.getpwnam(user)
