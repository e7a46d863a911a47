"""A hash-chained audit log: one JSON line for each access. 45 CFR 164.312(b).

Every line carries the SHA-256 of the line before it, so that a line that was edited, removed from
the middle, repeated or reordered is found by `verify_chain`. Two limits: whoever can rewrite the
whole file can rebuild the chain, and lines cut from the end leave a shorter chain that is whole;
both are found only by comparing with a head that was kept elsewhere (`head=`).

A line is handed to the kernel before the reply is sent. It survives the death of the process;
it is not synced to disk, so a power cut may take the last seconds.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from clinigate.core.canonical import canonical_bytes, parse_json, sha256_hex
from clinigate.errors import EvidenceError, IntegrityError

__all__ = [
    "GENESIS",
    "AuditEvent",
    "AuditLog",
    "Chain",
    "chained_line",
    "verify_chain",
    "verify_lines",
]

GENESIS = "0" * 64
"""What the first line names as the line before it."""


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """Who did what to which resource, and how it ended. It never holds words of a conversation.

    `patient` is the id of whose record it was, where it was one's.
    """

    actor: str
    action: str
    outcome: str
    resource: str = ""
    request: str = ""
    address: str = ""
    patient: str = ""


@dataclass(frozen=True, slots=True)
class Chain:
    """The state of a chain: its number of lines and the digest of the last one."""

    length: int = 0
    head: str = GENESIS


def chained_line(chain: Chain, event: AuditEvent, *, at: float) -> tuple[bytes, Chain]:
    """Return the line that puts `event` at the end of `chain`, and the chain with it.

    `at` is in seconds since the epoch.
    """
    row = {
        "seq": chain.length + 1,
        "time": datetime.fromtimestamp(at, UTC).isoformat(),
        **asdict(event),
        "prev": chain.head,
    }
    digest = sha256_hex(canonical_bytes(row))
    line = canonical_bytes({**row, "hash": digest}) + b"\n"
    return line, Chain(chain.length + 1, digest)


class AuditLog:
    """The writing end of one chain. Safe to use from several threads of one process."""

    def __init__(self, path: Path, *, clock: Callable[[], float]) -> None:
        """Open `path`, created private to its owner, and go on with the chain that it holds.

        Raises:
            IntegrityError: the file holds a chain that does not verify.
            EvidenceError: the file cannot be opened.
        """
        self.path = path
        self._clock = clock
        self._lock = threading.Lock()
        self._chain = verify_chain(path) if path.is_file() else Chain()
        try:
            self._fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        except OSError as error:
            raise EvidenceError(
                f"audit log {path}: {error.strerror}; choose another data directory"
            ) from error

    @property
    def chain(self) -> Chain:
        """How long the chain is and where it ends."""
        return self._chain

    def append(self, event: AuditEvent) -> str:
        """Write one line and return its digest.

        Raises:
            EvidenceError: the line could not be written whole; the access must then be refused.
        """
        with self._lock:
            line, grown = chained_line(self._chain, event, at=self._clock())
            self._write(line)
            self._chain = grown
            return grown.head

    def close(self) -> None:
        """Close the file. Calling it twice is harmless."""
        with self._lock:
            if self._fd >= 0:
                os.close(self._fd)
                self._fd = -1

    def _write(self, line: bytes) -> None:
        try:
            end = os.fstat(self._fd).st_size
            written = os.write(self._fd, line)
            if written != len(line):
                # What was cut short must not become the beginning of the next line.
                os.ftruncate(self._fd, end)
        except OSError as error:
            raise EvidenceError(f"audit log {self.path}: {error.strerror}") from error
        if written != len(line):
            raise EvidenceError(f"audit log {self.path}: a line was cut short; is the disk full?")


def verify_chain(path: Path, *, head: str | None = None) -> Chain:
    """Check every line of the log at `path` and return the chain's length and head.

    `head` is the digest that the last line must have, when one was kept elsewhere.

    Raises:
        IntegrityError: a line is no JSON, was changed, or does not follow the one before it.
    """
    return verify_lines(path.read_bytes().splitlines(keepends=True), str(path), head=head)


def verify_lines(lines: Iterable[bytes], name: str, *, head: str | None = None) -> Chain:
    """Check the lines of one chain, wherever they were kept; `name` is for the messages.

    Raises:
        IntegrityError: as `verify_chain`.
    """
    chain = Chain()
    for number, line in enumerate(lines, start=1):
        chain = _follow(chain, line, f"{name} line {number}")
    if head is not None and chain.head != head:
        raise IntegrityError(f"{name}: the log ends at {chain.head}, expected {head}")
    return chain


def _follow(chain: Chain, line: bytes, where: str) -> Chain:
    try:
        row: dict[str, Any] = parse_json(line)
        digest = row["hash"]
        # Exactly the bytes that were written: another spelling of the same values is an edit too.
        exact = canonical_bytes(row) + b"\n" == line
        del row["hash"]
        intact = exact and sha256_hex(canonical_bytes(row)) == digest
        follows = row["seq"] == chain.length + 1 and row["prev"] == chain.head
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise IntegrityError(f"{where}: not a line of an audit log") from error
    if not intact:
        raise IntegrityError(f"{where}: the line does not match its own digest")
    if not follows:
        raise IntegrityError(f"{where}: the line does not follow the one before it")
    return Chain(chain.length + 1, digest)
