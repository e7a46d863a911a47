"""The generator's journal: what its workers counted, appended as it comes, read by the parent.

One line of JSON each: `begun` once, then a `delta` for each report of a worker, `end` last. A
generator that is killed has lost at most the line in the making; numbers of reports without a gap
show that nothing else is missing.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clinigate.errors import UsageError
from clinigate.load.tally import Tally

__all__ = ["Journal", "JournalReader"]


class Journal:
    """Writes one generator's journal."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def begun(self, *, workers: int, zero_wall: float, versions: Mapping[str, str]) -> None:
        """Say that conversations begin at `zero_wall`, seconds of the epoch."""
        body = {"workers": workers, "zero_wall": zero_wall, "versions": dict(versions)}
        self._write({"kind": "begun", **body})

    def delta(self, worker: int, number: int, tally: Mapping[str, Any]) -> None:
        """Append one worker's report; `number` counts its reports from 0."""
        self._write({"kind": "delta", "worker": worker, "number": number, "tally": tally})

    def end(self, how: str, trouble: str | None = None) -> None:
        """Say how it ended: `complete`, `stopped`, or `broken` with its trouble."""
        self._write({"kind": "end", "how": how, "trouble": trouble})

    def _write(self, line: Mapping[str, Any]) -> None:
        os.write(self._fd, json.dumps(line, separators=(",", ":")).encode("utf-8") + b"\n")


@dataclass(slots=True)
class JournalReader:
    """Reads a journal while it grows.

    Attributes:
        tally: all that was counted so far.
        workers, zero_wall, versions: as `begun` said; 0 workers before it did.
        how: how it ended; None before. trouble: what went wrong, if anything did.
    """

    path: Path
    tally: Tally = field(default_factory=Tally)
    workers: int = 0
    zero_wall: float = 0.0
    versions: dict[str, str] = field(default_factory=dict)
    how: str | None = None
    trouble: str | None = None
    _offset: int = 0
    _rest: bytes = b""
    _next: dict[int, int] = field(default_factory=dict)

    def catch_up(self) -> bool:
        """Take in what was written since the last time; return whether anything was.

        Raises:
            UsageError: a line that no journal holds.
        """
        try:
            with self.path.open("rb") as file:
                file.seek(self._offset)
                more = file.read()
        except FileNotFoundError:
            return False
        self._offset += len(more)
        *lines, self._rest = (self._rest + more).split(b"\n")
        for line in lines:
            self._take_in(line)
        return bool(lines)

    def _take_in(self, line: bytes) -> None:
        try:
            record = json.loads(line)
            kind = record["kind"]
            if kind == "begun":
                self.workers = record["workers"]
                self.zero_wall = record["zero_wall"]
                self.versions = record["versions"]
            elif kind == "delta":
                self._delta(record["worker"], record["number"], record["tally"])
            else:
                self.how, self.trouble = record["how"], record["trouble"] or self.trouble
        except (ValueError, KeyError, TypeError) as error:
            raise UsageError(f"{self.path.name}: {type(error).__name__} in a line") from error

    def _delta(self, worker: int, number: int, tally: Mapping[str, Any]) -> None:
        expected = self._next.get(worker, 0)
        if number != expected:
            self.trouble = f"a report of worker {worker} was lost"
        self._next[worker] = number + 1
        self.tally.merge(Tally.from_plain(tally))
