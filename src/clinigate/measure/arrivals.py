"""When requests are due: arrival times in seconds from the start, in ascending order.

Arrivals are open: people do not wait for each other's answers, so that the schedule is drawn
without regard to what the service does with it. Every schedule is lazy, and ends before its
duration; a random one needs its own source of chance, so that a run can be repeated.

`rate` is arrivals per second: a number, or a function of time (seconds from the start).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from random import Random

from clinigate.core.statistics.arguments import check_at_least, check_positive
from clinigate.errors import UsageError

__all__ = ["Rate", "constant", "gamma", "poisson"]

Rate = float | Callable[[float], float]


def constant(rate: float, duration_s: float) -> Iterator[float]:
    """Yield arrivals at even distances, the first at 0.

    Raises:
        UsageError: rate or duration is not above 0.
    """
    check_positive("rate", rate)
    check_positive("duration_s", duration_s)
    return _constant(rate, duration_s)


def _constant(rate: float, duration_s: float) -> Iterator[float]:
    number = 0
    while (at := number / rate) < duration_s:
        yield at
        number += 1


def poisson(
    rate: Rate, duration_s: float, *, rng: Random, peak: float | None = None
) -> Iterator[float]:
    """Yield arrivals of independent people: a Poisson process, whose rate may change with time.

    A rate that changes is drawn by thinning (Lewis and Shedler 1979): candidates come at `peak`,
    and each stays with probability rate(t) / peak.
    `peak` is a rate that is never exceeded, needed where `rate` is a function.

    Raises:
        UsageError: a rate or duration that cannot be, no peak for a function, or, while drawing,
            a rate above the peak: thinning would cap it silently.
    """
    check_positive("duration_s", duration_s)
    if callable(rate):
        if peak is None:
            raise UsageError("poisson: rate is a function and peak is missing; give its maximum")
        return _thinned(rate, duration_s, rng=rng, peak=check_positive("peak", peak))
    return _poisson(check_positive("rate", rate), duration_s, rng)


def _poisson(rate: float, duration_s: float, rng: Random) -> Iterator[float]:
    at = rng.expovariate(rate)
    while at < duration_s:
        yield at
        at += rng.expovariate(rate)


def _thinned(
    rate: Callable[[float], float], duration_s: float, *, rng: Random, peak: float
) -> Iterator[float]:
    for at in _poisson(peak, duration_s, rng):
        now = _rate_at(rate, at)
        if now > peak * (1 + 1e-9):
            raise UsageError(
                f"poisson: rate is {now:g}/s at {at:g} s, above the peak of {peak:g}/s; "
                "raise peak to the rate's maximum"
            )
        if rng.random() * peak < now:
            yield at


def gamma(
    rate: Rate, duration_s: float, *, rng: Random, cv: float, step_s: float = 0.1
) -> Iterator[float]:
    """Yield bursty arrivals: the gaps are Gamma with coefficient of variation `cv`.

    1 is Poisson, more is burstier, less is more regular; production traffic of language models
    shows 1 to 2 (ServeGen, arXiv 2505.09999). Where the rate changes, the gaps are drawn at rate 1
    and time is stretched by the rate's integral, so that `cv` holds at any rate; thinning would
    pull it towards 1.
    The integral is summed in steps of `step_s` (midpoint rule).

    Raises:
        UsageError: a rate, duration, `cv` or `step_s` that cannot be.
    """
    check_positive("duration_s", duration_s)
    check_positive("cv", cv)
    check_positive("step_s", step_s)
    if not callable(rate):
        check_positive("rate", rate)
    return _stretched(rate, duration_s, unit_gaps=_unit_gaps(cv, rng), step_s=step_s)


def _unit_gaps(cv: float, rng: Random) -> Iterator[float]:
    shape = 1 / cv**2
    while True:
        yield rng.gammavariate(shape, 1 / shape)


def _stretched(
    rate: Rate, duration_s: float, *, unit_gaps: Iterator[float], step_s: float
) -> Iterator[float]:
    """Place gaps of mean 1 where the integral of `rate` reaches their sum."""
    due = next(unit_gaps)
    passed = 0.0
    for number in range(math.ceil(duration_s / step_s)):
        start = number * step_s
        now = _rate_at(rate, start + step_s / 2) if callable(rate) else rate
        while passed + now * step_s > due:
            at = start + (due - passed) / now
            if at >= duration_s:
                return
            yield at
            due += next(unit_gaps)
        passed += now * step_s


def _rate_at(rate: Callable[[float], float], at: float) -> float:
    return check_at_least(f"rate at {at:g} s", rate(at), 0.0)
