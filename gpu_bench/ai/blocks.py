"""What the loops timed, block by block, and the bounds that follow.

Within one block the samples share their fate: the same phase of the clock, the same neighbours on
the host. Order statistics of one block promise a p99 within 10 to 35%, and the next run lies
outside. So the bounds look at the blocks too: each block's percentile is one draw, and the interval
of their median by order statistics (five blocks give a bound at 95%: 1 - 0.5^5) is widened by that
of all samples together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

from clinigate.core.measurement import Interval, Kind, Measurement, SliceResult
from clinigate.core.statistics.means import mean_bounds
from clinigate.core.statistics.quantiles import quantile_bounds
from clinigate.gpu_bench.ai.host import too_busy

__all__ = [
    "BLOCK",
    "LEAST_BLOCKS",
    "Block",
    "answered_within",
    "block_quantiles",
    "mean_measurement",
    "percentile_measurement",
    "throughput_measurement",
]

#: Fewer give no bound at 95%.
LEAST_BLOCKS = 5
#: Slices of a measurement that hold its value in each block are named with this.
BLOCK = "block="
_PERCENTILE = "order statistics of the blocks' percentiles and of all samples, the wider of the two"
_MEAN = "Student's t over blocks"


@dataclass(frozen=True, slots=True)
class Block:
    """One stretch of measuring.

    Attributes:
        latencies: seconds of each query. elapsed_s: of the whole block.
        window_s: seconds over which its queries were offered; None where each followed the last.
        batches: sizes of the batches.
        host_share: share of its time that the bench waited for a processor.
        device_s: seconds that the device itself counted, for each query; empty without CUDA.
        silent: queries that brought no answer; their latency is the whole time limit.
    """

    latencies: tuple[float, ...]
    elapsed_s: float
    window_s: float | None = None
    batches: tuple[int, ...] = ()
    host_share: float | None = None
    device_s: tuple[float, ...] = ()
    silent: int = 0


def block_quantiles(samples: Sequence[Sequence[float]], q: float) -> tuple[float, ...]:
    """Return each block's q-quantile (the smallest value with a share of q at or below it)."""
    return tuple(quantile_bounds(sorted(each), q, 0.95)[0] for each in samples if each)


def percentile_measurement(
    metric: str, blocks: Sequence[Block], q: float, confidence: float, *, device: bool = False
) -> Measurement:
    """Bound the q-quantile of the latencies, in seconds; `device` takes the device's own times."""
    samples = [block.device_s if device else block.latencies for block in blocks]
    pooled = sorted(value for each in samples for value in each)
    if not pooled:
        return Measurement(metric, Kind.QUANTILE, None, 0, unit="s")
    of_blocks = block_quantiles(samples, q)
    value, low, high = quantile_bounds(pooled, q, confidence)
    _, block_low, block_high = quantile_bounds(sorted(of_blocks), 0.5, confidence)
    return Measurement(
        metric=metric,
        kind=Kind.QUANTILE,
        value=value,
        n=len(pooled),
        unit="s",
        interval=Interval(
            _lower(low, block_low), _higher(high, block_high), confidence, _PERCENTILE
        ),
        slices=_by_block(of_blocks, [len(each) for each in samples if each]),
        caveats=_caveats(blocks),
        unmeasurable=too_busy(_host_share(blocks)),
    )


def throughput_measurement(
    metric: str, blocks: Sequence[Block], confidence: float, *, within_s: float | None = None
) -> Measurement:
    """Bound the mean of queries a second over blocks; `within_s` counts those in time alone."""
    rates = [_rate(block, within_s) for block in blocks if block.elapsed_s > 0]
    measured = mean_measurement(metric, rates, confidence, unit="1/s")
    return _with_host(measured, blocks)


def mean_measurement(
    metric: str,
    values: Sequence[float],
    confidence: float,
    *,
    unit: str,
) -> Measurement:
    """Bound the mean of one value a block; fewer blocks than five have no bound."""
    if not values:
        return Measurement(metric, Kind.MEAN, None, 0, unit=unit)
    value, low, high = mean_bounds(values, confidence)
    if len(values) < LEAST_BLOCKS:
        low = high = None
    elif low is None:
        low = high = value  # every block gave the same, as a GPU at 100% does
    return Measurement(
        metric=metric,
        kind=Kind.MEAN,
        value=value,
        n=len(values),
        unit=unit,
        interval=Interval(low, high, confidence, _MEAN),
        slices=_by_block(values, [1] * len(values)),
    )


def _with_host(measured: Measurement, blocks: Sequence[Block]) -> Measurement:
    return replace(measured, caveats=_caveats(blocks), unmeasurable=too_busy(_host_share(blocks)))


def answered_within(block: Block, limit_s: float) -> int:
    """Count the queries that were answered in time; silence is no answer, whatever the limit."""
    in_time = sum(latency <= limit_s for latency in block.latencies)
    return min(in_time, len(block.latencies) - block.silent)


def _rate(block: Block, within_s: float | None) -> float:
    if within_s is None:
        return (len(block.latencies) - block.silent) / block.elapsed_s
    return answered_within(block, within_s) / (block.window_s or block.elapsed_s)


def _host_share(blocks: Sequence[Block]) -> float | None:
    """The middle block's: one disturbed block among many is what the bounds are there for."""
    shares = [block.host_share for block in blocks if block.host_share is not None]
    return median(shares) if shares else None


def _caveats(blocks: Sequence[Block]) -> tuple[str, ...]:
    told: tuple[str, ...] = ()
    silent, asked = sum(b.silent for b in blocks), sum(len(b.latencies) for b in blocks)
    if silent:
        told += (f"{silent} of {asked} brought no answer and count as the whole time limit",)
    if _host_share(blocks) is None:
        told += ("what the host did meanwhile is unknown",)
    return told


def _lower(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else min(one, other)


def _higher(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else max(one, other)


def _by_block(values: Sequence[float], counts: Sequence[int]) -> tuple[SliceResult, ...]:
    return tuple(
        SliceResult(f"{BLOCK}{number}", value, count)
        for number, (value, count) in enumerate(zip(values, counts, strict=True), start=1)
    )
