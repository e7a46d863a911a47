"""The folder in which experiments keep what must outlive them, and the lock that lets one run."""

from __future__ import annotations

import fcntl
import json
import os
from datetime import datetime, timedelta
from pathlib import Path

from clinigate.chaos.slo import PERIOD_S
from clinigate.errors import EvidenceError
from clinigate.evidence.files import append_bytes, naming

__all__ = ["Flight", "note_spent", "spent_s"]


class Flight:
    """One experiment at a time on one state folder; the kernel frees the lock with the process."""

    def __init__(self, state: Path) -> None:
        """Take the lock if nobody has it.

        Raises:
            EvidenceError: the folder cannot be written.
        """
        self.state = state
        self.holder: str | None = None
        path = state / "flight.lock"
        with naming(path, "opened"):
            state.mkdir(parents=True, exist_ok=True)
            self._fd: int | None = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            said = os.read(self._fd, 100).decode("ascii", "replace").strip()
            self.holder = f"process {said}" if said else "another process"
            self.land()
            return
        os.truncate(self._fd, 0)
        os.write(self._fd, str(os.getpid()).encode())

    @property
    def mine(self) -> bool:
        """Whether this process has the lock."""
        return self._fd is not None

    def land(self) -> None:
        """Give the lock back."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


def note_spent(state: Path, fingerprint: str, seconds: float, at: datetime) -> None:
    """Charge seconds of outage to an environment's error budget.

    Raises:
        EvidenceError: the disk refuses.
    """
    path = state / "spent.ndjson"
    line = json.dumps({"at": at.isoformat(), "fingerprint": fingerprint, "seconds": seconds})
    with naming(path, "written"):
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        append_bytes(fd, line.encode() + b"\n", str(path))
    finally:
        os.close(fd)


def spent_s(state: Path, fingerprint: str, now: datetime) -> float:
    """Seconds of outage that experiments cost an environment in the last 30 days.

    Raises:
        EvidenceError: the file cannot be read; what was spent is then unknown.
    """
    path = state / "spent.ndjson"
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return 0.0
    except OSError as error:
        raise EvidenceError(f"{path}: cannot be read: {error.strerror}") from error
    since = now - timedelta(seconds=PERIOD_S)
    try:
        read = [json.loads(line) for line in lines]
        return sum(
            float(each["seconds"])
            for each in read
            if each["fingerprint"] == fingerprint and datetime.fromisoformat(each["at"]) >= since
        )
    except (ValueError, KeyError, TypeError) as error:
        raise EvidenceError(f"{path}: a line is malformed; mend or remove it") from error
