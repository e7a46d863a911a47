"""The witnesses that the local driver offers, by the names that experiments use."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from clinigate.chaos.drivers.base import Witness
from clinigate.chaos.drivers.local_system import LocalSystem
from clinigate.chaos.model import Invariant
from clinigate.chaos.probes.audit_trail import AuditTrail
from clinigate.chaos.probes.certificates import Certificates
from clinigate.chaos.probes.crisis_path import CrisisPath
from clinigate.chaos.probes.dependencies import Dependencies

__all__ = ["WITNESSES"]

WITNESSES: Mapping[str, Callable[[LocalSystem, Invariant], Witness]] = {
    "audit-trail": AuditTrail,
    "certificates": Certificates,
    "crisis-path": CrisisPath,
    "dependencies": Dependencies,
}
