"""A durable outbox: what the database cannot take now waits on this replica's own disk.

One JSON object a line, synced before `put` returns. A line that a crash cut short is left out when
the file is read again: nothing was promised on it.
"""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any

from clinigate.errors import EvidenceError
from clinigate.reference.records.entry import Entry

__all__ = ["Outbox"]


class Outbox:
    """Entries that wait, by id, in the order in which they came."""

    def __init__(self, path: Path) -> None:
        """Open `path`, created private to its owner, with what a former process left in it.

        Raises:
            EvidenceError: the file cannot be opened.
        """
        self.path = path
        self._writing = asyncio.Lock()
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
            self.pending = _left_in(path.read_bytes())
        except OSError as error:
            raise EvidenceError(f"outbox {path}: {error.strerror}; choose another place") from error

    async def put(self, entry: Entry) -> None:
        """Write one entry and sync it to disk.

        Raises:
            EvidenceError: it is not safe on disk. It is kept in memory all the same.
        """
        self.pending[entry.id] = entry
        await self._append(entry.to_plain())

    async def settle(self, entry_id: str) -> None:
        """Forget an entry that reached the database. An unknown id is none of its business."""
        if self.pending.pop(entry_id, None) is None:
            return
        try:
            if self.pending:
                await self._append({"settled": entry_id}, sync=False)
            else:
                async with self._writing:
                    os.ftruncate(self._fd, 0)
        except (EvidenceError, OSError):
            # It comes again after a restart, and the database takes it as one that it knows.
            return

    def close(self) -> None:
        """Close the file. Calling it twice is harmless."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    async def _append(self, content: dict[str, Any], *, sync: bool = True) -> None:
        line = json.dumps(content).encode() + b"\n"
        async with self._writing:
            # In a thread: a sync takes milliseconds, and others must be answered meanwhile.
            await asyncio.to_thread(self._write, line, sync)

    def _write(self, line: bytes, sync: bool) -> None:
        try:
            end = os.fstat(self._fd).st_size
            written = os.write(self._fd, line)
            if written != len(line):
                os.ftruncate(self._fd, end)
                raise EvidenceError(f"outbox {self.path}: a line was cut short; is the disk full?")
            if sync:
                os.fsync(self._fd)
        except OSError as error:
            raise EvidenceError(f"outbox {self.path}: {error.strerror}") from error


def _left_in(content: bytes) -> dict[str, Entry]:
    pending: dict[str, Entry] = {}
    for line in content.splitlines():
        try:
            data = json.loads(line)
            if "settled" in data:
                pending.pop(data["settled"], None)
            else:
                entry = Entry.from_plain(data)
                pending[entry.id] = entry
        except (ValueError, KeyError, TypeError):
            continue
    return pending
