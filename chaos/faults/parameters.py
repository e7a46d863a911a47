"""Reading what an experiment says in `spec.fault.parameters`."""

from __future__ import annotations

from collections.abc import Collection, Set

from clinigate.chaos.model import FaultSpec
from clinigate.chaos.units import duration
from clinigate.errors import ConfigError

__all__ = ["choice", "labels_of", "refuse_unknown", "seconds"]


def refuse_unknown(fault: FaultSpec, known: Collection[str]) -> None:
    """Raise ConfigError where a parameter has a name that is not in `known`."""
    unknown = sorted(set(fault.parameters) - set(known))
    if unknown:
        offered = ", ".join(known) or "none"
        raise ConfigError(
            f"spec.fault.parameters.{unknown[0]}: {fault.type} has no such parameter; "
            f"it has {offered}"
        )


def seconds(fault: FaultSpec, name: str, default: float | None = None) -> float:
    """Return a parameter that is a duration, as `100ms`, in seconds.

    Raises:
        ConfigError: it is missing and there is no default, or it is no duration.
    """
    said = fault.parameters.get(name)
    if said is None and default is not None:
        return default
    try:
        return duration(str(said))
    except ValueError as error:
        raise ConfigError(f"spec.fault.parameters.{name}: {error}") from None


def labels_of(fault: FaultSpec, name: str) -> Set[tuple[str, str]]:
    """Return a parameter that holds labels, as `{app: db}`, as their pairs; none by default.

    Raises:
        ConfigError: it is something else.
    """
    said = fault.parameters.get(name, {})
    if not isinstance(said, dict) or not all(isinstance(value, str) for value in said.values()):
        raise ConfigError(f"spec.fault.parameters.{name}: {said!r} are no labels, as {{app: db}}")
    return {(key, str(value)) for key, value in said.items()}


def choice(fault: FaultSpec, name: str, offered: tuple[str, ...]) -> str:
    """Return a parameter that is one of `offered`, the first of them by default.

    Raises:
        ConfigError: it is something else.
    """
    said = fault.parameters.get(name, offered[0])
    if said not in offered:
        raise ConfigError(f"spec.fault.parameters.{name}: {said!r} is none of {', '.join(offered)}")
    return str(said)
