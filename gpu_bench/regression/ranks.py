"""Rank tests of a shift, and the bounds that invert them: no assumption about the distribution.

Two independent samples: Mann and Whitney (1947), with the median of all differences and their order
statistics as estimate and bounds (Hodges and Lehmann 1963; Hollander and Wolfe, "Nonparametric
Statistical Methods", 4.1 and 4.3). Pairs: Wilcoxon (1945) and the Walsh averages (ibid. 3.1, 3.3).
Exact by counting where there are no ties and the samples are small, else the normal approximation
with the correction for ties and for continuity.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from clinigate.core.statistics.arguments import check_confidence, check_finite
from clinigate.core.statistics.special import normal_quantile
from clinigate.errors import UsageError

__all__ = ["Shift", "paired_shift", "rank_sum_greater", "shift", "signed_rank_greater"]

#: Up to so many comparisons the distribution is counted; beyond, the normal one is as good.
_COUNTED = 2500


@dataclass(frozen=True, slots=True)
class Shift:
    """By how much one sample lies above the other.

    Attributes:
        value: Hodges and Lehmann's estimate.
        low, high: one-sided bounds; None where the samples are too small for the confidence.
        p: how likely a shift this large would be if there were none.
    """

    value: float
    low: float | None
    high: float | None
    p: float


def shift(sample: Sequence[float], reference: Sequence[float], confidence: float) -> Shift:
    """Estimate by how much `sample` lies above `reference`.

    Raises:
        UsageError: an empty sample, a number that is not finite, confidence outside (0.5, 1).
    """
    differences = sorted(one - other for one in sample for other in reference)
    counts = _rank_sum_counts(len(sample), len(reference))
    spread = _rank_sum_sd(len(sample), len(reference), ())
    low, high = _order_bounds(differences, counts, spread, confidence)
    p = rank_sum_greater(sample, reference)
    return Shift(_median(differences), low, high, p)


def paired_shift(differences: Sequence[float], confidence: float) -> Shift:
    """Estimate the shift of pairs from their differences; raises as `shift`."""
    n = len(check_finite("differences", differences))
    averages = sorted((differences[i] + differences[j]) / 2 for i in range(n) for j in range(i, n))
    p = signed_rank_greater(differences)
    low, high = _order_bounds(averages, _signed_rank_counts(n), _signed_rank_sd(n, ()), confidence)
    return Shift(_median(averages), low, high, p)


def rank_sum_greater(sample: Sequence[float], reference: Sequence[float]) -> float:
    """Return the one-sided p value that `sample` does not lie above `reference`.

    Raises:
        UsageError: an empty sample, or a number that is not finite.
    """
    n, m = len(check_finite("sample", sample)), len(check_finite("reference", reference))
    if not n or not m:
        raise UsageError("both samples need at least one value")
    ties = [count for count in Counter([*sample, *reference]).values() if count > 1]
    wins = sum((one > other) + (one == other) / 2 for one in sample for other in reference)
    counts = _rank_sum_counts(n, m)
    if counts is not None and not ties:
        return sum(counts[int(wins) :]) / sum(counts)
    return _normal_tail(wins, n * m / 2, _rank_sum_sd(n, m, ties))


def signed_rank_greater(differences: Sequence[float]) -> float:
    """Return the one-sided p value that pairs' differences do not lie above 0.

    Differences of 0 are left out, as Wilcoxon did.

    Raises:
        UsageError: no differences, or one that is not finite.
    """
    if not check_finite("differences", differences):
        raise UsageError("differences is empty; wanted at least one pair")
    moved = sorted((each for each in differences if each), key=abs)
    if not moved:
        return 1.0
    sizes = [abs(each) for each in moved]
    ranks = _ranks(sizes)
    wins = sum(rank for rank, each in zip(ranks, moved, strict=True) if each > 0)
    ties = [count for count in Counter(sizes).values() if count > 1]
    n = len(moved)
    counts = _signed_rank_counts(n)
    if counts is not None and not ties:
        return sum(counts[int(wins) :]) / sum(counts)
    return _normal_tail(wins, n * (n + 1) / 4, _signed_rank_sd(n, ties))


def _order_bounds(
    ordered: Sequence[float], counts: Sequence[int] | None, spread: float, confidence: float
) -> tuple[float | None, float | None]:
    """The c-th value from either end, c the largest count that chance reaches rarely enough."""
    check_confidence(confidence)
    size = len(ordered)
    if counts is None:
        c = math.floor(size / 2 - normal_quantile(confidence) * spread - 0.5)
    else:
        c = _largest_rare(counts, 1 - confidence)
    if c < 0:
        return None, None
    return ordered[c], ordered[size - 1 - c]


def _largest_rare(counts: Sequence[int], alpha: float) -> int:
    total, below = sum(counts), 0
    for value, count in enumerate(counts):
        below += count
        if below > alpha * total:
            return value - 1
    return len(counts) - 1


@cache
def _rank_sum_counts(n: int, m: int) -> tuple[int, ...] | None:
    """How many orderings of n and m values give each number of wins; None where it is too many.

    The coefficients of the Gaussian binomial: the product of (1 - x^(m+i)) / (1 - x^i).
    """
    if not n or not m or n * m > _COUNTED:
        return None
    counts = [1] + [0] * (n * m)
    for i in range(1, n + 1):
        for at in range(n * m, m + i - 1, -1):
            counts[at] -= counts[at - m - i]
        for at in range(i, n * m + 1):
            counts[at] += counts[at - i]
    return tuple(counts)


@cache
def _signed_rank_counts(n: int) -> tuple[int, ...] | None:
    """How many choices of signs give each sum of ranks; None where it is too many."""
    size = n * (n + 1) // 2
    if not n or size > _COUNTED:
        return None
    counts = [1] + [0] * size
    for rank in range(1, n + 1):
        for at in range(size, rank - 1, -1):
            counts[at] += counts[at - rank]
    return tuple(counts)


def _rank_sum_sd(n: int, m: int, ties: Sequence[int]) -> float:
    total = n + m
    if total < 2:
        return 0.0
    correction = sum(t**3 - t for t in ties) / (total * (total - 1))
    return math.sqrt(max(0.0, n * m / 12 * (total + 1 - correction)))


def _signed_rank_sd(n: int, ties: Sequence[int]) -> float:
    return math.sqrt(n * (n + 1) * (2 * n + 1) / 24 - sum(t**3 - t for t in ties) / 48)


def _normal_tail(wins: float, mean: float, spread: float) -> float:
    if not spread:
        return 1.0
    return math.erfc((wins - mean - 0.5) / spread / math.sqrt(2)) / 2


def _ranks(ordered: Sequence[float]) -> list[float]:
    """Ranks of ascending values, from 1; equal ones share the middle of theirs."""
    ranks: list[float] = []
    while len(ranks) < len(ordered):
        start = len(ranks)
        end = start
        while end < len(ordered) and ordered[end] == ordered[start]:
            end += 1
        ranks += [(start + 1 + end) / 2] * (end - start)
    return ranks


def _median(ordered: Sequence[float]) -> float:
    size = len(ordered)
    if not size:
        raise UsageError("both samples need at least one value")
    return (ordered[(size - 1) // 2] + ordered[size // 2]) / 2
