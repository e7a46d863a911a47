"""Exact one-sided bounds of a rate (Clopper and Pearson 1934), and the sample sizes they ask for.

A rate is `events` of `n` independent cases. Its upper bound U is the largest rate under which so
few events are still as likely as 1 - confidence; it solves P(Bin(n, U) <= events) = 1 - confidence
and is the `confidence` quantile of Beta(events + 1, n - events). `confidence` is one-sided: 0.95
here is the 90% two-sided interval elsewhere. The bounds never promise more than they hold, at any
n; Wald's and Wilson's do.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from clinigate.core.statistics.arguments import (
    check_confidence,
    check_count,
    check_open_unit,
    check_positive,
)
from clinigate.core.statistics.special import betainc, betaincinv

__all__ = [
    "adjusted_upper_bound",
    "lower_bound",
    "max_events",
    "need_n",
    "need_n_at_least",
    "upper_bound",
]


def upper_bound(events: int, n: int, confidence: float) -> float:
    """Return the exact one-sided upper bound of a rate with `events` seen in `n` cases.

    Nothing observed bounds nothing: for n = 0 it is 1.0.

    Raises:
        UsageError: n is negative, events is outside 0..n, or confidence outside (0.5, 1).
    """
    n = check_count("n", n)
    events = check_count("events", events, high=n)
    check_confidence(confidence)
    if events == n:
        return 1.0
    if events == 0:
        return -math.expm1(math.log1p(-confidence) / n)
    return betaincinv(events + 1, n - events, confidence)


def lower_bound(events: int, n: int, confidence: float) -> float:
    """Return the exact one-sided lower bound of a rate with `events` seen in `n` cases.

    Nothing observed bounds nothing: for n = 0 it is 0.0.

    Raises:
        UsageError: n is negative, events is outside 0..n, or confidence outside (0.5, 1).
    """
    n = check_count("n", n)
    events = check_count("events", events, high=n)
    check_confidence(confidence)
    if events == 0:
        return 0.0
    if events == n:
        return math.exp(math.log1p(-confidence) / n)
    return betaincinv(events, n - events + 1, 1.0 - confidence)


def adjusted_upper_bound(events: int, n: int, confidence: float, *, design_effect: float) -> float:
    """Return the upper bound of a rate after dividing events and cases by a design effect.

    For cases that repeat one another (`clusters.design_effect`); 1.0 is `upper_bound`. Use it only
    with an intra-cluster correlation that is assumed and stated: one estimated from few events is
    too low, and then so is the bound (facts: coverage .74-.89 for a nominal .95).

    Raises:
        UsageError: as `upper_bound`, or design_effect is below 1.
    """
    n = check_count("n", n)
    events = check_count("events", events, high=n)
    check_confidence(confidence)
    check_positive("design_effect - 1", design_effect - 1.0 or 1.0)
    if events == n:
        return 1.0
    return betaincinv(events / design_effect + 1, (n - events) / design_effect, confidence)


def need_n(limit: float, events: int, confidence: float, *, strict: bool = True) -> int:
    """Return the smallest n of which `events` may fail an at-most limit and still certify it.

    Smallest n with `upper_bound(events, n, confidence)` below `limit` (or, not `strict`, at most
    `limit`). No n certifies a rate of 0, so the limit must be above 0.

    Raises:
        UsageError: limit is outside (0, 1), events is negative, or confidence outside (0.5, 1).
    """
    check_open_unit("limit", limit)
    events = check_count("events", events)
    check_confidence(confidence)

    def passes(n: int) -> bool:
        bound = upper_bound(events, n, confidence)
        return bound < limit if strict else bound <= limit

    return _settle(_tail_need_n(limit, events, confidence), events, passes)


def need_n_at_least(limit: float, failures: int, confidence: float, *, strict: bool = True) -> int:
    """Return the smallest n of which `failures` may fail an at-least limit and still certify it.

    The mirror image of `need_n`: smallest n with `lower_bound(n - failures, n, confidence)` above
    `limit` (or, not `strict`, at least `limit`). No n certifies a rate of 1.

    Raises:
        UsageError: limit is outside (0, 1), failures is negative, or confidence outside (0.5, 1).
    """
    check_open_unit("limit", limit)
    failures = check_count("failures", failures)
    check_confidence(confidence)

    def passes(n: int) -> bool:
        bound = lower_bound(n - failures, n, confidence)
        return bound > limit if strict else bound >= limit

    return _settle(_tail_need_n(1.0 - limit, failures, confidence), failures, passes)


def max_events(limit: float, n: int, confidence: float, *, strict: bool = True) -> int | None:
    """Return the most events that `n` cases may hold and still certify an at-most limit.

    None if even 0 events do not certify it, so that a larger n is needed.

    Raises:
        UsageError: limit is outside (0, 1), n is negative, or confidence outside (0.5, 1).
    """
    check_open_unit("limit", limit)
    n = check_count("n", n)
    check_confidence(confidence)

    def passes(events: int) -> bool:
        bound = upper_bound(events, n, confidence)
        return bound < limit if strict else bound <= limit

    if not passes(0):
        return None
    low, high = 0, n  # `low` passes, `high` does not: n events of n bound nothing
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if passes(middle) else (low, middle)
    return low


def _tail_need_n(limit: float, events: int, confidence: float) -> int:
    """Bisect for the smallest n with P(Bin(n, limit) <= events) below 1 - confidence."""

    def certifies(n: int) -> bool:
        return betainc(n - events, events + 1, 1.0 - limit) < 1.0 - confidence

    low, high = events, events + 1
    while not certifies(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if certifies(middle) else (middle, high)
    return high


def _settle(n: int, events: int, passes: Callable[[int], bool]) -> int:
    """Move `n` to the smallest that `passes`: the tail and the bound may round a tie differently."""
    while not passes(n):
        n += 1
    while n > max(events, 1) and passes(n - 1):
        n -= 1
    return n
