"""Which queries go into a batch, and when it starts. Pure: no clock is read.

A fixed wait for a fuller batch adds to the time that the batch itself takes: a wait of 50 ms before
a batch that takes 85 ms breaks a limit of 100 ms by itself. Here the *total* is given, from the
arrival of the batch's oldest query to its answer, and the wait is what the measured service time
of the batch leaves of it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from clinigate.errors import UsageError

__all__ = ["BudgetWait", "FixedWait", "WaitRule", "dispatch_at", "members"]


class WaitRule(Protocol):
    """How long the oldest query of a batch may wait for others."""

    @property
    def max_batch(self) -> int:
        """Most queries in one batch."""
        ...

    def wait_s(self, size: int) -> float:
        """Return seconds from the oldest arrival to the latest start of a batch of `size`."""
        ...


@dataclass(frozen=True, slots=True)
class FixedWait:
    """The wait that most servers offer: the same, whatever the batch will take."""

    max_batch: int
    seconds: float

    def wait_s(self, size: int) -> float:  # noqa: ARG002 - the rule's signature
        """Return the fixed wait."""
        return self.seconds


@dataclass(frozen=True, slots=True)
class BudgetWait:
    """The wait that a total budget leaves.

    Attributes:
        max_batch: largest batch.
        budget_s: seconds from the oldest arrival to the answer.
        service_s: measured seconds that a batch takes, by size; sizes between are interpolated,
            and what is larger than all is taken to cost in proportion.
    """

    max_batch: int
    budget_s: float
    service_s: Mapping[int, float]

    def __post_init__(self) -> None:
        if not self.service_s:
            raise UsageError("a batch's wait needs at least one measured service time, got none")

    def wait_s(self, size: int) -> float:
        """Return what a batch of `size` leaves of the budget, 0 where it takes all of it."""
        return max(0.0, self.budget_s - self._service(size))

    def _service(self, size: int) -> float:
        sizes = sorted(self.service_s)
        above = next((each for each in sizes if each >= size), None)
        if above is None:
            return self.service_s[sizes[-1]] * size / sizes[-1]
        below = max((each for each in sizes if each <= size), default=above)
        if above == below:
            return self.service_s[above]
        part = (size - below) / (above - below)
        return self.service_s[below] + part * (self.service_s[above] - self.service_s[below])


def dispatch_at(arrivals: Sequence[float], first: int, now: float, rule: WaitRule) -> float:
    """Return when the batch whose oldest query is `first` starts, at `now` or later.

    It starts once it is full, or once its oldest query may wait no longer. Only what has arrived by
    a moment counts at that moment, so that a real server could do the same.

    Args:
        arrivals: seconds, ascending.
        first: index of the oldest query that waits.
        now: when the server is free.
        rule: how long the oldest may wait.
    """
    moment = max(now, arrivals[first])
    size = members(arrivals, first, moment, rule.max_batch)
    while size < rule.max_batch:
        latest = arrivals[first] + rule.wait_s(size)
        if latest <= moment:
            return moment
        following = first + size
        if following >= len(arrivals) or arrivals[following] >= latest:
            return latest
        moment = arrivals[following]
        size += 1
    return moment


def members(arrivals: Sequence[float], first: int, moment: float, max_batch: int) -> int:
    """Return how many queries from `first` on have arrived by `moment`, `max_batch` at most."""
    return bisect_right(arrivals, moment, first, min(len(arrivals), first + max_batch)) - first
