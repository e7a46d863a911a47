"""One process's part of a run, written as it happens.

Each record is redacted, becomes one line, and reaches the kernel in one write before the call
returns. A process that is killed at any moment loses none of the records it was told are written;
at most the line in the making is torn, and that is seen. Against power loss the spool is forced
onto the disk at `start` and `finish`.
"""

from __future__ import annotations

import fcntl
import os
import re
import threading
import weakref
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from clinigate.core.canonical import sha256_hex
from clinigate.core.codec import to_plain
from clinigate.core.observation import Observation
from clinigate.core.verdict import Verdict
from clinigate.errors import EvidenceError, UsageError
from clinigate.evidence.files import append_bytes, naming, write_atomic
from clinigate.evidence.names import STATEMENT, UNSIGNED_STATEMENT, blob_path
from clinigate.evidence.redaction import Redactor
from clinigate.evidence.spool import RunStatus, spool_line
from clinigate.evidence.times import Clock, timestamp

__all__ = ["Recorder", "is_sealed"]

_PRODUCER = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


def is_sealed(run_directory: Path) -> bool:
    """Tell whether a run's statement exists, signed or not."""
    return any((run_directory / name).exists() for name in (STATEMENT, UNSIGNED_STATEMENT))


class Recorder:
    """Appends to one spool, from the threads of one process."""

    def __init__(
        self,
        run_directory: Path,
        producer: str,
        *,
        redactor: Redactor,
        clock: Clock,
        start: Mapping[str, Any],
    ) -> None:
        """Open a new spool and write its `start`.

        Args:
            run_directory: the run's home; it exists.
            producer: who writes, as `pytest` or `load`: lower-case letters, digits, hyphens.
            redactor: what takes identifiers out.
            clock: source of the records' times.
            start: what the first record says.

        Raises:
            UsageError: a producer that cannot be part of a file name.
            EvidenceError: the disk refuses.
        """
        if not _PRODUCER.fullmatch(producer):
            raise UsageError(
                f"producer is {producer!r}; use up to 40 lower-case letters, digits, hyphens"
            )
        self._run_directory = run_directory
        self._redactor = redactor
        self._clock = clock
        self._lock = threading.Lock()
        self._pid = os.getpid()
        self._count = 0
        with naming(run_directory / "spool", "written"):
            self._presence = _take_part(run_directory / "spool")
            self._fd: int | None = _open_new(run_directory / "spool", f"{producer}-{self._pid}")
        _OPEN.add(self)
        self._write("start", {"producer": producer, **start})
        self._sync()

    def observation(self, observation: Observation | Mapping[str, Any]) -> None:
        """Record what a check saw."""
        self._write("observation", to_plain(observation))

    def verdict(self, verdict: Verdict | Mapping[str, Any]) -> None:
        """Record how a criterion came out."""
        self._write("verdict", to_plain(verdict))

    def note(self, topic: str, body: Mapping[str, Any]) -> None:
        """Record something that happened to the run itself, as a retry or a throttled pass."""
        self._write("note", {"topic": topic, "about": to_plain(body)})

    def blob(self, data: bytes, media_type: str) -> str:
        """Store raw evidence, redacted where it is text; return its digest (`sha256:…`).

        The digest is that of what is stored. What is no text is stored as it is, and its record
        says `redacted: false`: nobody looked for identifiers in it.
        """
        with self._lock:
            clean = self._redactor.blob(data, media_type)
        stored = data if clean is None else clean
        digest = f"sha256:{sha256_hex(stored)}"
        path = self._run_directory / blob_path(digest)
        if not path.exists():
            with naming(path.parent, "created"):
                path.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(path, stored, sync=False)
        about = {"digest": digest, "media_type": media_type, "size": len(stored)}
        self._write("blob", {**about, "redacted": clean is not None})
        return digest

    def finish(self, status: RunStatus = RunStatus.COMPLETE) -> None:
        """Write the last record and close; without it this part of the run is INCOMPLETE.

        Raises:
            UsageError: INCOMPLETE, which is what a missing `finish` means.
        """
        if status is RunStatus.INCOMPLETE:
            raise UsageError("a part that finishes is COMPLETE or ABORTED, never INCOMPLETE")
        found = [{"rule": rule, "count": n} for rule, n in sorted(self._redactor.counts.items())]
        self._write("finish", {"status": status, "records": self._count, "redactions": found})
        self._sync()
        self.close()

    def close(self) -> None:
        """Let go of the spool; without `finish` before, it stays INCOMPLETE."""
        with self._lock:
            self._leave()

    def __enter__(self) -> Recorder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Finish, as ABORTED when an exception passes through."""
        if self._fd is not None:
            self.finish(RunStatus.COMPLETE if error is None else RunStatus.ABORTED)

    def _write(self, kind: str, body: Any) -> None:
        if os.getpid() != self._pid:
            raise EvidenceError(
                "this recorder belongs to the process that opened it; "
                "a forked one joins the run by itself (clinigate.evidence.runs.join_run)"
            )
        with self._lock:
            if self._fd is None:
                raise EvidenceError("this recorder has finished; begin or join a run anew")
            line = spool_line(timestamp(self._clock()), kind, self._redactor.value(body))
            append_bytes(self._fd, line, "spool")
            self._count += 1

    def _leave(self) -> None:
        """Close the descriptors; those that a fork copied too, as the child takes no part."""
        if self._fd is not None:
            os.close(self._fd)
            os.close(self._presence)
            self._fd = None

    def _sync(self) -> None:
        if self._fd is not None:
            with naming(self._run_directory / "spool", "written"):
                os.fsync(self._fd)


def _leave_all() -> None:
    for recorder in list(_OPEN):
        recorder._leave()


#: Recorders of this process. A forked child that lives on, as a server does, would else keep their
#: lock, and the run could never be sealed.
_OPEN: weakref.WeakSet[Recorder] = weakref.WeakSet()
os.register_at_fork(after_in_child=_leave_all)


def _take_part(spool: Path) -> int:
    """Share the spool's lock for as long as this process lives: sealing needs it alone."""
    fd = os.open(spool, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        raise EvidenceError(f"{spool.parent}: this run is being sealed; nothing can join") from None
    if is_sealed(spool.parent):
        os.close(fd)
        raise EvidenceError(f"{spool.parent}: this run is sealed; nothing can be added to it")
    return fd


def _open_new(directory: Path, stem: str) -> int:
    # Process ids come again, in other containers and after a restart.
    for name in (stem, *(f"{stem}-{number}" for number in range(2, 10_000))):
        path = directory / f"{name}.ndjson"
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
            return os.open(path, flags, 0o600)
        except FileExistsError:
            continue
    raise EvidenceError(f"{directory}: ten thousand spools of {stem}; remove old runs")
