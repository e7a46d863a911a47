"""Bounds for cases that repeat one another: variants of one authored core are no new evidence.

Ten variants of one utterance are missed together or found together. Counting them as ten cases
certifies a detector at its limit in 9 to 76% of the trials, where 5% was promised. The honest count
is one per cluster. A cluster in which any variant was missed counts as missed: the share of such
clusters is at least the mean share of missed variants, so its upper bound holds for that too.

Rates here weigh every cluster alike, whatever its number of variants.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable

from clinigate.core.statistics.arguments import check_at_least, check_count, check_range
from clinigate.core.statistics.rates import lower_bound, upper_bound

__all__ = [
    "any_event",
    "cluster_bounds",
    "cluster_means",
    "design_effect",
    "effective_n",
    "intra_cluster_correlation",
]

Pairs = Iterable[tuple[Hashable, bool]]
"""(cluster id, whether the event occurred), one for each case."""


def any_event(pairs: Pairs) -> tuple[int, int]:
    """Return (clusters in which any case had the event, clusters)."""
    tallies = _tallies(pairs)
    return sum(events > 0 for events, _ in tallies), len(tallies)


def cluster_bounds(pairs: Pairs, confidence: float) -> tuple[float, float]:
    """Return one-sided bounds (low, high) of the mean event rate of unseen clusters.

    `high` is the exact upper bound of "any case of the cluster had the event", `low` the exact
    lower bound of "every case of the cluster had it": the mean rate lies between these two,
    however alike the cases of a cluster are. With one case a cluster they are `rates`' bounds.

    Raises:
        UsageError: confidence is outside (0.5, 1).
    """
    tallies = _tallies(pairs)
    some = sum(events > 0 for events, _ in tallies)
    every = sum(events == cases for events, cases in tallies)
    return (
        lower_bound(every, len(tallies), confidence),
        upper_bound(some, len(tallies), confidence),
    )


def cluster_means(values: Iterable[tuple[Hashable, float]]) -> list[float]:
    """Return the mean of each cluster's values, by which a bound of a mean counts clusters.

    `values` holds (cluster id, value), one for each case; clusters come in their first order.
    """
    of: dict[Hashable, list[float]] = {}
    for cluster, value in values:
        of.setdefault(cluster, []).append(value)
    return [math.fsum(each) / len(each) for each in of.values()]


def intra_cluster_correlation(pairs: Pairs) -> float | None:
    """Return the analysis-of-variance estimate of the intra-cluster correlation, from 0 to 1.

    None where it cannot be estimated: fewer than two clusters, no cluster of two cases, or no
    variation at all (0 events say nothing about whether misses come together). A negative estimate
    is returned as 0. Formula: Ridout, Demetrio and Firth 1999, Biometrics 55, "analysis of
    variance estimator".
    """
    tallies = _tallies(pairs)
    total = sum(cases for _, cases in tallies)
    all_events = sum(events for events, _ in tallies)
    groups = len(tallies)
    if groups < 2 or total == groups or all_events in (0, total):
        return None
    rate = all_events / total
    between = sum(cases * (events / cases - rate) ** 2 for events, cases in tallies) / (groups - 1)
    within = sum(events * (1 - events / cases) for events, cases in tallies) / (total - groups)
    typical_size = (total - sum(cases**2 for _, cases in tallies) / total) / (groups - 1)
    return max(0.0, (between - within) / (between + (typical_size - 1) * within))


def design_effect(cluster_size: float, icc: float) -> float:
    """Return 1 + (cluster_size - 1) * icc: by how much clustering inflates a rate's variance.

    `cluster_size` is the mean number of cases a cluster (Kish 1965); for unequal sizes pass
    sum(size^2) / sum(size), which is larger.

    Raises:
        UsageError: cluster_size is below 1, or icc outside [0, 1].
    """
    check_at_least("cluster_size", cluster_size, 1.0)
    check_range("icc", icc, 0.0, 1.0)
    return 1.0 + (cluster_size - 1.0) * icc


def effective_n(cases: int, clusters: int, icc: float) -> float:
    """Return how many independent cases `cases` in `clusters` clusters of equal size are worth.

    Raises:
        UsageError: clusters is below 1 or above cases, or icc outside [0, 1].
    """
    cases = check_count("cases", cases, low=1)
    clusters = check_count("clusters", clusters, low=1, high=cases)
    return cases / design_effect(cases / clusters, icc)


def _tallies(pairs: Pairs) -> list[tuple[int, int]]:
    """Return (events, cases) for each cluster."""
    tallies: dict[Hashable, list[int]] = {}
    for cluster, event in pairs:
        tally = tallies.setdefault(cluster, [0, 0])
        tally[0] += bool(event)
        tally[1] += 1
    return [(events, cases) for events, cases in tallies.values()]
