"""Bounds of a quantile from order statistics: no assumption about the distribution.

The count of samples at or below the true q-quantile is binomial, so a bound of a quantile is a
bound of a rate: the r-th smallest sample lies above the quantile with the confidence with which
r - 1 or fewer of n samples lie below it (David and Nagaraja 2003, "Order Statistics", 7.1). For a
p99 at 95% that takes 299 samples; below that no sample is an upper bound.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from clinigate.core.statistics.arguments import check_confidence, check_open_unit
from clinigate.core.statistics.rates import max_events, need_n
from clinigate.errors import UsageError

__all__ = ["allowed_exceedances", "quantile_bounds", "quantile_need_n"]


def quantile_bounds(
    sorted_values: Sequence[float], q: float, confidence: float
) -> tuple[float, float | None, float | None]:
    """Return (point, low, high) of the q-quantile of ascending `sorted_values`.

    The point is the smallest value with a share of at least q at or below it. `low` and `high` are
    each a one-sided bound at `confidence`, None where n is too small to have one. Infinite values
    are allowed: a request that never came back is slower than any limit.

    Raises:
        UsageError: no values, unsorted values, NaN, q outside (0, 1), confidence outside (0.5, 1).
    """
    check_open_unit("q", q)
    check_confidence(confidence)
    n = len(sorted_values)
    if n == 0:
        raise UsageError("sorted_values is empty; wanted at least one measured value")
    _check_ascending(sorted_values)
    below = max_events(q, n, confidence, strict=False)
    above = allowed_exceedances(q, n, confidence)
    point = sorted_values[max(math.ceil(n * q - 1e-9), 1) - 1]
    low = None if below is None else sorted_values[below]
    high = None if above is None else sorted_values[n - 1 - above]
    return point, low, high


def allowed_exceedances(q: float, n: int, confidence: float) -> int | None:
    """Return how many of n samples may exceed a limit and still certify that the quantile does not.

    None if n is too small even with none.

    Raises:
        UsageError: n is negative, q is outside (0, 1), or confidence outside (0.5, 1).
    """
    check_open_unit("q", q)
    return max_events(1.0 - q, n, confidence, strict=False)


def quantile_need_n(q: float, confidence: float, exceedances: int = 0) -> int:
    """Return the smallest n at which `exceedances` above a limit still certify the quantile.

    Raises:
        UsageError: q is outside (0, 1), confidence outside (0.5, 1), or exceedances negative.
    """
    check_open_unit("q", q)
    return need_n(1.0 - q, exceedances, confidence, strict=False)


def _check_ascending(values: Sequence[float]) -> None:
    previous = -math.inf
    for position, value in enumerate(values):
        if not previous <= value:  # also false for NaN
            raise UsageError(
                f"sorted_values[{position}] is {value!r} after {previous!r}; "
                "wanted ascending numbers without NaN"
            )
        previous = value
