"""From blocks to what is recorded of each scenario."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from clinigate.core.exhibit import Exhibit
from clinigate.core.measurement import Measurement
from clinigate.gpu_bench.ai.backlog import backlog
from clinigate.gpu_bench.ai.blocks import (
    Block,
    percentile_measurement,
    throughput_measurement,
)
from clinigate.gpu_bench.ai.criteria import (
    DEVICE_P50,
    OFFLINE_THROUGHPUT,
    SERVER_GOODPUT,
    SERVER_P50,
    SERVER_P99,
    SINGLE_P50,
    SINGLE_P99,
)
from clinigate.gpu_bench.ai.options import AiOptions
from clinigate.measure.exhibits import distribution_exhibit, percentiles_exhibit
from clinigate.measure.histogram import Histogram

__all__ = ["figures", "of_offline", "of_server", "of_single_stream"]

About = Measurement | Exhibit


def of_single_stream(
    blocks: Sequence[Block], options: AiOptions, caveats: tuple[str, ...]
) -> Iterator[About]:
    """Yield what single queries took, by the wall clock and by the device's own."""
    for metric, q in ((SINGLE_P50, 0.5), (SINGLE_P99, 0.99)):
        yield _with(percentile_measurement(metric, blocks, q, options.confidence), caveats)
    if any(block.device_s for block in blocks):
        measured = percentile_measurement(DEVICE_P50, blocks, 0.5, options.confidence, device=True)
        yield _with(measured, ("CUDA events: the kernels alone, without launch and wait", *caveats))


def of_server(
    blocks: Sequence[Block], options: AiOptions, caveats: tuple[str, ...]
) -> Iterator[About]:
    """Yield what queries took that came at random, and how many a second came back in time."""
    limit = options.limits.latency_s
    told = (*_batches(blocks), *caveats)
    yield _with(percentile_measurement(SERVER_P50, blocks, 0.5, options.confidence), told)
    tail = percentile_measurement(SERVER_P99, blocks, 0.99, options.confidence)
    high = None if tail.interval is None else tail.interval.high
    if tail.unmeasurable is None and high is not None and high <= limit:
        # What fails fails all the same; only what would pass has to last.
        tail = replace(tail, unmeasurable=backlog(blocks, limit, options.confidence))
    yield _with(tail, told)
    yield _with(
        throughput_measurement(SERVER_GOODPUT, blocks, options.confidence, within_s=limit),
        (f"queries a second that were answered within {limit:g} s, of those offered", *caveats),
    )


def of_offline(
    blocks: Sequence[Block], options: AiOptions, caveats: tuple[str, ...]
) -> Iterator[About]:
    """Yield how many queries a second are answered at most."""
    yield _with(throughput_measurement(OFFLINE_THROUGHPUT, blocks, options.confidence), caveats)


def _with(measured: Measurement, caveats: tuple[str, ...]) -> Measurement:
    return replace(measured, caveats=(*caveats, *measured.caveats))


def _batches(blocks: Sequence[Block]) -> tuple[str, ...]:
    """A remote service does not say how it batches."""
    sizes = [size for block in blocks for size in block.batches]
    if not sizes:
        return ()
    return (f"a batch held {sum(sizes) / len(sizes):.1f} queries on average, {max(sizes)} at most",)


def figures(timed: Mapping[str, Sequence[Block]], metric: str, limit_s: float) -> Iterator[Exhibit]:
    """Yield how the latencies of scenarios spread, side by side.

    Args:
        timed: name in the legend, and the blocks behind it.
        metric: what the figures stand beside.
        limit_s: what the criterion sets.
    """
    histograms = {name: _histogram(blocks) for name, blocks in timed.items()}
    if any(histogram.count for histogram in histograms.values()):
        yield distribution_exhibit(
            metric, histograms, title="How the latencies spread", limit=limit_s
        )
        yield percentiles_exhibit(metric, histograms, title="Latency by percentile", limit=limit_s)


def _histogram(blocks: Sequence[Block]) -> Histogram:
    histogram = Histogram()
    for block in blocks:
        for latency in block.latencies:
            histogram.record(latency)
    return histogram
