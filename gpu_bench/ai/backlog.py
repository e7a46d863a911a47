"""Did the queue stay short, or did the block only end before it was long?

Every Server block begins with an empty queue. Where more is offered than is answered, the wait
grows by a constant amount each second, and a block that ends in time shows a p99 that nobody would
see an hour later.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean, median

from clinigate.core.statistics.means import mean_bounds
from clinigate.gpu_bench.ai.blocks import LEAST_BLOCKS, Block

__all__ = ["backlog"]

#: A service runs for longer than a block: a wait that grows is judged by what it is after this.
_HORIZON_S = 60.0
_QUARTERS = 4


def backlog(blocks: Sequence[Block], limit_s: float, confidence: float) -> str | None:
    """Say why a percentile within `limit_s` would not last; None where nothing shows that.

    Either the middle block took longer than its window by more than `limit_s`, or the wait grew
    within the blocks (mean of the last quarter of the queries less that of the second, by Student's
    t over blocks) so fast that it alone would pass `limit_s` in a minute.

    Args:
        blocks: of the Server scenario, latencies in the order in which they were due.
        limit_s: of the latency, in seconds.
        confidence: one-sided, that the wait grew.
    """
    offered = [(block, block.window_s) for block in blocks if block.window_s is not None]
    if not offered:
        return None
    over_s = median(block.elapsed_s - window_s for block, window_s in offered)
    if over_s > limit_s:
        return (
            f"the queue did not drain: blocks ended {over_s:.3g} s after the time in which their "
            f"queries came, which is more than the limit of {limit_s:g} s"
        )
    growths = [growth for each in offered if (growth := _growth(*each)) is not None]
    if len(growths) < LEAST_BLOCKS:
        return None
    value, low, _ = mean_bounds(growths, confidence)
    surely = value if low is None else low  # every block gave the same
    if surely * _HORIZON_S <= limit_s:
        return None
    return (
        f"the queue grew: each second queries waited {value * 1e3:.3g} ms longer, and after "
        f"{limit_s / value:.0f} s of it the limit of {limit_s:g} s is spent; more is offered than "
        "is answered"
    )


def _growth(block: Block, window_s: float) -> float | None:
    """Seconds by which the latency grew in each second; None where there are too few queries."""
    size = len(block.latencies) // _QUARTERS
    if not size:
        return None
    second, last = block.latencies[size : 2 * size], block.latencies[-size:]
    return (fmean(last) - fmean(second)) / (window_s / 2)
