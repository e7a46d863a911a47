"""One container: a real process, restarted as its pod's policy says, with growing pauses."""

from __future__ import annotations

import asyncio
import ctypes
import os
import re
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from clinigate.chaos.localkube.defaults import now
from clinigate.chaos.localkube.status import Manifest

__all__ = ["Container"]

_PR_SET_PDEATHSIG = 1
_FIRST_BACKOFF_S = 10.0
_LONGEST_BACKOFF_S = 300.0
_RESET_AFTER_S = 600.0
_VARIABLE = re.compile(r"\$?\$\(([A-Za-z_][\w.-]*)\)")
_PAUSE = ("sleep", "infinity")


def _expanded(word: str, environment: Mapping[str, str]) -> str:
    """A word of a command with `$(NAME)` replaced; `$$(NAME)` and unknown names are kept."""

    def value(found: re.Match[str]) -> str:
        if found[0].startswith("$$"):
            return found[0][1:]
        return environment.get(found[1], found[0])

    return _VARIABLE.sub(value, word)


def _die_with_parent() -> None:
    """In the child, before exec: a pod never outlives its localkube, not even a SIGKILL of it."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class Container:
    """Runs one container's process and tells `changed` whenever its state did.

    A container without a command sleeps, as the usual pause image does.

    Attributes:
        state, last_state, restarts, ready: as `containerStatuses` shows them.
        started: set while the process runs.
    """

    def __init__(
        self,
        spec: Manifest,
        *,
        environment: Mapping[str, str],
        log: Path,
        restart_policy: str,
        second_s: float,
        changed: Callable[[], None],
    ) -> None:
        self.spec = spec
        self.environment = environment
        self.state: Manifest = {"waiting": {"reason": "ContainerCreating"}}
        self.last_state: Manifest = {}
        self.restarts = 0
        self.ready = False
        self.started = asyncio.Event()
        self._log = log
        self._policy = restart_policy
        self._second_s = second_s
        self._changed = changed
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = False

    @property
    def is_running(self) -> bool:
        """Whether its process is there."""
        return "running" in self.state

    async def run(self) -> None:
        """Start, and start again, until the policy or `stop` ends it."""
        backoff = _FIRST_BACKOFF_S
        while not self._stopping:
            started = asyncio.get_running_loop().time()
            code = await self._run_once()
            if self._stopping or not self._restarts_after(code):
                return
            if asyncio.get_running_loop().time() - started > _RESET_AFTER_S:
                backoff = _FIRST_BACKOFF_S
            if self.restarts:  # the first restart comes at once
                self._set({"waiting": {"reason": "CrashLoopBackOff"}})
                await asyncio.sleep(backoff * self._second_s)
                backoff = min(_LONGEST_BACKOFF_S, backoff * 2)
            self.restarts += 1

    def _restarts_after(self, code: int) -> bool:
        return self._policy == "Always" or (self._policy == "OnFailure" and code != 0)

    async def _run_once(self) -> int:
        command = [
            _expanded(str(word), self.environment)
            for word in (*(self.spec.get("command") or ()), *(self.spec.get("args") or ()))
        ]
        started = now()
        try:
            with self._log.open("ab") as log:
                self._process = await asyncio.create_subprocess_exec(
                    *(command or _PAUSE),
                    env=dict(self.environment),
                    cwd=self.spec.get("workingDir"),
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=log,
                    stderr=asyncio.subprocess.STDOUT,
                    start_new_session=True,
                    preexec_fn=_die_with_parent,
                )
        except OSError as error:
            self._ended(128, started, "StartError", str(error))
            return 128
        if not self._stopping:
            self.ready = "readinessProbe" not in self.spec
            self.started.set()
            self._set({"running": {"startedAt": started}})
        code = await self._process.wait()
        self._signal(signal.SIGKILL)  # what it left behind in its group goes with it
        code = 128 - code if code < 0 else code
        self._ended(code, started, "Completed" if code == 0 else "Error")
        return code

    def _ended(self, code: int, started: str, reason: str, message: str = "") -> None:
        self.ready = False
        self.started.clear()
        ended = {"exitCode": code, "reason": reason, "startedAt": started, "finishedAt": now()}
        self.last_state = {"terminated": {**ended, "message": message} if message else ended}
        self._set(self.last_state)

    def _set(self, state: Manifest) -> None:
        self.state = state
        self._changed()

    def restart(self) -> None:
        """Kill the process; the policy starts it again (a failed liveness probe)."""
        self._signal(signal.SIGKILL)

    async def stop(self, grace_s: float) -> None:
        """SIGTERM, then SIGKILL when the grace is over; returns when the process is gone."""
        self._stopping = True
        process = self._process
        if process is None or process.returncode is not None:
            return
        if grace_s > 0:
            self._signal(signal.SIGTERM)
            with suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), grace_s * self._second_s)
        self._signal(signal.SIGKILL)
        await process.wait()

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):  # the whole group may be gone already
                os.killpg(self._process.pid, number)
