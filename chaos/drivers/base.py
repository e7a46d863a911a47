"""What a driver is: the hands of an experiment on one kind of system.

A driver is connected anew in each process that needs it (the runner, Chaos Toolkit's process), from
its name and its `DriverOptions`; it keeps nothing of value in memory. Undo steps need no driver at
all: each is a function of a module, called with plain JSON in a fresh process, so that a fault can
be taken back when everything else is dead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from clinigate.chaos.model import FaultSpec, Invariant, Json
from clinigate.errors import ClinigateError, UsageError

if TYPE_CHECKING:  # undo steps import this in a process that must start in a moment
    from clinigate.core.exhibit import Exhibit
    from clinigate.core.measurement import Measurement
    from clinigate.core.observation import Fault, Finding, Gap
    from clinigate.measure.prober import Answer, Timeline

__all__ = [
    "Driver",
    "DriverOptions",
    "Environment",
    "FaultAction",
    "NotAvailableError",
    "Probe",
    "UndoStep",
    "Victim",
    "VictimGoneError",
    "Witness",
    "WitnessReport",
    "fault",
    "fault_action",
    "fault_types",
]


class NotAvailableError(ClinigateError):
    """What this machine or user cannot do (no root, no such tool): a gap, not a failure."""


class VictimGoneError(ClinigateError):
    """A frozen target is no longer the thing that was resolved; nothing may be done to it."""


@dataclass(frozen=True, slots=True)
class Environment:
    """Where a driver's system runs.

    Attributes:
        name: as the team calls it: `local`, `staging`, `production`.
        fingerprint: what the system is recognised by, whatever it is called (a cluster's
            kube-system uid, a host's machine id), as `local:<hash>`; never a secret.
        production: whether it is known to be production; a name that says so is enough besides.
    """

    name: str
    fingerprint: str
    production: bool = False


@dataclass(frozen=True, slots=True)
class Victim:
    """One thing that a fault may hit, frozen when the plan was made.

    Attributes:
        id: what the driver finds it by (`process/api-1`, `pod/clinic/api-7f9`).
        name: for people.
        labels: what selectors match.
        uid: changes whenever it is another thing under the same name (pid and start ticks).
        group: those that can stand in for each other (`api`); shares and survivors count there.
    """

    id: str
    name: str
    labels: Mapping[str, str]
    uid: str
    group: str


@dataclass(frozen=True, slots=True)
class UndoStep:
    """One step that takes a fault back; written to disk before the fault is injected.

    Attributes:
        action: `module:function`, called as `function(args)` in a fresh process. Idempotent, also
            where the fault never came to be; raises where it failed.
        verify: `module:function`, called as `function(args) -> bool` in a fresh process, also by
            another one than the action's: whether the fault's effect is gone by now.
        args: for both; JSON, and no secrets.
        title: for people, as `continue api-1 (SIGCONT)`.
    """

    action: str
    verify: str
    args: Mapping[str, Json]
    title: str = ""


@dataclass(frozen=True, slots=True)
class DriverOptions:
    """What a driver is connected with; plain data, so that another process can do the same.

    Attributes:
        topology: path of the topology file, for local drivers.
        environment: the name that the user gave to where this runs.
        settings: the driver's own, as `{"namespace": "clinic"}`; no secrets (name an environment
            variable instead).
    """

    topology: str | None = None
    environment: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict)


@runtime_checkable
class Probe(Protocol):
    """Asks the system's entry; made and used inside of one event loop."""

    async def __call__(self, number: int, /) -> str | Answer:
        """Send one request; `ok`, or a word for what went wrong. Raising counts as that too."""
        ...

    async def aclose(self) -> None:
        """Close connections."""
        ...


@dataclass(frozen=True, slots=True)
class WitnessReport:
    """What a witness saw over all repetitions.

    Attributes:
        about: measurements, findings, gaps, faults or exhibits, with metrics as the experiment
            names them (`experiment.prefix + "." + invariant.metric`).
        blobs: raw evidence with its media type; redacted when recorded.
    """

    about: tuple[Measurement | Finding | Gap | Fault | Exhibit, ...]
    blobs: tuple[tuple[bytes, str], ...] = ()


@runtime_checkable
class Witness(Protocol):
    """Watches one invariant: works beside the prober, and measures when all is over.

    One witness serves all repetitions: `start`, `stop`, again and again, then `report` once.
    """

    def start(self, repetition: int, timeline: Timeline) -> None:
        """Begin to watch, in threads or processes of its own; the timeline gives the zero."""
        ...

    def stop(self) -> None:
        """End the repetition, wait for what is under way, read back what needs reading."""
        ...

    def counts(self) -> tuple[int, int]:
        """Attempts and failed attempts so far, for abort rules; cheap, from any thread."""
        ...

    def report(self, prefix: str) -> WitnessReport:
        """What was seen; `prefix` is `chaos.<experiment>`."""
        ...


@runtime_checkable
class Driver(Protocol):
    """Hands on one kind of system; each method may raise `TargetError` or `NotAvailableError`."""

    @property
    def name(self) -> str:
        """The driver's name, as it stands in evidence: `local`, `localkube`, `kubernetes`."""
        ...

    def environment(self) -> Environment:
        """Where this is, found out from the system itself."""
        ...

    def resolve(self, selector: Mapping[str, str]) -> tuple[Victim, ...]:
        """Things that carry all of these labels now, in a stable order; empty if none does."""
        ...

    def members(self, group: str) -> tuple[Victim, ...]:
        """All living things of a group, victims or not."""
        ...

    def undo_steps(self, fault: FaultSpec, victims: tuple[Victim, ...]) -> tuple[UndoStep, ...]:
        """How this fault on these victims is taken back; never empty."""
        ...

    def inject(self, fault: FaultSpec, victims: tuple[Victim, ...]) -> None:
        """Inject, and return as soon as the fault is in effect; called in Chaos Toolkit's process.

        Raises:
            VictimGoneError: one of them is no longer the thing that was frozen.
        """
        ...

    def probe(self) -> Probe:
        """A new probe of the system's entry."""
        ...

    def witness(self, invariant: Invariant) -> Witness:
        """What watches this invariant here.

        Raises:
            NotAvailableError: this system offers nothing to watch it by.
        """
        ...


class FaultAction(Protocol):
    """One type of fault on one or more drivers; `driver` is the connected driver."""

    def undo_steps(
        self, driver: Driver, fault: FaultSpec, victims: tuple[Victim, ...]
    ) -> Iterable[UndoStep]:
        """See `Driver.undo_steps`."""
        ...

    def inject(self, driver: Driver, fault: FaultSpec, victims: tuple[Victim, ...]) -> None:
        """See `Driver.inject`."""
        ...


_FAULTS: dict[tuple[str, str], FaultAction] = {}


def fault(
    name: str, *, drivers: tuple[str, ...]
) -> Callable[[type[FaultAction]], type[FaultAction]]:
    """Register a class (made without arguments) as fault type `name` of these drivers.

    Drivers that use the registry import the modules of their faults, and hand `undo_steps` and
    `inject` on to `fault_action(self.name, fault.type)`.

    Raises:
        UsageError: the type is registered for one of the drivers already.
    """

    def register(action: type[FaultAction]) -> type[FaultAction]:
        for driver in drivers:
            if (name, driver) in _FAULTS:
                raise UsageError(f"fault type {name!r} is registered twice for driver {driver!r}")
            _FAULTS[name, driver] = action()
        return action

    return register


def fault_action(driver: str, name: str) -> FaultAction:
    """The fault type `name` of a driver.

    Raises:
        UsageError: the driver offers no such type; those that it offers are named.
    """
    try:
        return _FAULTS[name, driver]
    except KeyError:
        offered = ", ".join(fault_types(driver)) or "none"
        raise UsageError(
            f"driver {driver!r} offers no fault {name!r}; it offers {offered}"
        ) from None


def fault_types(driver: str) -> tuple[str, ...]:
    """Names of the fault types that are registered for a driver, sorted."""
    return tuple(sorted(name for name, of in _FAULTS if of == driver))
