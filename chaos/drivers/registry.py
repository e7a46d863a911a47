"""Which drivers there are, by name; each module is loaded when its driver is asked for."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TypeAlias, cast

from clinigate.chaos.drivers.base import Driver, DriverOptions
from clinigate.errors import CheckDefinitionError, UsageError

__all__ = ["Connect", "connect", "driver_names"]

#: What a driver's module offers under the registered name.
Connect: TypeAlias = Callable[[DriverOptions], Driver]

#: `module:function`. Drivers of others are named by theirs in place of a name.
_BUILTIN = {
    "local": "clinigate.chaos.drivers.local:connect",
    "postgres-local": "clinigate.chaos.drivers.postgres_local:connect",
    "localkube": "clinigate.chaos.drivers.kubernetes:connect_localkube",
    "kubernetes": "clinigate.chaos.drivers.kubernetes:connect",
}


def driver_names() -> tuple[str, ...]:
    """Names of the drivers that Clinigate ships, sorted; one loads when it is connected."""
    return tuple(sorted(_BUILTIN))


def connect(name: str, options: DriverOptions) -> Driver:
    """Connect a driver: one of ours by name, or `module:function` of somebody else's.

    Raises:
        UsageError: no such driver, or the options cannot be meant.
        CheckDefinitionError: its module does not load.
        TargetError: the system that it drives cannot be reached.
    """
    place = _BUILTIN.get(name, name)
    module, _, attribute = place.partition(":")
    if not attribute:
        known = ", ".join(driver_names())
        raise UsageError(
            f"no driver is named {name!r}; there are {known}, and module:function for your own"
        )
    try:
        made = getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise CheckDefinitionError(f"driver {name!r} does not load: {error}") from error
    return cast(Connect, made)(options)
