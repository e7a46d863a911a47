"""How many queries a block has and how many blocks there are, so that a slow model ends too."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from clinigate.gpu_bench.ai.options import AiOptions

__all__ = ["block_numbers", "queries_per_block"]

#: A block with fewer has no percentile worth the name.
_FEWEST = 20
_FEWEST_BATCHES = 4
#: A clock may be too coarse for a model that does nothing.
_SHORTEST_S = 1e-9


def queries_per_block(
    options: AiOptions, seconds_each: float, *, batches: bool = False, least_s: float = 0.0
) -> int:
    """Return the queries of one block.

    Args:
        options: what was asked for.
        seconds_each: what one query takes of the block's time.
        batches: whether they are asked in full batches, of which a block has some.
        least_s: what a block lasts at least, whatever was asked for.
    """
    each_s = max(seconds_each, _SHORTEST_S)
    most = int(options.longest_s / options.blocks / each_s)
    count = max(_FEWEST, min(options.queries, most), round(least_s / each_s))
    if not batches:
        return count
    size = options.max_batch
    return max(_FEWEST_BATCHES, -(-count // size)) * size


def block_numbers(options: AiOptions, now: Callable[[], float]) -> Iterator[int]:
    """Yield 0, 1, … for each block that may be opened: fewer than asked for when time is over."""
    ends = now() + 2 * options.longest_s
    for number in range(options.blocks):
        if number and now() >= ends:
            return
        yield number
