"""Fault of a server's certificate: it has expired, or is about to.

The certificate is issued anew by the test system's own authority with nothing but its time changed,
put in place of the old one, and read again by the server on its signal. The old one is kept beside
it until the undo puts it back.
"""

from __future__ import annotations

import os
import signal
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from clinigate.chaos.drivers.base import Driver, UndoStep, Victim, fault
from clinigate.chaos.drivers.local_topology import CertificateEntry, read_topology
from clinigate.chaos.faults.certificates import reissued, served
from clinigate.chaos.faults.parameters import refuse_unknown, seconds
from clinigate.chaos.faults.procfs import send
from clinigate.chaos.faults.system import system_of
from clinigate.chaos.model import FaultSpec, Json
from clinigate.errors import TargetError

__all__ = ["Expired", "Expiring", "is_restored", "restore"]

_MODULE = "clinigate.chaos.faults.certificate"
_KEPT = ".clinigate-chaos-kept"
_EFFECT_S = 10.0
_POLL_S = 0.02
_DAY_S = 86400.0


class _CertificateFault(ABC):
    """What both have in common: how long the new certificate is valid differs."""

    @abstractmethod
    def ends_in(self, fault: FaultSpec) -> timedelta:
        """Return when the certificate ends, from now."""

    def undo_steps(
        self, driver: Driver, fault: FaultSpec, victims: tuple[Victim, ...]
    ) -> tuple[UndoStep, ...]:
        """Put the old certificate back; verified when the server shows it."""
        self.ends_in(fault)
        system = system_of(driver)
        return tuple(
            UndoStep(
                f"{_MODULE}:restore",
                f"{_MODULE}:is_restored",
                {
                    "topology": str(system.source),
                    "name": part.name,
                    "path": str(part.path),
                    "kept": _kept(part),
                    "url": part.url,
                    "serial": str(served(part.url).serial_number),
                },
                f"put the certificate of {part.name} back",
            )
            for part in system.parts(victims, CertificateEntry, fault.type)
        )

    def inject(self, driver: Driver, fault: FaultSpec, victims: tuple[Victim, ...]) -> None:
        """Swap each certificate, and return when its server shows the new one."""
        system = system_of(driver)
        for part in system.parts(victims, CertificateEntry, fault.type):
            before = served(part.url).serial_number
            old = part.path.read_bytes()
            new = reissued(old, part.issuer.read_bytes(), ends_in=self.ends_in(fault))
            _write_private(Path(_kept(part)), old)
            _write_private(part.path, new)
            _reload(system.source, part.name)
            _await_other(part.url, before)


@fault("certificate.expired", drivers=("local",))
class Expired(_CertificateFault):
    """The certificate expired `ago` (1 day, unless the experiment says otherwise)."""

    def ends_in(self, fault: FaultSpec) -> timedelta:
        """Return when it ended."""
        refuse_unknown(fault, ("ago",))
        return -timedelta(seconds=seconds(fault, "ago", _DAY_S))


@fault("certificate.expiring", drivers=("local",))
class Expiring(_CertificateFault):
    """The certificate is good and ends in `left` (13 days, if the experiment says nothing)."""

    def ends_in(self, fault: FaultSpec) -> timedelta:
        """Return when it will end."""
        refuse_unknown(fault, ("left",))
        return timedelta(seconds=seconds(fault, "left", 13 * _DAY_S))


def restore(args: Mapping[str, Json]) -> None:
    """Put the kept certificate back, where one is kept, and have the server read it."""
    kept = Path(str(args["kept"]))
    if not kept.exists():
        return
    kept.replace(str(args["path"]))
    source = Path(str(args["topology"]))
    if source.exists():
        _reload(source, str(args["name"]))


def is_restored(args: Mapping[str, Json]) -> bool:
    """Whether the server shows the certificate that it had, or the system is gone."""
    if Path(str(args["kept"])).exists():
        return False
    if not Path(str(args["topology"])).exists():
        return True
    return str(served(str(args["url"])).serial_number) == args["serial"]


def _kept(part: CertificateEntry) -> str:
    return f"{part.path}{_KEPT}"


def _reload(source: Path, name: str) -> None:
    topology = read_topology(source)
    part = next((each for each in topology.certificates if each.name == name), None)
    if part is None:
        raise TargetError(f"topology {source}: no certificate is named {name!r} any more")
    process = next((each for each in topology.processes if each.name == part.pid_of), None)
    if process is None:
        raise TargetError(f"topology {source}: certificates.{name}: no process {part.pid_of!r}")
    send(process.pid, process.start_ticks, signal.Signals[part.reload_signal])


def _await_other(url: str, before: int) -> None:
    deadline = time.monotonic() + _EFFECT_S
    while served(url).serial_number == before:
        if time.monotonic() > deadline:
            raise TargetError(f"{url}: still shows its old certificate {_EFFECT_S:g} s later")
        time.sleep(_POLL_S)


def _write_private(path: Path, content: bytes) -> None:
    draft = path.with_name(f"{path.name}.part")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
