"""The rails: what must hold before anything is broken. They fail closed.

They are asked in order, and the first refusal ends it, because the later ones look at a system that
the earlier ones may not allow to be looked at. Each answer is kept: passed, refused with the
reason, or not reached. Whatever goes wrong while a rail is asked is a refusal.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from clinigate.chaos.drivers.base import Environment, NotAvailableError, Victim
from clinigate.chaos.rail_checks import RAILS
from clinigate.chaos.rail_request import (
    RailRequest,
    RefusedError,
    Seen,
    looks_like_production,
)

__all__ = [
    "RAILS",
    "RailCheck",
    "RailOutcome",
    "RailRequest",
    "RailsReport",
    "RefusedError",
    "check_rails",
    "looks_like_production",
]


class RailOutcome(StrEnum):
    """How a rail answered."""

    PASSED = "passed"
    REFUSED = "refused"
    NOT_REACHED = "not reached"


@dataclass(frozen=True, slots=True)
class RailCheck:
    """One rail's answer, with what it saw."""

    rail: str
    outcome: RailOutcome
    detail: str


@dataclass(frozen=True, slots=True)
class RailsReport:
    """Every rail's answer, and what is frozen where all passed.

    Attributes:
        checks: one for each rail, in order.
        environment, victims: as they were found; of no use where a rail refused.
    """

    checks: tuple[RailCheck, ...]
    environment: Environment | None
    victims: tuple[Victim, ...]

    @property
    def refusal(self) -> RailCheck | None:
        """The rail that refused, None where every one passed."""
        return next((c for c in self.checks if c.outcome is RailOutcome.REFUSED), None)

    @property
    def passed(self) -> bool:
        """Whether every rail was asked and passed."""
        return bool(self.checks) and all(c.outcome is RailOutcome.PASSED for c in self.checks)


def check_rails(request: RailRequest, *, skip: frozenset[str] = frozenset()) -> RailsReport:
    """Ask every rail in order.

    Args:
        request: what is asked for.
        skip: rails that a plan, which injects nothing, may leave out (`single-flight`).
    """
    seen = Seen()
    checks: list[RailCheck] = []
    refused = False
    for name, rail in RAILS.items():
        if name in skip:
            continue
        if refused:
            checks.append(RailCheck(name, RailOutcome.NOT_REACHED, "an earlier rail refused"))
            continue
        check = _ask(name, rail, request, seen)
        refused = check.outcome is not RailOutcome.PASSED
        checks.append(check)
    return RailsReport(tuple(checks), seen.environment, seen.victims)


def _ask(
    name: str, rail: Callable[[RailRequest, Seen], str], request: RailRequest, seen: Seen
) -> RailCheck:
    try:
        return RailCheck(name, RailOutcome.PASSED, rail(request, seen))
    except (RefusedError, NotAvailableError) as refusal:
        return RailCheck(name, RailOutcome.REFUSED, str(refusal))
    except Exception as error:  # noqa: BLE001 - drivers are asked here; what breaks a rail is a refusal
        reason = f"could not be checked ({type(error).__name__}: {error})"
        return RailCheck(name, RailOutcome.REFUSED, reason)
