"""Two series of blocks become one Measurement of how much slower the candidate is.

Samples of one block share their fate, so that a test on pooled samples cries wolf in a third of the
comparisons of a program with itself, and a ratio of p99s in 40% of them. Blocks are the units here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

from clinigate.core.measurement import Interval, Kind, Measurement, SliceResult
from clinigate.errors import UsageError
from clinigate.gpu_bench.ai.blocks import LEAST_BLOCKS
from clinigate.gpu_bench.regression.ranks import Shift, paired_shift, shift

__all__ = ["TAIL_BLOCKS", "ratio_measurement"]

#: A tail's regression takes this many blocks on both sides; with fewer nothing is said of it.
TAIL_BLOCKS = 20


def ratio_measurement(
    metric: str,
    baseline: Sequence[float],
    candidate: Sequence[float],
    *,
    confidence: float,
    paired: bool,
    least: int = LEAST_BLOCKS,
    caveats: tuple[str, ...] = (),
    unmeasurable: str | None = None,
) -> Measurement:
    """Compare a statistic of blocks; the value is candidate over baseline.

    The lower bound, which alone can fail a criterion, is the ratio itself where the blocks show at
    `confidence` that the candidate is slower (Mann-Whitney, of pairs Wilcoxon's signed ranks), and
    else the bound of Hodges and Lehmann, which then lies at 1 or below. So a criterion `<= 1.05`
    fails exactly if the ratio is above 1.05 *and* the test says so. The upper bound, which alone
    can pass it, is that of Hodges and Lehmann: a comparison too noisy to tell is INCONCLUSIVE.

    Args:
        metric: what the measurement is called.
        baseline: seconds above 0, one for each block.
        candidate: likewise; of pairs, in the same order.
        confidence: one-sided.
        paired: blocks of both ran in turns, so that each pair met the same minute of the host.
        least: fewer blocks on either side say nothing.
        caveats: sentences to add.
        unmeasurable: why nothing can be told at all.

    Raises:
        UsageError: no blocks, a time that is not above 0, or pairs of different number.
    """
    _check(baseline, candidate, paired)
    of_logs = _shift(baseline, candidate, confidence, paired)
    ratio = _ratio(baseline, candidate, paired)
    blocks = min(len(baseline), len(candidate))
    if blocks < least and unmeasurable is None:
        unmeasurable = f"{blocks} blocks on one side; a comparison of this takes {least} on both"
    return Measurement(
        metric=metric,
        kind=Kind.DIFFERENCE,
        value=ratio,
        n=blocks,
        interval=_interval(ratio, of_logs, confidence, paired),
        slices=(
            SliceResult("baseline", median(baseline), len(baseline)),
            SliceResult("candidate", median(candidate), len(candidate)),
        ),
        caveats=(f"the blocks differ with p = {of_logs.p:.2g}", *caveats),
        unmeasurable=unmeasurable,
    )


def _check(baseline: Sequence[float], candidate: Sequence[float], paired: bool) -> None:
    if not baseline or not candidate:
        raise UsageError("a comparison needs blocks of the baseline and of the candidate")
    if paired and len(baseline) != len(candidate):
        raise UsageError(f"{len(baseline)} and {len(candidate)} blocks are no pairs")
    if min(*baseline, *candidate) <= 0:
        raise UsageError("a block's time is not above 0; the clock is too coarse for this model")


def _shift(
    baseline: Sequence[float], candidate: Sequence[float], confidence: float, paired: bool
) -> Shift:
    before, after = [math.log(each) for each in baseline], [math.log(each) for each in candidate]
    if paired:
        return paired_shift([a - b for b, a in zip(before, after, strict=True)], confidence)
    return shift(after, before, confidence)


def _ratio(baseline: Sequence[float], candidate: Sequence[float], paired: bool) -> float:
    if paired:
        return median(a / b for b, a in zip(baseline, candidate, strict=True))
    return median(candidate) / median(baseline)


def _interval(ratio: float, of_logs: Shift, confidence: float, paired: bool) -> Interval:
    test = "signed ranks of pairs" if paired else "Mann-Whitney on blocks"
    method = f"low: the ratio where {test} shows it, else Hodges-Lehmann; high: Hodges-Lehmann"
    slower = of_logs.p < 1 - confidence
    low = None if of_logs.low is None else min(ratio, math.exp(of_logs.low))
    high = None if of_logs.high is None else max(ratio, math.exp(of_logs.high))
    return Interval(ratio if slower else low, high, confidence, method)
