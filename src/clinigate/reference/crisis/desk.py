"""The escalation desk: takes each escalation once, writes it down, acknowledges, and closes it.

It stands for the event queue and the people behind it. Its journal is the proof of what reached
them: one JSON line for each escalation, synced before the acknowledgement.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from pathlib import Path

from clinigate.reference.resilience.lines import Message, Push

__all__ = ["Desk"]


class Desk:
    """Answers `{"op": "escalate", "trace": …, "severity": …}`, as often as it is asked."""

    def __init__(self, journal: Path, *, name: str, resolve_after_s: float) -> None:
        """`resolve_after_s` is how long the people behind it take to close a case."""
        self._name = name
        self._resolve_after_s = resolve_after_s
        self._taken: dict[str, float] = {}
        self._closed: dict[str, float] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._fd = os.open(journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        for line in journal.read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            self._taken[entry["trace"]] = self._closed[entry["trace"]] = entry["at"]

    async def handle(self, message: Message, push: Push) -> Message:
        """Take one escalation; the answer is the acknowledgement, and a push tells the end."""
        trace = str(message["trace"])
        if trace not in self._taken:
            await self._take(trace, str(message.get("severity", "")))
        if trace not in self._closed:
            task = asyncio.create_task(self._close(trace, push))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)
        answer: Message = {"acknowledged": self._taken[trace], "by": self._name}
        return {**answer, **self._end(trace)} if trace in self._closed else answer

    def close(self) -> None:
        """Close the journal, and leave what is open to whoever asks again."""
        for task in self._closing:
            task.cancel()
        os.close(self._fd)

    async def _take(self, trace: str, severity: str) -> None:
        at = time.time()
        line = json.dumps({"trace": trace, "severity": severity, "at": at}) + "\n"
        await asyncio.to_thread(self._write, line.encode())
        self._taken.setdefault(trace, at)

    def _write(self, line: bytes) -> None:
        os.write(self._fd, line)
        os.fsync(self._fd)

    async def _close(self, trace: str, push: Push) -> None:
        await asyncio.sleep(self._resolve_after_s)
        self._closed.setdefault(trace, time.time())
        push(self._end(trace))

    def _end(self, trace: str) -> Message:
        return {"trace": trace, "resolved": self._closed[trace], "by": self._name}
