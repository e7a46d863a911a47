"""Faults of links: late, partitioned, refused or reset, through the chaos proxy in their way.

Each fault ends by itself shortly after its duration, whoever is alive then. Where a link has no
proxy of its own (no `control` in the topology), a transparent one is put in its way, which needs
root; connections that stand already then go on unharmed.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path

from clinigate.chaos.drivers.base import Driver, NotAvailableError, UndoStep, Victim, fault
from clinigate.chaos.drivers.local_topology import LinkEntry
from clinigate.chaos.faults.parameters import choice, refuse_unknown, seconds
from clinigate.chaos.faults.system import system_of
from clinigate.chaos.model import FaultSpec, Json
from clinigate.chaos.proxy import divert
from clinigate.chaos.proxy.address import Address
from clinigate.chaos.proxy.commands import Direction
from clinigate.chaos.proxy.control import tell
from clinigate.errors import TargetError

__all__ = ["Latency", "Partition", "Refuse", "Reset", "clear", "is_clear", "straight", "undivert"]

#: Beyond the duration, so that the undo ends the fault where it can, and the ttl where it cannot.
_SPARE_S = 2.0
_START_S = 10.0
_POLL_S = 0.01


class _LinkFault(ABC):
    """What the faults have in common; each says its command to the proxy."""

    @abstractmethod
    def command(self, fault: FaultSpec) -> dict[str, Json]:
        """Return the proxy's command without its ttl."""

    def undo_steps(
        self, driver: Driver, fault: FaultSpec, victims: tuple[Victim, ...]
    ) -> tuple[UndoStep, ...]:
        """Clear the link; verified when its proxy says that no fault stands, or is gone."""
        self.command(fault)
        parts = system_of(driver).parts(victims, LinkEntry, fault.type)
        return tuple(_undo_step(part) for part in parts)

    def inject(self, driver: Driver, fault: FaultSpec, victims: tuple[Victim, ...]) -> None:
        """Tell each link's proxy, and return when all have taken effect."""
        command = {**self.command(fault), "ttl_s": fault.duration_s + _SPARE_S}
        for part in system_of(driver).parts(victims, LinkEntry, fault.type):
            if part.control is None:
                _divert(Address.parse(part.upstream, f"link {part.name}: upstream"), command)
            else:
                tell(Address.parse(part.control, f"link {part.name}: control"), command)


@fault("link.latency", drivers=("local",))
class Latency(_LinkFault):
    """Every answer comes later by `delay`, plus up to `jitter`; `direction` can be `both`."""

    def command(self, fault: FaultSpec) -> dict[str, Json]:
        """Return the proxy's command."""
        refuse_unknown(fault, ("delay", "jitter", "direction"))
        return {
            "fault": "latency",
            "delay_s": seconds(fault, "delay"),
            "jitter_s": seconds(fault, "jitter", 0.0),
            "direction": choice(fault, "direction", (Direction.DOWN, Direction.UP, Direction.BOTH)),
        }


@fault("link.partition", drivers=("local",))
class Partition(_LinkFault):
    """Nothing passes and nothing is refused: packets are lost, as between two networks."""

    def command(self, fault: FaultSpec) -> dict[str, Json]:
        """Return the proxy's command."""
        refuse_unknown(fault, ())
        return {"fault": "blackhole"}


@fault("link.refuse", drivers=("local",))
class Refuse(_LinkFault):
    """Connections are refused and standing ones reset, as by a machine whose service ended."""

    def command(self, fault: FaultSpec) -> dict[str, Json]:
        """Return the proxy's command."""
        refuse_unknown(fault, ())
        return {"fault": "refuse"}


@fault("link.reset", drivers=("local",))
class Reset(_LinkFault):
    """Connections are accepted and reset at once, as by a firewall or a service that crashes."""

    def command(self, fault: FaultSpec) -> dict[str, Json]:
        """Return the proxy's command."""
        refuse_unknown(fault, ())
        return {"fault": "reset"}


def clear(args: Mapping[str, Json]) -> None:
    """Tell the proxy to clear its fault; one that is gone passes nothing, and holds nothing up."""
    control = Address.parse(str(args["control"]))
    if _answers(control):
        tell(control, {"fault": "clear"})


def is_clear(args: Mapping[str, Json]) -> bool:
    """Whether the proxy says that no fault stands, or is gone."""
    control = Address.parse(str(args["control"]))
    return not _answers(control) or tell(control, {"fault": "status"})["fault"] is None


def undivert(args: Mapping[str, Json]) -> None:
    """Lead new connections straight again, and let the proxy end with those that it still has."""
    address = Address.parse(str(args["divert"]))
    divert.end(address)
    ready = _ready_file(address)
    try:
        control = Address.parse(json.loads(ready.read_text(encoding="utf-8"))["control"])
    except FileNotFoundError:
        return
    clear({"control": str(control)})
    ready.unlink(missing_ok=True)


def straight(args: Mapping[str, Json]) -> bool:
    """Whether new connections go straight."""
    return not divert.stands(Address.parse(str(args["divert"])))


def _undo_step(part: LinkEntry) -> UndoStep:
    module = "clinigate.chaos.faults.link"
    if part.control is not None:
        args: dict[str, Json] = {"control": part.control}
        return UndoStep(f"{module}:clear", f"{module}:is_clear", args, f"clear link {part.name}")
    reason = divert.missing()
    if reason is not None:
        raise NotAvailableError(f"link {part.name} has no proxy of its own: {reason}")
    args = {"divert": part.upstream}
    title = f"lead connections to {part.upstream} straight again"
    return UndoStep(f"{module}:undivert", f"{module}:straight", args, title)


def _answers(control: Address) -> bool:
    try:
        tell(control, {"fault": "status"})
    except TargetError as error:
        if isinstance(error.__cause__, ConnectionRefusedError):
            return False
        raise
    return True


def _divert(address: Address, command: dict[str, Json]) -> None:
    """Start a transparent proxy that outlives this process, and wait until it stands.

    Until it is ready it belongs to this process's group: an undo that ends an injection under way
    ends it too, lest it diverts when all is undone.
    """
    ready = _ready_file(address)
    ready.unlink(missing_ok=True)
    arguments = ["--divert", str(address), "--fault", json.dumps(command)]
    arguments += ["--ready-file", str(ready)]
    proxy = subprocess.Popen(  # noqa: S603 - this interpreter, arguments of ours
        [sys.executable, "-P", "-m", "clinigate.chaos.proxy", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + _START_S
    while not ready.exists():
        if proxy.poll() is not None or time.monotonic() > deadline:
            proxy.send_signal(signal.SIGTERM)
            raise TargetError(f"the transparent proxy for {address} did not start")
        time.sleep(_POLL_S)


def _ready_file(address: Address) -> Path:
    """Where the proxy for `address` says how to reach it; root's own, not a shared folder."""
    folder = Path("/run/clinigate-chaos")
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder / f"{os.getuid()}-{divert.table_of(address)}.json"
