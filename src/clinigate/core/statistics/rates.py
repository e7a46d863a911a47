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
    check_at_least,
    check_confidence,
    check_count,
    check_range,
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

_SMALLEST_LIMIT = 1e-9  # three billion clean cases; beyond it a float cannot count cases one by one


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
    too low, and then so is the bound (on real paraphrases it held in 74 to 89% of the trials, where
    95% was promised).

    Raises:
        UsageError: as `upper_bound`, or design_effect is below 1.
    """
    n = check_count("n", n)
    events = check_count("events", events, high=n)
    check_confidence(confidence)
    check_at_least("design_effect", design_effect, 1.0)
    if events == n:
        return 1.0
    return betaincinv(events / design_effect + 1, (n - events) / design_effect, confidence)


def need_n(limit: float, events: int, confidence: float, *, strict: bool = True) -> int:
    """Return the smallest n of which `events` may fail an at-most limit and still certify it.

    Smallest n with `upper_bound(events, n, confidence)` below `limit` (or, not `strict`, at most
    `limit`). No n certifies a rate of 0, so the limit must be above 0.

    Raises:
        UsageError: limit is not between 1e-9 and 1 - 1e-9, events is negative, or confidence is
            outside (0.5, 1).
    """
    _check_limit(limit)
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
        UsageError: limit is not between 1e-9 and 1 - 1e-9, failures is negative, or confidence is
            outside (0.5, 1).
    """
    _check_limit(limit)
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
        UsageError: limit is not between 1e-9 and 1 - 1e-9, n is negative, or confidence is
            outside (0.5, 1).
    """
    _check_limit(limit)
    n = check_count("n", n)
    check_confidence(confidence)

    def passes(events: int) -> bool:
        bound = upper_bound(events, n, confidence)
        return bound < limit if strict else bound <= limit

    low, high = -1, n  # no negative count occurs, and n events of n bound nothing
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _certifies(limit, middle, n, confidence) else (low, middle)
    events = max(low, 0)
    while events > 0 and not passes(events):
        events -= 1
    while events + 1 < n and passes(events + 1):
        events += 1
    return events if n > 0 and passes(events) else None


def _check_limit(limit: float) -> None:
    check_range("limit", limit, _SMALLEST_LIMIT, 1.0 - _SMALLEST_LIMIT)


def _certifies(limit: float, events: int, n: int, confidence: float) -> bool:
    """Tell whether P(Bin(n, limit) <= events) is below 1 - confidence: one tail, no inverse."""
    return betainc(events + 1, n - events, limit) > confidence


def _tail_need_n(limit: float, events: int, confidence: float) -> int:
    low, high = events, events + 1
    while not _certifies(limit, events, high, confidence):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (
            (low, middle) if _certifies(limit, events, middle, confidence) else (middle, high)
        )
    return high


def _settle(n: int, events: int, passes: Callable[[int], bool]) -> int:
    """Move `n` to the smallest that `passes`: tail and bound may round a tie differently."""
    while not passes(n):
        n += 1
    while n > max(events, 1) and passes(n - 1):
        n -= 1
    return n
