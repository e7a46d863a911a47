"""Finding the parts of a running local system by labels, and finding exactly those again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from clinigate.chaos.drivers.base import Environment, Victim, VictimGoneError
from clinigate.chaos.drivers.local_topology import (
    CertificateEntry,
    DatabaseEntry,
    LinkEntry,
    ProcessEntry,
    StorageEntry,
    Topology,
    read_topology,
)
from clinigate.chaos.faults.procfs import same
from clinigate.errors import UsageError

__all__ = ["LocalSystem", "Part"]

Part = ProcessEntry | LinkEntry | StorageEntry | DatabaseEntry | CertificateEntry
_P = TypeVar("_P", ProcessEntry, LinkEntry, StorageEntry, DatabaseEntry, CertificateEntry)

_KINDS: dict[type[Part], str] = {
    ProcessEntry: "process",
    LinkEntry: "link",
    StorageEntry: "storage",
    DatabaseEntry: "database",
    CertificateEntry: "certificate",
}
_MACHINE_ID = Path("/etc/machine-id")
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class LocalSystem:
    """The system that a topology file describes, read anew at each question."""

    def __init__(self, source: Path) -> None:
        self.source = source

    def topology(self) -> Topology:
        """Return what the topology file says now."""
        return read_topology(self.source)

    def environment(self) -> Environment:
        """Return the environment that the system says it is, and the fingerprint of this host."""
        topology = self.topology()
        digest = hashlib.sha256(f"{_host()}\0{topology.name}".encode()).hexdigest()
        return Environment(
            topology.environment,
            f"local:{digest[:16]}",
            production=topology.environment.lower().startswith("prod"),
        )

    def resolve(self, selector: Mapping[str, str]) -> tuple[Victim, ...]:
        """Return the living parts that carry all labels of `selector`.

        Besides their own labels parts carry `kind` (`process`, `link`, `storage`, `database`,
        `certificate`) and `name`.
        """
        return tuple(
            victim
            for victim in self._victims()
            if all(victim.labels.get(key) == value for key, value in selector.items())
        )

    def members(self, group: str) -> tuple[Victim, ...]:
        """Return the living parts of a group."""
        return tuple(victim for victim in self._victims() if victim.group == group)

    def parts(self, victims: tuple[Victim, ...], kind: type[_P], fault: str) -> tuple[_P, ...]:
        """Return what the topology says now of each victim, which must be of one kind.

        Raises:
            UsageError: one is of another kind, which `fault` cannot hit.
            VictimGoneError: one is gone, or another thing bears its name now.
        """
        known = {victim.id: (victim, part) for victim, part in _labelled(self.topology())}
        found: list[_P] = []
        for victim in victims:
            if not victim.id.startswith(f"{_KINDS[kind]}/"):
                raise UsageError(
                    f"{fault} hits a {_KINDS[kind]}, and the selector found {victim.id}; "
                    f"add kind: {_KINDS[kind]} to spec.fault.target.selector"
                )
            now, part = known.get(victim.id, (None, None))
            if now is None or now.uid != victim.uid or not isinstance(part, kind) or _dead(part):
                raise VictimGoneError(
                    f"{victim.id} is no longer what the plan froze; plan the experiment anew"
                )
            found.append(part)
        return tuple(found)

    def _victims(self) -> Iterator[Victim]:
        return (victim for victim, part in _labelled(self.topology()) if not _dead(part))


def _labelled(topology: Topology) -> Iterator[tuple[Victim, Part]]:
    groups: tuple[tuple[Part, ...], ...] = (
        topology.processes,
        topology.links,
        topology.storage,
        topology.databases,
        topology.certificates,
    )
    for parts in groups:
        for part in parts:
            kind = _KINDS[type(part)]
            uid = _uid(part, topology)
            labels = {**part.labels, "kind": kind, "name": part.name}
            group = part.labels.get("app", part.name)
            yield (
                Victim(f"{kind}/{part.name}", part.name, labels, uid, f"{kind}/{group}"),
                part,
            )


def _uid(part: Part, topology: Topology) -> str:
    match part:
        case ProcessEntry() | DatabaseEntry():
            return f"{part.pid}:{part.start_ticks}"
        case LinkEntry():
            return f"{part.listen}>{part.upstream}"
        case StorageEntry():
            # A fault of storage may hit its writers, and hits none but those that were planned.
            writers = (
                f"{each.pid}:{each.start_ticks}"
                for each in topology.processes
                if not part.writers or each.name in part.writers
            )
            return ",".join((str(part.path), *sorted(writers)))
        case CertificateEntry():
            return str(part.path.resolve())


def _dead(part: Part) -> bool:
    match part:
        case ProcessEntry():
            return not same(part.pid, part.start_ticks)
        case DatabaseEntry() if part.pid is not None and part.start_ticks is not None:
            return not same(part.pid, part.start_ticks)
        case _:
            return False


def _host() -> str:
    for path in (_MACHINE_ID, _BOOT_ID):
        try:
            return path.read_text(encoding="ascii").strip()
        except OSError:
            continue
    return "unknown"
