"""What the rails are asked about, and what earlier ones found out for the later ones."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from clinigate.chaos.drivers.base import Driver, Environment, Victim
from clinigate.chaos.model import Experiment
from clinigate.chaos.policy import AllowedEnvironment, ChaosPolicy

__all__ = ["RailRequest", "RefusedError", "Seen", "is_production", "looks_like_production"]

_PRODUCTION_WORDS = ("prod", "prd", "live")


class RefusedError(Exception):
    """A rail's answer is no; the text says why."""


@dataclass(frozen=True, slots=True)
class RailRequest:
    """What is asked for.

    Attributes:
        experiment, policy: what is to run, and what the team allows.
        environment: the name that the user gave.
        driver_name, driver: the name and the connected driver; connecting it touches nothing.
        now: an aware time in UTC.
        scheduled: nobody is watching; production is refused then, whatever is approved.
        approval: file of two people's approval, for production.
        leftovers: what an earlier injection left behind and could not be undone; None if nothing.
        take_flight: takes the lock of the one experiment at a time; says who has it, None if we.
        spent_s: seconds of the 30-day error budget of this environment that are gone already.
    """

    experiment: Experiment
    policy: ChaosPolicy
    environment: str
    driver_name: str
    driver: Driver
    now: datetime
    take_flight: Callable[[], str | None]
    scheduled: bool = False
    approval: Path | None = None
    leftovers: str | None = None
    spent_s: Callable[[Environment], float] = lambda _: 0.0


@dataclass(slots=True)
class Seen:
    """What earlier rails found out, for the later ones."""

    allowed: AllowedEnvironment | None = None
    environment: Environment | None = None
    victims: tuple[Victim, ...] = ()
    groups: Mapping[str, tuple[Victim, ...]] = field(default_factory=dict)


def is_production(request: RailRequest, seen: Seen) -> bool:
    """Whether it is production by what the configuration, the system or a name says.

    What was not looked at yet may be.
    """
    return (
        seen.allowed is None
        or seen.environment is None
        or seen.allowed.production
        or seen.environment.production
        or looks_like_production(request.environment)
        or looks_like_production(seen.environment.name)
    )


def looks_like_production(name: str) -> bool:
    """Whether an environment's name says production, whatever its configuration says."""
    words = re.split(r"[^a-z0-9]+", name.lower())
    return any(word.startswith(_PRODUCTION_WORDS) for word in words)
