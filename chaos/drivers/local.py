"""The driver of local systems: real processes, links and files that a topology file names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from clinigate.chaos.drivers.base import (
    Driver,
    DriverOptions,
    Environment,
    NotAvailableError,
    Probe,
    UndoStep,
    Victim,
    Witness,
    fault_action,
)
from clinigate.chaos.drivers.local_system import LocalSystem
from clinigate.chaos.faults import certificate, link, process, storage
from clinigate.chaos.model import FaultSpec, Invariant
from clinigate.chaos.probes.entry import EntryProbe
from clinigate.chaos.probes.witnesses import WITNESSES
from clinigate.errors import UsageError

__all__ = ["FAULT_MODULES", "LocalDriver", "connect"]

#: Importing them registers their fault types.
FAULT_MODULES = (certificate, link, process, storage)


class LocalDriver:
    """The hands on the system of one topology file."""

    name = "local"

    def __init__(self, system: LocalSystem) -> None:
        self.system = system

    def environment(self) -> Environment:
        """See `Driver`."""
        return self.system.environment()

    def resolve(self, selector: Mapping[str, str]) -> tuple[Victim, ...]:
        """See `Driver`."""
        return self.system.resolve(selector)

    def members(self, group: str) -> tuple[Victim, ...]:
        """See `Driver`."""
        return self.system.members(group)

    def undo_steps(self, fault: FaultSpec, victims: tuple[Victim, ...]) -> tuple[UndoStep, ...]:
        """See `Driver`."""
        return tuple(fault_action(self.name, fault.type).undo_steps(self, fault, victims))

    def inject(self, fault: FaultSpec, victims: tuple[Victim, ...]) -> None:
        """See `Driver`."""
        fault_action(self.name, fault.type).inject(self, fault, victims)

    def probe(self) -> Probe:
        """See `Driver`."""
        return EntryProbe(self.system.topology().entry)

    def witness(self, invariant: Invariant) -> Witness:
        """See `Driver`."""
        if invariant.probe not in WITNESSES:
            raise NotAvailableError(
                f"driver 'local' has no witness {invariant.probe!r}; "
                f"it has {', '.join(sorted(WITNESSES))}"
            )
        return WITNESSES[invariant.probe](self.system, invariant)


def connect(options: DriverOptions) -> Driver:
    """Connect to the system of `options.topology`.

    Raises:
        UsageError: no topology file is named.
        ConfigError: it cannot be read.
    """
    if options.topology is None:
        raise UsageError(
            "driver 'local' needs a running system; name its topology file with --topology, "
            "or start the reference service with --reference"
        )
    system = LocalSystem(Path(options.topology).absolute())
    system.topology()
    return LocalDriver(system)
