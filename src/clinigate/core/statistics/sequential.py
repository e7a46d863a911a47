"""When a count has already decided: ending early, and only by failing.

Curtailment (Alling 1966, "Closed sequential tests"): a test of a fixed n may end as soon as what is
left can no longer change how it ends. With so many events that the lower bound over ALL n units
breaks the limit even if no further event came, the verdict stands. It is the very verdict that the
full n would have given, so that looking after every case costs no certainty, however the cases are
ordered and however alike they are. A pass has no such point before the last unit: one more event
may always come.
"""

from __future__ import annotations

import math

from clinigate.core.statistics.arguments import check_confidence, check_count, check_range
from clinigate.core.statistics.rates import lower_bound

__all__ = ["expected_asked", "failing_events", "unnoticed_rate"]


def failing_events(limit: float, n: int, confidence: float) -> int | None:
    """Return how many events of `n` units fail an at-most limit, whatever the others show.

    The smallest k with `lower_bound(k, n, confidence)` at or above `limit`. None where not even n
    events do.

    Raises:
        UsageError: limit is outside [0, 1], n is below 1, or confidence outside (0.5, 1).
    """
    check_range("limit", limit, 0.0, 1.0)
    n = check_count("n", n, low=1)
    check_confidence(confidence)
    if lower_bound(n, n, confidence) < limit:
        return None
    low, high = 0, n
    while high - low > 1:
        middle = (low + high) // 2
        fails = lower_bound(middle, n, confidence) >= limit
        low, high = (low, middle) if fails else (middle, high)
    return high


def expected_asked(rate: float, events: int, n: int) -> float:
    """Return how many units are asked on average until `events` occurred, at most `n` of them.

    Units are taken as independent with probability `rate` of an event.

    Raises:
        UsageError: rate is outside [0, 1], events is below 1, or n below 1.
    """
    check_range("rate", rate, 0.0, 1.0)
    events = check_count("events", events, low=1)
    n = check_count("n", n, low=1)
    if rate in (0.0, 1.0):
        return float(n) if rate == 0.0 else float(min(events, n))
    # E[min(T, n)] = sum over t < n of P(fewer than `events` among t), by the binomial's recursion.
    held = [1.0] + [0.0] * (events - 1)
    expected = 0.0
    for _ in range(n):
        expected += math.fsum(held)
        held = [held[k] * (1 - rate) + (held[k - 1] * rate if k else 0.0) for k in range(events)]
    return expected


def unnoticed_rate(n: int, chance: float = 0.5) -> float:
    """Return the rate at which `n` units show no event at all with probability `chance`.

    Raises:
        UsageError: n is below 1, or chance outside (0, 1).
    """
    n = check_count("n", n, low=1)
    check_range("chance", chance, 1e-12, 1 - 1e-12)
    return -math.expm1(math.log(chance) / n)
