"""What the proxy can be told: one JSON object a line, and the fault that it describes.

::

    {"fault": "latency", "delay_s": 0.1, "jitter_s": 0.02, "direction": "down", "ttl_s": 8}
    {"fault": "blackhole", "ttl_s": 8}   bytes and new connections wait until the fault ends
    {"fault": "refuse", "ttl_s": 8}      new connections are refused, standing ones are reset
    {"fault": "reset", "ttl_s": 8}       connections are accepted and reset at once
    {"fault": "clear"}                   the link is whole again
    {"fault": "status"}                  nothing changes

Each fault has a `ttl_s` after which it clears itself, so that none outlives a runner that died.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from clinigate.errors import UsageError

__all__ = ["LONGEST_TTL_S", "Clear", "Command", "Direction", "Inject", "Kind", "Status", "parse"]

#: An hour: a fault that should last longer is renewed, by a runner that is still alive.
LONGEST_TTL_S = 3600.0
_LONGEST_DELAY_S = 60.0
_FIELDS = {
    "latency": {"delay_s", "jitter_s", "direction", "ttl_s"},
    "blackhole": {"ttl_s"},
    "refuse": {"ttl_s"},
    "reset": {"ttl_s"},
    "clear": set[str](),
    "status": set[str](),
}


class Kind(StrEnum):
    """How a link fails."""

    LATENCY = "latency"
    BLACKHOLE = "blackhole"
    REFUSE = "refuse"
    RESET = "reset"


class Direction(StrEnum):
    """Which bytes are late: those to the upstream, those from it, or both (each by the delay)."""

    UP = "up"
    DOWN = "down"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Inject:
    """A fault to begin, in place of the one that stands.

    Attributes:
        kind: how the link fails.
        ttl_s: seconds after which it clears itself.
        delay_s, jitter_s: latency only: each piece is late by `delay_s` plus a uniform draw from
            0 to `jitter_s`; pieces keep their order, and a slow link stays as wide as it was.
        direction: latency only. `down`, the default, makes one question with its answer late by
            exactly `delay_s`.
    """

    kind: Kind
    ttl_s: float
    delay_s: float = 0.0
    jitter_s: float = 0.0
    direction: Direction = Direction.DOWN


@dataclass(frozen=True, slots=True)
class Clear:
    """The link is whole again."""


@dataclass(frozen=True, slots=True)
class Status:
    """Nothing changes; the answer says what stands."""


Command = Inject | Clear | Status


def parse(line: str | bytes) -> Command:
    """Read one command.

    Raises:
        UsageError: it is no JSON object, or a field is missing, unknown or out of range.
    """
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise UsageError('proxy: a command is one JSON object a line, as {"fault": "status"}')
    fault = told.get("fault")
    if not isinstance(fault, str) or fault not in _FIELDS:
        raise UsageError(f"proxy: fault must be one of {', '.join(_FIELDS)}")
    unknown = sorted(told.keys() - _FIELDS[fault] - {"fault"})
    if unknown:
        raise UsageError(f"proxy: {fault} has no field {unknown[0]!r}")
    if fault == "clear":
        return Clear()
    if fault == "status":
        return Status()
    return _inject(Kind(fault), told)


def _inject(kind: Kind, told: dict[str, Any]) -> Inject:
    ttl_s = _seconds(told, "ttl_s", most=LONGEST_TTL_S)
    if ttl_s == 0:
        raise UsageError("proxy: ttl_s must be above 0, the fault clears itself after it")
    if kind is not Kind.LATENCY:
        return Inject(kind, ttl_s)
    direction = told.get("direction", "down")
    if direction not in tuple(Direction):
        raise UsageError("proxy: direction must be up, down or both")
    return Inject(
        kind,
        ttl_s,
        delay_s=_seconds(told, "delay_s", most=_LONGEST_DELAY_S),
        jitter_s=_seconds({"jitter_s": 0, **told}, "jitter_s", most=_LONGEST_DELAY_S),
        direction=Direction(direction),
    )


def _seconds(told: dict[str, Any], field: str, *, most: float) -> float:
    value: Any = told.get(field)
    # NaN and infinity keep no such order.
    fits = isinstance(value, int | float) and 0 <= value <= most
    if not fits or isinstance(value, bool):
        raise UsageError(f"proxy: {field} must be a number of seconds from 0 to {most:g}")
    return float(value)
