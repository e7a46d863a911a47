"""What people would have said, by the word of a judge whose mistakes people have measured.

A judge looks at many items, people at some of them. What the judge is wrong by where both looked is
taken off, and its uncertainty is added (prediction-powered inference, Angelopoulos et al. 2023). A
judge that is too kind then wins nothing, and one whose mistakes are barely known pays for it.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence

from clinigate.core.statistics.arguments import (
    check_confidence,
    check_count,
    check_finite,
    check_same_length,
)
from clinigate.core.statistics.clusters import cluster_bounds, cluster_means
from clinigate.core.statistics.means import mean_bounds
from clinigate.core.statistics.special import student_t_quantile
from clinigate.errors import UsageError

__all__ = ["rectified_mean_bounds", "rectified_share_bounds"]

Bounds = tuple[float, float, float]
Pairs = Sequence[tuple[Hashable, bool]]
"""(cluster id, whether it is so), one for each item."""


def rectified_mean_bounds(
    judged: Sequence[float],
    by_judge: Sequence[float],
    by_people: Sequence[float],
    confidence: float,
    *,
    scale: tuple[float, float],
) -> Bounds:
    """Return (mean, low, high) of what people would have given, each bound one-sided.

    The mean of `judged` less the judge's mean excess over people, by Student's t with Welch's
    degrees of freedom. Each bound is that of the points with one more at its end of the scale, as
    in `mean_bounds`: most points lie near one end, where t alone certifies a mean on its limit in
    up to 12% of the runs, and with it in at most 5% (simulated with 80 conversations and cards of
    100 and 400). Where either part has no spread to learn from, each is bounded by itself at half
    the risk.

    Items are independent of each other: where several are of one cluster, give its mean
    (`cluster_means`).

    Args:
        judged: the judge's points of the items in question.
        by_judge: the judge's points of other items.
        by_people: people's points of those.
        confidence: of each bound.
        scale: lowest and highest point.

    Raises:
        UsageError: fewer than two items on either side, or points outside the scale.
    """
    check_confidence(confidence)
    check_same_length("by_judge", by_judge, "by_people", by_people)
    excess = [j - p for j, p in zip(by_judge, by_people, strict=True)]
    for name, values in (("judged", judged), ("by_judge", excess)):
        if len(check_finite(name, values)) < 2:
            raise UsageError(f"{name} has {len(values)} items; wanted two or more")
    bottom, top = scale
    value = _mean(judged) - _mean(excess)
    if min(_variance(judged), _variance(excess)) > 0:
        worst, best = [*judged, bottom], [*judged, top]
        low = _mean(worst) - _mean(excess) - _reach((worst, excess), confidence)
        high = _mean(best) - _mean(excess) + _reach((best, excess), confidence)
        return _within((value, low, high), scale)
    half = 1.0 - (1.0 - confidence) / 2.0
    _, least, most = mean_bounds(judged, half, scale=scale)
    _, off_least, off_most = mean_bounds(excess, half, scale=(bottom - top, top - bottom))
    assert None not in (least, most, off_least, off_most)  # a scale gives bounds always
    return _within((value, least - off_most, most - off_least), scale)  # type: ignore[operator]


def rectified_share_bounds(
    judged: Pairs, false_yes: Pairs, false_no: Pairs, confidence: float
) -> Bounds:
    """Return (share, low, high) of the items to which people would have said yes.

    The share to which the judge said yes, less the share of wrong ones: at least
    `low(judged) - high(false_yes)`, at most `high(judged) + high(false_no)`, exact bounds of
    clusters (`cluster_bounds`) at half the risk each. Clusters weigh alike.

    Args:
        judged: (cluster, whether the judge said yes) of the items in question.
        false_yes: (cluster, whether the judge said yes and people no) of the items of the card.
        false_no: the other way.
        confidence: of each bound.

    Raises:
        UsageError: no items on either side, or a confidence outside (0.5, 1).
    """
    check_confidence(confidence)
    for name, pairs in (("judged", judged), ("false_yes", false_yes), ("false_no", false_no)):
        check_count(f"items of {name}", len(pairs), low=1)
    half = 1.0 - (1.0 - confidence) / 2.0
    value = _mean(cluster_means(judged)) - (
        _mean(cluster_means(false_yes)) - _mean(cluster_means(false_no))
    )
    low, high = cluster_bounds(judged, half)
    low -= cluster_bounds(false_yes, half)[1]
    high += cluster_bounds(false_no, half)[1]
    return _within((value, low, high), (0.0, 1.0))


def _reach(samples: Sequence[Sequence[float]], confidence: float) -> float:
    """How far a bound of the difference of their means lies from it (Welch 1947)."""
    shares = [_variance(sample) / len(sample) for sample in samples]
    whole = math.fsum(shares)
    freedom = whole**2 / sum(
        share**2 / (len(sample) - 1) for share, sample in zip(shares, samples, strict=True)
    )
    return student_t_quantile(confidence, freedom) * math.sqrt(whole)


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _variance(values: Sequence[float]) -> float:
    if max(values) == min(values):
        return 0.0
    mean = _mean(values)
    return math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)


def _within(bounds: Bounds, scale: tuple[float, float]) -> Bounds:
    bottom, top = scale
    value, low, high = (min(max(each, bottom), top) for each in bounds)
    return value, low, high
