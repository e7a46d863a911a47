"""What Chaos Toolkit calls, in its own process: inject, undo, and look whether the entry answers.

Each takes the path of an injection's file, which the rails have written; there is no way to inject
without one.
"""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import suppress
from pathlib import Path

from clinigate.chaos.drivers.base import Driver
from clinigate.chaos.injection import Injection, read_injection
from clinigate.chaos.undo.ledger import Ledger, process_start_ticks
from clinigate.chaos.undo.process import undo_in_fresh_process
from clinigate.errors import EvidenceError

__all__ = ["answers_well", "entry_answers", "inject", "undo"]

_LOCK_S = 5.0
_QUESTIONS = 3
_ANSWER_S = 5.0


def inject(injection: str) -> str:
    """Inject the fault; returns when it is in effect.

    Raises:
        EvidenceError: an undo has begun already, or the ledger cannot be written; where that shows
            only when the fault is in effect, it is taken back at once.
        VictimGoneError: a target is no longer the thing that was frozen.
    """
    frozen = read_injection(Path(injection))
    ledger = Ledger(Path(frozen.ledger))
    driver = frozen.connect()
    unwritten = None
    with ledger.held(_LOCK_S):
        if ledger.state().barred:
            raise EvidenceError(f"{frozen.id}: its undo has begun; nothing is injected any more")
        ledger.append("injecting", pid=os.getpid(), start_ticks=process_start_ticks(os.getpid()))
        try:
            driver.inject(frozen.fault, frozen.victims)
        except BaseException as error:
            with suppress(EvidenceError):  # the reason counts, not that it cannot be noted
                ledger.append("inject-failed", error=type(error).__name__, detail=str(error))
            raise
        at_ns = time.monotonic_ns()
        try:
            ledger.append("injected", mono_ns=at_ns)
        except EvidenceError as error:
            unwritten = error
    if unwritten is not None:
        _take_back_at_once(frozen, ledger, at_ns, unwritten)
    return ", ".join(victim.name for victim in frozen.victims)


def _take_back_at_once(frozen: Injection, ledger: Ledger, at_ns: int, error: EvidenceError) -> None:
    """End a fault that nobody can be told of: without its line no abort rule would be asked.

    Raises:
        EvidenceError: always. The ledger is told afterwards, if it can be, of the fault.
    """
    failure = undo_in_fresh_process(
        ledger.path, by="chaos-toolkit", reason="the ledger took no line while the fault was there"
    )
    ended = "was taken back at once" if failure is None else f"is NOT taken back: {failure}"
    why = (
        f"{frozen.id}: the fault was in effect and {ended}, because it could not be noted: {error}"
    )
    with suppress(EvidenceError):
        ledger.append("injected", mono_ns=at_ns)
        ledger.append("inject-failed", error=type(error).__name__, detail=why)
    raise EvidenceError(why) from error


def undo(injection: str) -> str:
    """Take the fault back, in a fresh process; nothing happens where it is undone already.

    Raises:
        EvidenceError: the undo failed; the ledger stays open.
    """
    frozen = read_injection(Path(injection))
    failure = undo_in_fresh_process(
        Path(frozen.ledger), by="chaos-toolkit", reason="the fault's duration is over"
    )
    if failure is not None:
        raise EvidenceError(f"{frozen.id}: the undo failed: {failure}")
    return Ledger(Path(frozen.ledger)).state().undone_by


def entry_answers(injection: str) -> bool:
    """Whether the system's entry answers well, asked a few times."""
    return answers_well(read_injection(Path(injection)).connect())


def answers_well(driver: Driver) -> bool:
    """Whether the entry of a driver's system answers well, asked a few times."""
    return asyncio.run(_answers_well(driver))


async def _answers_well(driver: Driver) -> bool:
    probe = driver.probe()
    try:
        async with asyncio.timeout(_ANSWER_S):
            answers = [await probe(number) for number in range(_QUESTIONS)]
    finally:
        await probe.aclose()
    return all(str(getattr(answer, "outcome", answer)) == "ok" for answer in answers)
