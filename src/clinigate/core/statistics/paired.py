"""Two builds asked the same cases: only cases that one got right and the other wrong tell anything.

Variants of one authored core are no independent evidence, so that the core is the unit. A core's
loss is its share of cases that only the first build got right, less the share that only the second
did: a number from -1 to 1. The bounds take it for a whole loss, no loss or a whole gain, whichever
is worse for the side that they bound; with one case a core that is the plain count.

"No significant loss" is no evidence that there is none. That nothing is lost, an upper bound under
a margin shows (`paired_loss`); that something is, McNemar's exact test (`mcnemar_exact`).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

from clinigate.core.statistics.arguments import (
    check_confidence,
    check_count,
    check_positive,
    check_same_length,
)
from clinigate.core.statistics.quantiles import quantile_bounds
from clinigate.core.statistics.rates import need_n
from clinigate.core.statistics.special import betainc
from clinigate.core.statistics.square_and_add import exclusive_difference_upper
from clinigate.errors import UsageError

__all__ = [
    "PairedLoss",
    "holm_rejects",
    "mcnemar_exact",
    "paired_loss",
    "paired_loss_need_n",
    "paired_ratio_bounds",
]

Pairs = Iterable[tuple[Hashable, bool, bool]]
"""(core, whether the first build was right, whether the second was), one for each case."""


@dataclass(frozen=True, slots=True)
class PairedLoss:
    """By how much fewer cases the second build gets right.

    Attributes:
        value: the mean loss over the cores; below 0 where the second build is better.
        low, high: one-sided bounds of it, each at `confidence`.
        n: cores. cases: in them.
        worse, better: cores with a net loss, and with a net gain.
        lost, gained: cases that only the first build got right, and only the second.
        p: chance of at least so many cores with a loss if losses and gains were equally likely.
    """

    value: float
    low: float
    high: float
    confidence: float
    n: int
    cases: int
    worse: int
    better: int
    lost: int
    gained: int
    p: float


def paired_loss(pairs: Pairs, confidence: float) -> PairedLoss:
    """Bound the loss of right answers from the first build to the second.

    The bounds are Newcombe's square-and-add for pairs with exact limits (`square_and_add`), on the
    worst reading of each core.

    Raises:
        UsageError: no pair, or confidence outside (0.5, 1).
    """
    check_confidence(confidence)
    lost, gained, sizes = _by_core(pairs)
    n = len(sizes)
    if n == 0:
        raise UsageError("pairs is empty; wanted at least one case that both builds were asked")
    net = {core: lost[core] - gained[core] for core in sizes}
    worse = sum(each > 0 for each in net.values())
    better = sum(each < 0 for each in net.values())
    all_lost = sum(net[core] == size for core, size in sizes.items())
    all_gained = sum(-net[core] == size for core, size in sizes.items())
    return PairedLoss(
        value=sum(net[core] / size for core, size in sizes.items()) / n,
        low=-exclusive_difference_upper(better, all_lost, n, confidence),
        high=exclusive_difference_upper(worse, all_gained, n, confidence),
        confidence=confidence,
        n=n,
        cases=sum(sizes.values()),
        worse=worse,
        better=better,
        lost=sum(lost.values()),
        gained=sum(gained.values()),
        p=mcnemar_exact(worse, better),
    )


def paired_loss_need_n(margin: float, confidence: float) -> int:
    """Return the cores that show a loss under `margin` where no two answers differ.

    Raises:
        UsageError: margin outside (0, 1), or confidence outside (0.5, 1).
    """
    return need_n(margin, 0, confidence)


def mcnemar_exact(worse: int, better: int) -> float:
    """Return McNemar's exact one-sided p: that `worse` or more of the discordant ones are losses.

    1 where nothing is discordant. The two-sided p is twice the smaller side, at most 1.

    Raises:
        UsageError: a count is negative.
    """
    worse, better = check_count("worse", worse), check_count("better", better)
    return 1.0 if worse == 0 else betainc(worse, better + 1.0, 0.5)


def holm_rejects(p_values: Sequence[float], alpha: float) -> tuple[bool, ...]:
    """Return which of several p hold together at `alpha`, in their order (Holm 1979).

    The chance of rejecting any true hypothesis is at most `alpha`, however they depend.
    """
    rejected = [False] * len(p_values)
    ranked = sorted(range(len(p_values)), key=p_values.__getitem__)
    for rank, position in enumerate(ranked):
        if p_values[position] > alpha / (len(p_values) - rank):
            break
        rejected[position] = True
    return tuple(rejected)


def paired_ratio_bounds(
    before: Sequence[float], now: Sequence[float], *, least: float, delay: float, confidence: float
) -> tuple[float, float | None, float | None]:
    """Return (median, low, high) of how many times as large each value of `now` is.

    Bounds are order statistics of the pairs' ratios, None where there are too few. Values below
    `least` count as `least`. `delay`, what a measuring host may have added to the values of `now`,
    is taken off for the lower bound alone.

    Raises:
        UsageError: no pair, columns of different length, `least` not above 0, or confidence
            outside (0.5, 1).
    """
    check_same_length("before", before, "now", now)
    check_positive("least", least)
    ratios = sorted(_ratios(before, now, least, 0.0))
    value, _, high = quantile_bounds(ratios, 0.5, confidence)
    _, low, _ = quantile_bounds(sorted(_ratios(before, now, least, delay)), 0.5, confidence)
    return value, low, high


def _ratios(
    before: Sequence[float], now: Sequence[float], least: float, delay: float
) -> Iterable[float]:
    for was, value in zip(before, now, strict=True):
        yield max(value - delay, least) / max(was, least)


Counts = dict[Hashable, int]


def _by_core(pairs: Pairs) -> tuple[Counts, Counts, Counts]:
    """Return cases lost, gained, and all, of each core."""
    lost: Counts = {}
    gained: Counts = {}
    sizes: Counts = {}
    for core, before, now in pairs:
        lost[core] = lost.get(core, 0) + (before and not now)
        gained[core] = gained.get(core, 0) + (now and not before)
        sizes[core] = sizes.get(core, 0) + 1
    return lost, gained, sizes
