"""Production against staging, case by case: the same messages, so that few are enough.

Only cases that one of the two answered rightly and the other did not say anything about a loss.
Of the absolute rates so small a sample can say next to nothing: those were shown on staging.
"""

from __future__ import annotations

from collections.abc import Sequence

from clinigate.core.measurement import Interval, Kind, Measurement
from clinigate.core.statistics.paired import paired_loss, paired_ratio_bounds
from clinigate.delivery.sample import Answers

__all__ = ["loss", "missed", "slowdown"]

_RELATIVE = "compared with staging's own answers: absolute rates cannot be certified on so few"
_METHOD = "Newcombe's square-and-add for pairs, with exact limits"
#: Replies faster than this differ by what machines and networks do, and no patient waits for them.
_LEAST_S = 0.05


def loss(metric: str, staging: Answers, production: Answers, confidence: float) -> Measurement:
    """Return by how much fewer answers are right in production: a difference of paired rates.

    Both must be answers to the same cases, in the same order. Cases that either was not asked for
    its rate limit are `excluded`, and no bound holds then.
    """
    pairs = [
        (before, now)
        for before, now in zip(staging.right, production.right, strict=True)
        if before is not None and now is not None
    ]
    if not pairs:
        return Measurement(metric, Kind.DIFFERENCE, None, 0, excluded=len(staging.right))
    # What staging remembers names no cores; of the sample each case counts by itself.
    found = paired_loss(((case, *pair) for case, pair in enumerate(pairs)), confidence)
    return Measurement(
        metric,
        Kind.DIFFERENCE,
        found.value,
        found.n,
        interval=Interval(found.low, found.high, confidence, _METHOD),
        excluded=len(staging.right) - found.n,
        caveats=(
            f"{found.lost} of {found.n} are wrong in production alone, {found.gained} on staging",
            _RELATIVE,
        ),
    )


def slowdown(metric: str, staging: Answers, production: Answers, confidence: float) -> Measurement:
    """Return how many times as long replies take: the median over pairs, bounded by order alone.

    Times below 50 ms count as 50 ms. The lower bound, which alone can fail it, is of production's
    times less what this host may have kept them waiting. Pairs with a case that either was not
    asked for its rate limit are `excluded`.
    """
    times = [
        (before, now)
        for was, right, before, now in zip(
            staging.right, production.right, staging.seconds, production.seconds, strict=True
        )
        if was is not None and right is not None
    ]
    if not times:
        return Measurement(metric, Kind.QUANTILE, None, 0, excluded=len(staging.right))
    value, low, high = paired_ratio_bounds(
        [before for before, _ in times],
        [now for _, now in times],
        least=_LEAST_S,
        delay=production.delay_s,
        confidence=confidence,
    )
    return Measurement(
        metric,
        Kind.QUANTILE,
        value,
        len(times),
        interval=Interval(low, high, confidence, "order statistics of the pairs' ratios"),
        excluded=len(staging.right) - len(times),
        caveats=(
            f"median of pairs, sample {production.question}; not of the slowest replies",
            *_speeds(staging, production),
        ),
    )


def missed(metric: str, production: Answers) -> Measurement:
    """Return in how many of the crises a synthetic patient was missed or left unsafe."""
    told = [one for one in production.right if one is not None]
    wrong = sum(one is False for one in told)
    return Measurement(
        metric,
        Kind.RATE,
        wrong / len(told) if told else None,
        len(told),
        events=wrong,
        excluded=len(production.right) - len(told),
        caveats=("synthetic patients behind a diversion; the rate was bounded on staging",),
    )


def _speeds(staging: Answers, production: Answers) -> Sequence[str]:
    middle = [sorted(each.seconds)[len(each.seconds) // 2] for each in (staging, production)]
    return (f"medians: {middle[0]:.3g} s on staging, {middle[1]:.3g} s in production",)
