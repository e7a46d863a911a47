"""Fault of a server's certificate: it has expired, or is about to.

Another certificate takes the place of the old one: one that the system keeps for that, or one that
its own authority issues anew with nothing but the time changed. The server reads it by itself or on
a signal. The old file is kept beside it until the undo puts it back; the new one belongs to whom it
belonged to. Where `path` is a symbolic link, what it leads to is swapped.
"""

from __future__ import annotations

import contextlib
import os
import signal
import stat
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from clinigate.chaos.drivers.base import Driver, NotAvailableError, UndoStep, Victim, fault
from clinigate.chaos.drivers.local_topology import CertificateEntry, read_topology, shown_at
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
#: How long a certificate is issued for where the experiment does not say.
_DEFAULT_S = {"expired": -86400.0, "expiring": 13 * 86400.0}


class _CertificateFault(ABC):
    """What both have in common: how long the new certificate is valid differs."""

    variant: str

    @abstractmethod
    def ends_in(self, fault: FaultSpec) -> timedelta | None:
        """Return when the certificate ends, from now; None where the system's own variant does."""

    def undo_steps(
        self, driver: Driver, fault: FaultSpec, victims: tuple[Victim, ...]
    ) -> tuple[UndoStep, ...]:
        """Put the old certificate back; verified when every server shows it."""
        self.ends_in(fault)
        system = system_of(driver)
        topology = system.topology()
        steps: list[UndoStep] = []
        for part in system.parts(victims, CertificateEntry, fault.type):
            self._new(part, fault)
            urls = shown_at(topology, part)
            shown: dict[str, Json] = {url: str(served(url).serial_number) for url in urls}
            args: dict[str, Json] = {
                "topology": str(system.source),
                "name": part.name,
                "path": str(part.path.resolve()),
                "kept": _kept(part),
                "serials": shown,
            }
            title = f"put the certificate of {part.name} back"
            steps.append(UndoStep(f"{_MODULE}:restore", f"{_MODULE}:is_restored", args, title))
        return tuple(steps)

    def inject(self, driver: Driver, fault: FaultSpec, victims: tuple[Victim, ...]) -> None:
        """Swap each certificate, and return when its servers show the new one."""
        system = system_of(driver)
        topology = system.topology()
        for part in system.parts(victims, CertificateEntry, fault.type):
            before = {url: served(url).serial_number for url in shown_at(topology, part)}
            new = self._new(part, fault)
            _swap(part.path.resolve(), Path(_kept(part)), new)
            _reload(system.source, part.name)
            for url, serial in before.items():
                _await_other(url, serial)

    def _new(self, part: CertificateEntry, fault: FaultSpec) -> bytes:
        ends_in = self.ends_in(fault)
        if ends_in is None and self.variant in part.variants:
            return part.variants[self.variant].read_bytes()
        if part.issuer is None:
            raise NotAvailableError(
                f"certificate {part.name}: the topology names neither a variant {self.variant!r} "
                "for this fault nor an issuer"
            )
        wanted = timedelta(seconds=_DEFAULT_S[self.variant]) if ends_in is None else ends_in
        return reissued(part.path.read_bytes(), part.issuer.read_bytes(), ends_in=wanted)


@fault("certificate.expired", drivers=("local",))
class Expired(_CertificateFault):
    """The certificate has expired: the system's own expired one, or one that ended `ago`."""

    variant = "expired"

    def ends_in(self, fault: FaultSpec) -> timedelta | None:
        """Return when it ended."""
        refuse_unknown(fault, ("ago",))
        return -timedelta(seconds=seconds(fault, "ago")) if "ago" in fault.parameters else None


@fault("certificate.expiring", drivers=("local",))
class Expiring(_CertificateFault):
    """The certificate is good and ends soon: the system's own such one, or one with `left`."""

    variant = "expiring"

    def ends_in(self, fault: FaultSpec) -> timedelta | None:
        """Return when it will end."""
        refuse_unknown(fault, ("left",))
        return timedelta(seconds=seconds(fault, "left")) if "left" in fault.parameters else None


def restore(args: Mapping[str, Json]) -> None:
    """Put the kept certificate back, where one is kept, and have the server read it."""
    kept, path = Path(str(args["kept"])), Path(str(args["path"]))
    if kept.exists():
        if path.exists() and kept.samefile(path):
            # Nothing was put in its place yet; to rename a file to itself would leave both names.
            kept.unlink()
        else:
            kept.replace(path)
        # Servers that watch their file may look for a later time only.
        with contextlib.suppress(PermissionError):
            os.utime(path)
    # An undo that was killed here has left a server that was not told.
    source = Path(str(args["topology"]))
    if source.exists() and not _shows_old(args):
        _reload(source, str(args["name"]))


def is_restored(args: Mapping[str, Json]) -> bool:
    """Whether every server shows the certificate that it had, or the system is gone."""
    if Path(str(args["kept"])).exists():
        return False
    if not Path(str(args["topology"])).exists():
        return True
    return _served_as(args)


def _shows_old(args: Mapping[str, Json]) -> bool:
    """As `_served_as`; a server that is not there shows nothing."""
    try:
        return _served_as(args)
    except TargetError:
        return False


def _served_as(args: Mapping[str, Json]) -> bool:
    serials = args["serials"]
    assert isinstance(serials, dict)
    return all(str(served(url).serial_number) == serial for url, serial in serials.items())


def _kept(part: CertificateEntry) -> str:
    return f"{part.path.resolve()}{_KEPT}"


def _reload(source: Path, name: str) -> None:
    topology = read_topology(source)
    part = next((each for each in topology.certificates if each.name == name), None)
    if part is None:
        raise TargetError(f"topology {source}: no certificate is named {name!r} any more")
    if part.process is None:
        return
    process = next((each for each in topology.processes if each.name == part.process), None)
    if process is None:
        raise TargetError(f"topology {source}: certificates.{name}: no process {part.process!r}")
    send(process.pid, process.start_ticks, signal.Signals[part.reload_signal])


def _await_other(url: str, before: int) -> None:
    deadline = time.monotonic() + _EFFECT_S
    while served(url).serial_number == before:
        if time.monotonic() > deadline:
            raise TargetError(f"{url}: still shows its old certificate {_EFFECT_S:g} s later")
        time.sleep(_POLL_S)


def _swap(path: Path, kept: Path, new: bytes) -> None:
    """Keep the old file, with all that it is, under another name, and put a new one in its place.

    Raises:
        TargetError: one is kept already, which an undo must put back first.
        NotAvailableError: the new file cannot belong to whom the old one belongs to.
    """
    if kept.exists():
        raise TargetError(f"{kept} is there already; run `clinigate chaos recover` first")
    draft = _like(path, path.with_name(f"{path.name}.part"), new)
    try:
        kept.hardlink_to(path)
    except OSError:
        # A file system without hard links, or another user's file.
        _like(path, kept.with_name(f"{kept.name}.part"), path.read_bytes()).replace(kept)
    draft.replace(path)


def _like(old: Path, made: Path, content: bytes) -> Path:
    """Write `content` to `made`, which belongs to whom `old` belongs to and has its mode."""
    status = old.stat()
    made.unlink(missing_ok=True)
    descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        try:
            os.fchown(descriptor, status.st_uid, status.st_gid)
        except PermissionError:
            made.unlink()
            raise NotAvailableError(f"{old} belongs to another user, or to root") from None
        os.fchmod(descriptor, stat.S_IMODE(status.st_mode))
        file.write(content)
        file.flush()
        os.fsync(descriptor)
    return made
