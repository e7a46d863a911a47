"""Quantiles of samples that count differently, with bounds.

Where crisis conversations are drawn more often than in life, each of their samples counts less.
The quantile is that of the weighted distribution function. Its bounds are the order statistics of
as many unweighted samples as these are worth, Kish's effective sample size (Kish 1965, "Survey
Sampling", 11.7): (sum of weights)^2 / sum of squared weights. With equal weights that is exact;
otherwise it is an approximation, and the method says so.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from clinigate.core.measurement import Interval
from clinigate.core.statistics import allowed_exceedances
from clinigate.core.statistics.rates import max_events
from clinigate.measure.histogram import METHOD, Histogram

__all__ = ["KISH", "effective_n", "weighted_quantile", "weighted_quantile_interval"]

KISH = "order statistics of as many samples as the weighted ones are worth (Kish), approximate"

Strata = Sequence[tuple[Histogram, float]]
"""Histograms, each with the weight of its samples."""


def effective_n(strata: Strata) -> int:
    """Return how many equal samples these are worth."""
    total = math.fsum(histogram.count * weight for histogram, weight in strata)
    squares = math.fsum(histogram.count * weight * weight for histogram, weight in strata)
    return math.floor(total * total / squares * (1 + 1e-12)) if squares else 0


def weighted_quantile(strata: Strata, q: float) -> float | None:
    """Return the smallest value with a weighted share of at least `q` at or below it.

    None where nothing was recorded.
    """
    equal = _if_equal(strata)
    if equal is not None:
        return equal.quantile(q)
    bucket = _bucket_at(strata, q)
    return None if bucket is None else (bucket[0] + bucket[1]) / 2


def weighted_quantile_interval(strata: Strata, q: float, confidence: float) -> Interval:
    """Return both one-sided bounds of the weighted quantile; None where there are too few."""
    equal = _if_equal(strata)
    if equal is not None:
        return equal.quantile_interval(q, confidence)
    n = effective_n(strata)
    below = max_events(q, n, confidence, strict=False) if n else None
    above = allowed_exceedances(q, n, confidence) if n else None
    low = None if below is None else _bucket_at(strata, (below + 1) / n)
    high = None if above is None else _bucket_at(strata, (n - above) / n)
    return Interval(
        None if low is None else low[0],
        None if high is None else high[1],
        confidence,
        f"{KISH}; {METHOD}",
    )


def _if_equal(strata: Strata) -> Histogram | None:
    """All samples in one histogram where they count alike; None where they do not."""
    held = [(histogram, weight) for histogram, weight in strata if histogram.count]
    if not held:
        return Histogram()
    if any(not math.isclose(weight, held[0][1], rel_tol=1e-9) for _, weight in held):
        return None
    merged = Histogram()
    for histogram, _ in held:
        merged.merge(histogram)
    return merged


def _bucket_at(strata: Strata, share: float) -> tuple[float, float] | None:
    """The bucket up to whose end a weighted share of at least `share` lies."""
    buckets = sorted(
        (low, high, count * weight)
        for histogram, weight in strata
        for low, high, count in histogram.buckets()
    )
    wanted = share * math.fsum(weight for _, _, weight in buckets) * (1 - 1e-12)
    seen = 0.0
    for low, high, weight in buckets:
        seen += weight
        if seen >= wanted:
            return low, high
    return None
