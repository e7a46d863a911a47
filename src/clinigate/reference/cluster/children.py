"""Child processes of the supervisor: started, told their part, watched, started again."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clinigate.errors import TargetError

__all__ = ["Child", "Ready", "child_command"]

_READY_WITHIN_S = 30.0
_STABLE_AFTER_S = 5.0
_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 5.0
_LONGEST_LINE = 1024 * 1024

Ready = dict[str, Any]


@dataclass(eq=False, slots=True)
class Child:
    """One process, with its command and what it is told.

    Attributes:
        first_line: what goes to its standard input at each start, given what it said when it was
            ready the last time (empty at first).
        on_change: called when it is ready, with what it said, and with None when it ended.
        restarts: whether it is started again.
    """

    name: str
    command: Callable[[Ready], list[str]]
    first_line: Callable[[Ready], bytes]
    on_change: Callable[[Child, Ready | None], None]
    errors: Path
    restarts: bool = True
    inherits: tuple[int, ...] = ()
    ready: Ready = field(default_factory=dict)
    process: asyncio.subprocess.Process | None = None
    _keeper: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start it and return when it is ready; from then on it is watched.

        Raises:
            TargetError: it did not get ready; the message has its last words.
        """
        await self._begin()
        self._keeper = asyncio.create_task(self._keep())

    def tell(self, message: dict[str, Any]) -> None:
        """Send one more line to its standard input."""
        if self.process is not None and self.process.stdin is not None:
            with contextlib.suppress(OSError):
                self.process.stdin.write(json.dumps(message).encode() + b"\n")

    def kill(self) -> None:
        """End it at once, and do not start it again."""
        if self._keeper is not None:
            self._keeper.cancel()
        if self.process is not None and self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGKILL)

    async def _begin(self) -> None:
        with self.errors.open("ab") as errors:
            self.process = await asyncio.create_subprocess_exec(
                *self.command(self.ready),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                pass_fds=self.inherits,
                limit=_LONGEST_LINE,
            )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(self.first_line(self.ready))
        try:
            async with asyncio.timeout(_READY_WITHIN_S):
                said = await self.process.stdout.readline()
        except TimeoutError:
            said = b""
        if not said:
            self.kill()
            raise TargetError(f"{self.name} did not start: {_last_words(self.errors)}")
        self.ready = json.loads(said)
        self.on_change(self, self.ready)

    async def _keep(self) -> None:
        pause = 0.0
        while True:
            assert self.process is not None
            begun = time.monotonic()
            await self.process.wait()
            self.on_change(self, None)
            if not self.restarts:
                return
            stable = time.monotonic() - begun > _STABLE_AFTER_S
            pause = 0.0 if stable else min(max(2 * pause, _FIRST_PAUSE_S), _LONGEST_PAUSE_S)
            await asyncio.sleep(pause)
            await self._again()

    async def _again(self) -> None:
        try:
            await self._begin()
        except (TargetError, OSError):
            # Its last words are in the file; `_keep` sees that it ended and tries once more.
            return


def child_command(role: str) -> list[str]:
    """Return the command of one of our own roles."""
    module = "clinigate.reference.cluster.child"
    return [sys.executable, "-P", "-m", module, role, str(os.getpid())]


def _last_words(path: Path) -> str:
    lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
