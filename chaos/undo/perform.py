"""Take one injection back, in the process that calls this: a fresh one, see `__main__`."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Any

from clinigate.chaos.undo.ledger import Ledger, LedgerState, Step, process_start_ticks
from clinigate.chaos.undo.place import elsewhere
from clinigate.errors import EvidenceError

__all__ = ["perform"]

#: An injection under way may end by itself for so long before its process is killed.
_GRACE_S = 0.5
_LOCK_S = 10.0
_POLL_S = 0.05
_TRIES = 3
_CLOSING_TRIES = 20


def perform(ledger: Ledger, *, by: str, reason: str) -> bool:
    """Undo what the ledger says was or may have been injected; whether it is closed then.

    Idempotent, and safe beside others that do the same: one after the other, and whoever comes
    second finds it closed.

    Raises:
        EvidenceError: the ledger cannot be read or written, or is about processes that cannot be
            seen from here.
    """
    state = ledger.state()
    if state.closed:
        return True
    planned = next((event for event in state.events if event["event"] == "planned"), {})
    if (why := elsewhere(planned)) is not None:
        raise EvidenceError(f"{ledger.path}: {why}")
    _stop_injector(ledger)
    try:
        with ledger.held(_LOCK_S):
            return _perform(ledger, by, reason)
    except TimeoutError:
        return ledger.state().closed


def _perform(ledger: Ledger, by: str, reason: str) -> bool:
    state = ledger.state()
    if state.closed:
        return True
    diary = _Diary(ledger)
    # 1. From here on nobody injects any more: they need the lock, which is held.
    diary.note("undoing", by=by, reason=reason)
    if not state.may_be_injected:
        diary.close(by=by, detail="nothing was injected")
        return True
    # 2. Each step, the last one first, and each one's verification by itself.
    failures = [text for text in _undo_all(diary, state) if text is not None]
    # 3. Closed only when every step is verified.
    if failures:
        diary.fail(by=by, detail="; ".join(failures))
        return False
    diary.close(by=by, detail=f"{len(state.steps)} step(s) verified")
    return True


class _Diary:
    """What an undo writes. Until its steps have run, a disk that refuses keeps it from nothing:

    a full disk may be the very fault that is to be taken back. Lines that were refused are written
    as soon as there is room, with the time at which they were due.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._owed: list[tuple[str, dict[str, Any]]] = []

    def note(self, event: str, **fields: Any) -> None:
        """Write a line, or owe it."""
        self._owed.append((event, {"mono_ns": time.monotonic_ns(), **fields}))
        with suppress(EvidenceError):
            self._pay()

    def close(self, *, by: str, detail: str) -> None:
        """Write what is owed and that all is undone; tried again, as the steps may free the disk.

        Raises:
            EvidenceError: the disk refuses all the time; the ledger stays open.
        """
        self.note("undone", by=by, detail=detail)
        for _ in range(_CLOSING_TRIES):
            with suppress(EvidenceError):
                return self._pay()
            time.sleep(_POLL_S)
        try:
            self._pay()
        except EvidenceError as error:
            raise EvidenceError(f"undone ({detail}), but the ledger stays open: {error}") from error

    def fail(self, *, by: str, detail: str) -> None:
        """Write that the undo failed.

        Raises:
            EvidenceError: the disk refuses; the failure is named, which would be lost otherwise.
        """
        self.note("undo-failed", by=by, detail=detail)
        try:
            self._pay()
        except EvidenceError as error:
            raise EvidenceError(f"{detail}; and {error}") from error

    def _pay(self) -> None:
        while self._owed:
            event, fields = self._owed[0]
            self._ledger.append(event, **fields)
            del self._owed[0]


def _undo_all(diary: _Diary, state: LedgerState) -> list[str | None]:
    if not state.steps:
        return ["the ledger names no undo step; look at the system yourself"]
    deadline = time.monotonic() + state.within_s
    results: list[str | None] = []
    for step in reversed(state.steps):
        begun = time.monotonic()
        failure = _undo_one(step, deadline)
        results.append(failure)
        diary.note(
            "step",
            title=step.title or step.action,
            ok=failure is None,
            detail=failure or "verified",
            seconds=round(time.monotonic() - begun, 4),
        )
    return results


def _undo_one(step: Step, deadline: float) -> str | None:
    """What is wrong after the step; None when its effect is verified to be gone."""
    failure = "not verified in time"
    for attempt in range(_TRIES):
        try:
            _function(step.action)(step.args)
        except Exception as error:  # noqa: BLE001 - a driver's function; the next step must still run
            failure = f"{step.action}: {type(error).__name__}: {error}"
        until = deadline if attempt == _TRIES - 1 else min(deadline, time.monotonic() + 1.0)
        verdict = _verified(step, until)
        if verdict is None:
            return None
        failure = f"{step.title or step.action}: {verdict} ({failure})"
    return failure


def _verified(step: Step, until: float) -> str | None:
    while True:
        try:
            if _function(step.verify)(step.args):
                return None
            seen = "its effect is still there"
        except Exception as error:  # noqa: BLE001 - a driver's function
            seen = f"{step.verify}: {type(error).__name__}: {error}"
        if time.monotonic() >= until:
            return seen
        time.sleep(_POLL_S)


def _function(name: str) -> Callable[[Any], Any]:
    module, _, attribute = name.partition(":")
    found: Callable[[Any], Any] = getattr(import_module(module), attribute)
    return found


def _stop_injector(ledger: Ledger) -> None:
    """End whoever is still injecting after the grace, so that no fault lands behind the undo."""
    deadline = time.monotonic() + _GRACE_S
    while (state := ledger.state()).injector is not None and state.injected_ns is None:
        pid, ticks = state.injector
        # Whoever injected and now waits for this very undo injects no more.
        if pid == os.getppid() or process_start_ticks(pid) != ticks or _gave_up(state):
            return
        if time.monotonic() >= deadline:
            _kill(pid)
            return
        time.sleep(_POLL_S)


def _gave_up(state: LedgerState) -> bool:
    return any(event["event"] == "inject-failed" for event in state.events)


def _kill(pid: int) -> None:
    try:
        # Chaos Toolkit's process leads a group of its own, with whatever the driver called in it.
        if os.getpgid(pid) == pid:
            os.killpg(pid, signal.SIGKILL)
        else:
            os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
