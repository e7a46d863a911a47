"""Which drivers there are, by name; each module is loaded when its driver is asked for."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.metadata import entry_points
from typing import TypeAlias, cast

from clinigate.chaos.drivers.base import Driver, DriverOptions
from clinigate.errors import CheckDefinitionError, UsageError

__all__ = ["Connect", "connect", "driver_names"]

#: What a driver's module offers under the registered name.
Connect: TypeAlias = Callable[[DriverOptions], Driver]

#: `module:function`; a driver of others comes by the entry point group below.
_BUILTIN = {
    "local": "clinigate.chaos.drivers.local:connect",
    "postgres-local": "clinigate.chaos.drivers.postgres_local:connect",
    "localkube": "clinigate.chaos.drivers.kubernetes:connect_localkube",
    "kubernetes": "clinigate.chaos.drivers.kubernetes:connect",
}
_GROUP = "clinigate.chaos.drivers"


def driver_names() -> tuple[str, ...]:
    """Names of all drivers, sorted; whether one loads shows when it is connected."""
    return tuple(sorted(_table()))


def connect(name: str, options: DriverOptions) -> Driver:
    """Connect a driver.

    Raises:
        UsageError: no such driver, or the options cannot be meant.
        CheckDefinitionError: its module does not load.
        TargetError: the system that it drives cannot be reached.
    """
    table = _table()
    if name not in table:
        raise UsageError(f"no driver is named {name!r}; there are {', '.join(sorted(table))}")
    module, _, attribute = table[name].partition(":")
    try:
        made = getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise CheckDefinitionError(f"driver {name!r} does not load: {error}") from error
    return cast(Connect, made)(options)


def _table() -> dict[str, str]:
    return {point.name: point.value for point in entry_points(group=_GROUP)} | _BUILTIN
