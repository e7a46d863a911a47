"""What a comparison records: medians always, tails where the blocks are enough."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

from clinigate.core.measurement import Measurement
from clinigate.gpu_bench.ai.blocks import Block, block_quantiles
from clinigate.gpu_bench.ai.criteria import REGRESSION, REGRESSION_P99
from clinigate.gpu_bench.ai.host import too_busy
from clinigate.gpu_bench.regression.baseline import Baseline
from clinigate.gpu_bench.regression.compare import TAIL_BLOCKS, ratio_measurement

__all__ = ["against_baseline", "against_rival"]


def against_baseline(
    baseline: Baseline, blocks: Sequence[Block], confidence: float
) -> Iterator[Measurement]:
    """Yield the comparison with an earlier run."""
    samples = [block.latencies for block in blocks]
    caveat = (
        f"baseline: run {baseline.run}, sealed {baseline.sealed_at}; what changed on the machine "
        "since counts as the model's: where both can run, --compare excludes it"
    )
    yield from _ratios(
        (baseline.p50, baseline.p99),
        (block_quantiles(samples, 0.5), block_quantiles(samples, 0.99)),
        confidence=confidence,
        paired=False,
        caveats=(caveat,),
        unmeasurable=_busy(blocks),
        tail_unmeasurable=_other_size(baseline.sizes, [len(each) for each in samples]),
    )


def against_rival(
    rival: Sequence[Block], blocks: Sequence[Block], confidence: float, *, name: str
) -> Iterator[Measurement]:
    """Yield the comparison with a rival whose blocks ran in turns with the candidate's."""
    theirs, ours = [b.latencies for b in rival], [b.latencies for b in blocks]
    yield from _ratios(
        (block_quantiles(theirs, 0.5), block_quantiles(theirs, 0.99)),
        (block_quantiles(ours, 0.5), block_quantiles(ours, 0.99)),
        confidence=confidence,
        paired=True,
        caveats=(f"compared with {name}, block by block in turns on the same host",),
        unmeasurable=_busy([*rival, *blocks]),
    )


def _ratios(
    before: tuple[Sequence[float], Sequence[float]],
    after: tuple[Sequence[float], Sequence[float]],
    *,
    confidence: float,
    paired: bool,
    caveats: tuple[str, ...],
    unmeasurable: str | None,
    tail_unmeasurable: str | None = None,
) -> Iterator[Measurement]:
    yield ratio_measurement(
        REGRESSION, before[0], after[0], confidence=confidence, paired=paired,
        caveats=caveats, unmeasurable=unmeasurable,
    )  # fmt: skip
    yield ratio_measurement(
        REGRESSION_P99, before[1], after[1], confidence=confidence, paired=paired,
        least=TAIL_BLOCKS, caveats=caveats, unmeasurable=unmeasurable or tail_unmeasurable,
    )  # fmt: skip


def _busy(blocks: Sequence[Block]) -> str | None:
    shares = [block.host_share for block in blocks if block.host_share is not None]
    return too_busy(median(shares)) if shares else None


def _other_size(before: Sequence[int], after: Sequence[int]) -> str | None:
    """Say so where the blocks hold other numbers of queries; the p99 of 20 is their maximum."""
    earlier, now = median(before), median(after)
    if earlier == now:
        return None
    return (
        f"the baseline's blocks hold {earlier:g} queries and these {now:g}, and the p99 of fewer "
        "queries is nearer to their maximum; time both with the same --queries, and with a "
        "--scenario-time in which they fit"
    )
