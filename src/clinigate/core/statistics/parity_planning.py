"""What parity costs: the gap that chance alone shows, and how many scenarios settle a limit.

The sample sizes are plans, not promises: they put the luckless pair of groups as far apart as it is
with probability 1 - power when the true difference is 0, and ask when its bound still passes.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from clinigate.core.statistics.arguments import (
    check_confidence,
    check_count,
    check_open_unit,
    check_range,
)
from clinigate.core.statistics.special import normal_quantile
from clinigate.core.statistics.square_and_add import (
    exclusive_difference_upper,
    independent_difference_upper,
)

__all__ = ["expected_max_difference", "paired_parity_need_n", "unpaired_parity_need_n"]


def expected_max_difference(n: int, rate: float, groups: int) -> float:
    """Return the largest difference to expect by chance, where every group's true rate is `rate`.

    For `groups` independent groups of `n` cases each: the mean range of binomial counts over n,
    exactly. It is what a perfectly fair system shows, and stands beside every point estimate.

    Raises:
        UsageError: n is below 1, groups below 2, or rate outside [0, 1].
    """
    n = check_count("n", n, low=1)
    groups = check_count("groups", groups, low=2)
    check_range("rate", rate, 0.0, 1.0)
    if rate in (0.0, 1.0):
        return 0.0
    spread = 12.0 * math.sqrt(n * rate * (1.0 - rate)) + 12.0
    first = max(0, math.floor(n * rate - spread))
    last = min(n, math.ceil(n * rate + spread))
    odds = rate / (1.0 - rate)
    mass = math.exp(
        math.lgamma(n + 1)
        - math.lgamma(first + 1)
        - math.lgamma(n - first + 1)
        + first * math.log(rate)
        + (n - first) * math.log1p(-rate)
    )
    below, total = 0.0, 0.0
    for count in range(first, last):
        below = min(1.0, below + mass)
        total += 1.0 - below**groups - (1.0 - below) ** groups
        mass *= (n - count) / (count + 1) * odds
    return total / n


def paired_parity_need_n(
    limit: float, groups: int, discordance: float, confidence: float, *, power: float = 0.8
) -> int:
    """Return about how many base scenarios certify a paired difference below `limit`.

    `discordance` is the share of scenarios that two groups are answered differently on.

    Raises:
        UsageError: limit or power outside (0, 1), groups below 2, discordance outside [0, 1], or
            confidence outside (0.5, 1).
    """
    check_range("discordance", discordance, 0.0, 1.0)
    each, reach = _plan(limit, groups, confidence, power)

    def passes(n: int) -> bool:
        mean, deviation = n * discordance / 2, reach * math.sqrt(n * discordance) / 2
        more = min(n, math.ceil(mean + deviation))
        less = min(n - more, max(0, math.floor(mean - deviation)))
        return exclusive_difference_upper(more, less, n, each) < limit

    return _smallest(passes)


def unpaired_parity_need_n(
    limit: float, groups: int, rate: float, confidence: float, *, power: float = 0.8
) -> int:
    """Return about how many cases a group certify a difference below `limit` around `rate`.

    Raises:
        UsageError: limit or power outside (0, 1), groups below 2, rate outside [0, 1], or
            confidence outside (0.5, 1).
    """
    check_range("rate", rate, 0.0, 1.0)
    each, reach = _plan(limit, groups, confidence, power)

    def passes(n: int) -> bool:
        deviation = reach * math.sqrt(2 * n * rate * (1.0 - rate)) / 2
        more = min(n, math.ceil(n * rate + deviation))
        less = max(0, math.floor(n * rate - deviation))
        return independent_difference_upper((more, n), (less, n), each) < limit

    return _smallest(passes)


def _plan(limit: float, groups: int, confidence: float, power: float) -> tuple[float, float]:
    """Return the confidence of each comparison, and the luckless pair's distance in deviations."""
    check_open_unit("limit", limit)
    check_open_unit("power", power)
    check_confidence(confidence)
    pairs = math.comb(check_count("groups", groups, low=2), 2)
    each = 1.0 - (1.0 - confidence) / pairs
    return each, normal_quantile((1.0 + power ** (1.0 / pairs)) / 2)


def _smallest(passes: Callable[[int], bool]) -> int:
    """Bisect for a smallest n that passes; rounded counts make `passes` monotone only nearly."""
    low, high = 0, 1
    while not passes(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if passes(middle) else (middle, high)
    return high
