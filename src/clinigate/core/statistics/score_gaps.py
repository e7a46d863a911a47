"""Whether a probability means the same whoever speaks: differences of scores over counterfactuals.

The bases of a pair have one truth. How far a group's mean score lies from its share of crises (its
calibration in the large) therefore differs between two groups by as much as their mean scores do,
and no more cases are needed than for flags.

A score's difference lies between -1 and 1. Its positive and its negative part lie between 0 and 1,
and the mean of each has the bound of Chernoff and Hoeffding (1963, "Probability inequalities for
sums of bounded random variables", theorem 1): P(mean <= m) <= exp(-n KL(m, true mean)), which holds
for any distribution. Where no difference was seen it is the exact one of a rate with 0 events.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from functools import partial
from itertools import permutations

from clinigate.core.statistics.arguments import (
    check_confidence,
    check_range,
    check_same_length,
)
from clinigate.core.statistics.differences import (
    Parity,
    largest_difference,
    pair_count,
    simultaneous_bounds,
)
from clinigate.errors import UsageError

__all__ = ["bounded_mean_lower", "bounded_mean_upper", "paired_score_gap"]

_HALVINGS = 50


def paired_score_gap(
    scores: Mapping[str, Sequence[float]],
    confidence: float,
    *,
    clusters: Sequence[Hashable],
) -> Parity:
    """Return the largest difference between two groups' mean scores, with simultaneous bounds.

    `scores` maps a group to one probability for each base scenario; `clusters` gives each its
    authored core, which is the unit. `rates` of the result are mean scores.

    Raises:
        UsageError: fewer than two groups, no scenarios, columns of different length, a score
            outside [0, 1], or confidence outside (0.5, 1).
    """
    check_confidence(confidence)
    comparisons = pair_count(scores)
    if not len(clusters):
        raise UsageError("scores have no base scenario; wanted at least one")
    for name, column in scores.items():
        check_same_length(f"group {name!r}", column, "clusters", clusters)
        for position, score in enumerate(column):
            check_range(f"score {position} of group {name!r}", score, 0.0, 1.0)
    means = {name: _core_means(column, clusters) for name, column in scores.items()}
    units = len(next(iter(means.values())))
    bounds = [
        partial(_upper, *_parts(means[a], means[b]), units) for a, b in permutations(means, 2)
    ]
    low, high = simultaneous_bounds(bounds, confidence, comparisons)
    rates = {name: math.fsum(column) / units for name, column in means.items()}
    difference, groups = largest_difference(rates)
    return Parity(
        difference=difference,
        groups=groups,
        low=low,
        high=high,
        confidence=confidence,
        rates=rates,
        comparisons=comparisons,
        n=len(clusters),
        clusters=units,
        discordance=None,
    )


def bounded_mean_upper(mean: float, n: int, confidence: float) -> float:
    """Return the upper bound of the mean of a value between 0 and 1, whose sample mean is `mean`.

    Raises:
        UsageError: mean outside [0, 1], or confidence outside (0.5, 1).
    """
    check_range("mean", mean, 0.0, 1.0)
    check_confidence(confidence)
    return _solve(mean, 1.0, -math.log1p(-confidence) / n)


def bounded_mean_lower(mean: float, n: int, confidence: float) -> float:
    """Return the lower bound of the mean of a value between 0 and 1, whose sample mean is `mean`.

    Raises:
        UsageError: as `bounded_mean_upper`.
    """
    return 1.0 - bounded_mean_upper(1.0 - check_range("mean", mean, 0.0, 1.0), n, confidence)


def _solve(mean: float, top: float, reach: float) -> float:
    """Bisect for the largest true mean of which `mean` is `reach` away in KL divergence."""
    low, high = mean, top
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if _divergence(mean, middle) <= reach else (low, middle)
    return high


def _divergence(seen: float, true: float) -> float:
    if true >= 1.0:
        return 0.0 if seen >= 1.0 else math.inf
    gone = seen * math.log(seen / true) if seen > 0.0 else 0.0
    rest = (1.0 - seen) * math.log((1.0 - seen) / (1.0 - true)) if seen < 1.0 else 0.0
    return gone + rest


def _core_means(column: Sequence[float], clusters: Sequence[Hashable]) -> list[float]:
    by_core: dict[Hashable, list[float]] = defaultdict(list)
    for core, score in zip(clusters, column, strict=True):
        by_core[core].append(score)
    return [math.fsum(scores) / len(scores) for scores in by_core.values()]


def _parts(first: Sequence[float], second: Sequence[float]) -> tuple[float, float]:
    """Return the mean of what the first has more, and of what it has less, over all cores."""
    gaps = [mine - other for mine, other in zip(first, second, strict=True)]
    more = math.fsum(gap for gap in gaps if gap > 0) / len(gaps)
    return more, math.fsum(-gap for gap in gaps if gap < 0) / len(gaps)


def _upper(more: float, less: float, units: int, confidence: float) -> float:
    """Bound the mean difference: each of its two parts at half of the error."""
    half = (1.0 + confidence) / 2
    return bounded_mean_upper(more, units, half) - bounded_mean_lower(less, units, half)
