"""Faults of processes: killed without warning, or frozen while their sockets stay open."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Mapping

from clinigate.chaos.drivers.base import (
    Driver,
    NotAvailableError,
    UndoStep,
    Victim,
    VictimGoneError,
    fault,
)
from clinigate.chaos.drivers.local_topology import ProcessEntry
from clinigate.chaos.faults.parameters import refuse_unknown
from clinigate.chaos.faults.procfs import same, send, state, stopped
from clinigate.chaos.faults.system import system_of
from clinigate.chaos.model import FaultSpec, Json
from clinigate.errors import TargetError

__all__ = ["Freeze", "Kill", "is_running", "nothing", "nothing_left", "resume"]

_EFFECT_S = 5.0
_POLL_S = 0.002


@fault("process.kill", drivers=("local",))
class Kill:
    """SIGKILL. What the fault leaves behind is a dead process, which nobody can take back: that
    the system replaces it is what the experiment measures.
    """

    def undo_steps(
        self, driver: Driver, fault: FaultSpec, victims: tuple[Victim, ...]
    ) -> tuple[UndoStep, ...]:
        """Nothing to do and nothing to verify: dead or never hit, no hold of ours remains."""
        refuse_unknown(fault, ())
        return tuple(
            UndoStep(
                "clinigate.chaos.faults.process:nothing",
                "clinigate.chaos.faults.process:nothing_left",
                _named(part),
                f"{part.name} was killed; its supervisor replaces it",
            )
            for part in system_of(driver).parts(victims, ProcessEntry, fault.type)
        )

    def inject(self, driver: Driver, fault: FaultSpec, victims: tuple[Victim, ...]) -> None:
        """Kill each victim and return when all are gone."""
        parts = system_of(driver).parts(victims, ProcessEntry, fault.type)
        for part in parts:
            _signal(part, signal.SIGKILL)
        for part in parts:
            _await(part, lambda pid, ticks: not same(pid, ticks), "is not dead")


@fault("process.freeze", drivers=("local",))
class Freeze:
    """SIGSTOP: the grey failure. Connections stay open and are accepted, and nobody answers."""

    def undo_steps(
        self, driver: Driver, fault: FaultSpec, victims: tuple[Victim, ...]
    ) -> tuple[UndoStep, ...]:
        """SIGCONT; verified when exactly that process is no longer stopped, or is gone."""
        refuse_unknown(fault, ())
        return tuple(
            UndoStep(
                "clinigate.chaos.faults.process:resume",
                "clinigate.chaos.faults.process:is_running",
                _named(part),
                f"continue {part.name} (SIGCONT)",
            )
            for part in system_of(driver).parts(victims, ProcessEntry, fault.type)
        )

    def inject(self, driver: Driver, fault: FaultSpec, victims: tuple[Victim, ...]) -> None:
        """Stop each victim and return when all have stopped."""
        parts = system_of(driver).parts(victims, ProcessEntry, fault.type)
        for part in parts:
            _signal(part, signal.SIGSTOP)
        for part in parts:
            _await(part, stopped, "has not stopped")


def nothing(_args: Mapping[str, Json]) -> None:
    """Undo step of what needs no undoing."""


def nothing_left(_args: Mapping[str, Json]) -> bool:
    """Verification of what needs no undoing."""
    return True


def resume(args: Mapping[str, Json]) -> None:
    """Continue exactly the named process; one that is gone needs nothing."""
    pid, ticks = _exact(args)
    send(pid, ticks, signal.SIGCONT)


def is_running(args: Mapping[str, Json]) -> bool:
    """Whether exactly the named process is not stopped; one that is gone holds nobody up."""
    return state(*_exact(args)) not in ("T", "t")


def _named(part: ProcessEntry) -> dict[str, Json]:
    return {"name": part.name, "pid": part.pid, "start_ticks": part.start_ticks}


def _exact(args: Mapping[str, Json]) -> tuple[int, int]:
    pid, ticks = args["pid"], args["start_ticks"]
    assert isinstance(pid, int)
    assert isinstance(ticks, int)
    return pid, ticks


def _signal(part: ProcessEntry, number: signal.Signals) -> None:
    try:
        reached = send(part.pid, part.start_ticks, number)
    except PermissionError:
        raise NotAvailableError(
            f"process {part.name} belongs to another user; run as that user, or as root"
        ) from None
    if not reached:
        raise VictimGoneError(f"process {part.name} ended before it could be hit")


def _await(part: ProcessEntry, effect: Callable[[int, int], bool], otherwise: str) -> None:
    deadline = time.monotonic() + _EFFECT_S
    while not effect(part.pid, part.start_ticks):
        if time.monotonic() > deadline:
            raise TargetError(f"process {part.name} {otherwise} {_EFFECT_S:g} s after the signal")
        time.sleep(_POLL_S)
