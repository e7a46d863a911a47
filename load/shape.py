"""When conversations begin: a rate over time, and one worker's share of it."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

from clinigate.load.model import Arrivals
from clinigate.measure import arrivals as draws

__all__ = ["Shape", "begins", "shape_of"]


@dataclass(frozen=True, slots=True)
class Shape:
    """A rate of arrivals over the run.

    Attributes:
        base: conversations a second at factor 1. duration_s: how long new ones begin.
        curve: pairs of a moment in seconds and a factor, straight lines between them.
        surge: begin and end in seconds, and its factor; None without one.
    """

    base: float
    duration_s: float
    curve: tuple[tuple[float, float], ...]
    surge: tuple[float, float, float] | None

    def rate(self, at_s: float) -> float:
        """Conversations a second at that moment of the run."""
        return self.base * _between(self.curve, at_s) * self._factor(at_s)

    @property
    def peak(self) -> float:
        """The highest rate of the run, or the one that it comes as near to as one likes."""
        return max(
            self.base * _between(self.curve, at_s) * self._factor(at_s, ended=True)
            for at_s in self._corners()
        )

    @property
    def expected(self) -> float:
        """How many conversations the run is expected to begin."""
        corners = self._corners()
        # Between two corners the rate is a straight line, so that its middle is its mean.
        return sum(
            (later - earlier) * self.rate((earlier + later) / 2)
            for earlier, later in pairwise(corners)
        )

    def _factor(self, at_s: float, *, ended: bool = False) -> float:
        """The surge's factor at a moment; with `ended` its last moment still belongs to it."""
        if self.surge is None:
            return 1.0
        begin, end, factor = self.surge
        return factor if begin <= at_s < end or (ended and at_s == end) else 1.0

    def _corners(self) -> list[float]:
        places = {0.0, self.duration_s, *(at_s for at_s, _ in self.curve)}
        if self.surge is not None:
            places |= {self.surge[0], self.surge[1]}
        return sorted(places)


def shape_of(arrivals: Arrivals) -> Shape:
    """Return the shape that a profile asks for, with places turned into seconds of the run."""
    length = arrivals.duration_s
    curve: tuple[tuple[float, float], ...] = ((0.0, 1.0), (length, 1.0))
    if arrivals.curve is not None:
        points = arrivals.curve.points
        first, last = points[0][0], points[-1][0]
        curve = tuple(
            ((place - first) / (last - first) * length, factor) for place, factor in points
        )
    surge = None
    if arrivals.surge is not None:
        given = arrivals.surge
        surge = (given.begin * length, given.end * length, given.factor)
    return Shape(arrivals.conversations_per_s, length, curve, surge)


def begins(arrivals: Arrivals, *, seed: int, worker: int = 0, workers: int = 1) -> Iterator[float]:
    """Yield the moments at which one worker begins conversations, ascending, in seconds.

    Poisson: each worker draws at its share of the rate from a stream of its own; independent
    processes at rate/N superpose to one at the whole rate. Bursts would thin out that way: there
    all workers draw the same schedule, and each takes its turn of it.
    """
    shape = shape_of(arrivals)
    if arrivals.burstiness > 1.0:
        rng = random.Random(f"{seed}/arrivals")  # noqa: S311 - nothing secret
        whole = draws.gamma(shape.rate, shape.duration_s, rng=rng, cv=arrivals.burstiness)
        return islice(whole, worker, None, workers)
    rng = random.Random(f"{seed}/{worker}/{workers}/arrivals")  # noqa: S311 - nothing secret
    return draws.poisson(
        lambda at_s: shape.rate(at_s) / workers,
        shape.duration_s,
        rng=rng,
        peak=shape.peak / workers,
    )


def _between(points: Sequence[tuple[float, float]], at: float) -> float:
    """The value at `at` on straight lines between points."""
    upper = bisect_right(points, (at, float("inf")))
    if upper == 0:
        return points[0][1]
    if upper == len(points):
        return points[-1][1]
    (left, low), (right, high) = points[upper - 1], points[upper]
    return low + (high - low) * (at - left) / (right - left)
