"""The driver of a PostgreSQL pair on this host: `clinigate.chaos.labs.failover`'s, by its topology.

Its one fault, `db.primary-kill`, kills the serving server as a power loss would. With the parameter
`partition` replication is cut so long before. What it takes back is the loss of redundancy: the
lost server is rebuilt as standby of the promoted one. It cannot take back lost writes; they are the
lab's own markers, and go with it.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clinigate.chaos import units
from clinigate.chaos.drivers.base import (
    Driver,
    DriverOptions,
    Environment,
    NotAvailableError,
    UndoStep,
    Victim,
    VictimGoneError,
    Witness,
    fault,
    fault_action,
)
from clinigate.chaos.drivers.local_system import LocalSystem
from clinigate.chaos.drivers.local_topology import DatabaseEntry
from clinigate.chaos.drivers.postgres_markers import MarkerWitness
from clinigate.chaos.labs.markers import MarkerWriter
from clinigate.chaos.labs.postgres import kill_server
from clinigate.chaos.model import FaultSpec, Invariant, Json
from clinigate.chaos.proxy.address import Address
from clinigate.chaos.proxy.control import tell
from clinigate.errors import ConfigError, MissingExtraError, UsageError

__all__ = ["NAME", "PostgresLocalDriver", "PrimaryKill", "connect"]

NAME = "postgres-local"
_UNDO = "clinigate.chaos.labs.failover"
#: A cut link stays cut until the standby was promoted, or bytes under way would arrive after all.
_PARTITION_SPARE_S = 60.0


class PostgresLocalDriver:
    """The hands on one pair."""

    name = NAME

    def __init__(self, source: Path) -> None:
        self.source = source
        self.system = LocalSystem(source)

    def description(self) -> dict[str, Any]:
        """What the topology file says now, with what only a pair says of itself."""
        self.system.topology()
        said: dict[str, Any] = json.loads(self.source.read_text(encoding="utf-8"))
        if "dsn" not in said["entry"] or "control" not in said:
            raise ConfigError(
                f"{self.source}: describes no PostgreSQL pair; start one with "
                "`python -m clinigate.chaos.labs.failover --topology FILE`"
            )
        return said

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

    def probe(self) -> MarkerWriter:
        """See `Driver`; a request is one write that commits."""
        said = self.description()
        return MarkerWriter(said["entry"]["dsn"], f"probe-{secrets.token_hex(4)}", nodes(said))

    def witness(self, invariant: Invariant) -> Witness:
        """See `Driver`."""
        if invariant.probe != "markers":
            raise NotAvailableError(
                f"driver '{NAME}' has no witness {invariant.probe!r}; it has markers"
            )
        return MarkerWitness(self.description, invariant)


@fault("db.primary-kill", drivers=(NAME,))
class PrimaryKill:
    """SIGKILL of the serving postmaster and all its children; parameters: `Parameters`."""

    def undo_steps(
        self, driver: Driver, fault: FaultSpec, victims: tuple[Victim, ...]
    ) -> Iterable[UndoStep]:
        """Rebuild the lost server as standby of the one that serves."""
        said = _pair(driver).description()
        wanted = parameters(fault)
        if wanted.mode is not None and wanted.mode != said["mode"]:
            raise UsageError(
                f"the experiment is meant for {wanted.mode} replication, and the pair of "
                f"{_pair(driver).source} is {said['mode']}; start the other one"
            )
        lost = ", ".join(victim.name for victim in victims)
        yield UndoStep(
            action=f"{_UNDO}:restore",
            verify=f"{_UNDO}:restored",
            args={"control": said["control"]},
            title=f"rebuild {lost} as standby of the promoted server, make the link whole",
        )

    def inject(self, driver: Driver, fault: FaultSpec, victims: tuple[Victim, ...]) -> None:
        """Cut replication where asked to, wait, kill."""
        pair = _pair(driver)
        servers = pair.system.parts(victims, DatabaseEntry, fault.type)
        cut_s = parameters(fault).partition_s
        if cut_s > 0:
            lost = {victim.name for victim in victims}
            for link in pair.system.topology().links:
                if link.control is not None and link.labels.get("to") in lost:
                    order = {"fault": "blackhole", "ttl_s": cut_s + _PARTITION_SPARE_S}
                    tell(Address.parse(link.control), order)
            time.sleep(cut_s)
        for server in servers:
            if server.pid is None or server.start_ticks is None:
                raise UsageError(f"{server.name}: the topology names no process to kill")
            if not kill_server(server.pid, server.start_ticks):
                raise VictimGoneError(f"{server.name}: its process is another one by now")


@dataclass(frozen=True, slots=True)
class Parameters:
    """What `db.primary-kill` can be told.

    Attributes:
        partition_s: replication is cut for so long before (`partition: 30s`); 0 is not at all.
        mode: `async` or `sync`, the only replication that the experiment is meant for; None is any.
    """

    partition_s: float = 0.0
    mode: str | None = None


def parameters(fault: FaultSpec) -> Parameters:
    """Read the parameters of the fault.

    Raises:
        ConfigError: one that this fault does not know, or a value that cannot be meant.
    """
    said = fault.parameters
    unknown = sorted(said.keys() - {"partition", "mode"})
    if unknown:
        raise ConfigError(
            f"spec.fault.parameters: {fault.type} has no {unknown[0]!r}; it has partition and mode"
        )
    mode = said.get("mode")
    if mode not in (None, "async", "sync"):
        raise ConfigError(f"spec.fault.parameters.mode is {mode!r}; wanted async or sync")
    return Parameters(
        _partition_s(said.get("partition", "0s")), None if mode is None else str(mode)
    )


def _partition_s(said: Json) -> float:
    if said in ("0s", 0):
        return 0.0
    try:
        return units.duration(str(said))
    except ValueError as error:
        raise ConfigError(f"spec.fault.parameters.partition: {error}") from None


def nodes(description: Mapping[str, Any]) -> dict[int, str]:
    """Names of a pair's servers by their port."""
    return {each["port"]: each["name"] for each in description["databases"]}


def connect(options: DriverOptions) -> Driver:
    """Connect to the pair of `options.topology`.

    Raises:
        UsageError: no topology file is named.
        MissingExtraError: there is no client for PostgreSQL.
        ConfigError: it cannot be read, or describes no pair.
    """
    if options.topology is None:
        raise UsageError(
            f"driver '{NAME}' needs a running pair; start one with `python -m "
            "clinigate.chaos.labs.failover --topology FILE` and name FILE with --topology"
        )
    try:
        # Now, as loading it takes longer than a request may be late.
        import psycopg  # noqa: F401
    except ImportError:
        raise MissingExtraError(f"driver '{NAME}'", "db") from None
    driver = PostgresLocalDriver(Path(options.topology).absolute())
    driver.description()
    return driver


def _pair(driver: Driver) -> PostgresLocalDriver:
    assert isinstance(driver, PostgresLocalDriver)
    return driver
