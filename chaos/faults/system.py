"""From a connected driver to the local system behind it."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from clinigate.chaos.drivers.base import Driver
from clinigate.chaos.drivers.local_system import LocalSystem
from clinigate.errors import UsageError

__all__ = ["system_of"]


@runtime_checkable
class _OnLocalSystem(Protocol):
    @property
    def system(self) -> LocalSystem: ...


def system_of(driver: Driver) -> LocalSystem:
    """Return the local system that `driver` is connected to.

    Raises:
        UsageError: it is connected to something else.
    """
    if not isinstance(driver, _OnLocalSystem):
        raise UsageError(f"driver {driver.name!r} drives no local system; use the driver 'local'")
    return driver.system
