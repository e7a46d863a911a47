"""The three timed loops. Each takes a clock and a service, so that tests can set the time.

Call them inside of `without_collections`: with torch loaded one full collection of garbage takes
60 ms, and would be counted as the model's.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from clinigate.gpu_bench.ai.batching import WaitRule, dispatch_at, members
from clinigate.gpu_bench.ai.clock import Clock

__all__ = ["Serve", "Served", "offline", "serve_schedule", "single_stream", "without_collections"]

#: Answers a batch of queries; returns when the answers are there.
Serve = Callable[[Sequence[Any]], object]


@dataclass(frozen=True, slots=True)
class Served:
    """What one timed loop saw.

    Attributes:
        latencies: seconds of each query, in the order of the queries; in the Server scenario from
            the moment at which it was due.
        elapsed_s: seconds from the loop's start to its last answer.
        batches: sizes of the batches in the order in which they ran.
    """

    latencies: tuple[float, ...]
    elapsed_s: float
    batches: tuple[int, ...]


def single_stream(serve: Serve, queries: Sequence[Any], now: Callable[[], float]) -> Served:
    """Ask one query after the other, each as soon as the one before is answered."""
    singles = [(query,) for query in queries]
    stamps: list[float] = []
    stamp = stamps.append
    stamp(now())
    for single in singles:
        serve(single)
        stamp(now())
    latencies = tuple(after - before for before, after in pairwise(stamps))
    return Served(latencies, stamps[-1] - stamps[0], (1,) * len(singles))


def offline(serve: Serve, queries: Sequence[Any], size: int, now: Callable[[], float]) -> Served:
    """Ask all queries in batches of `size`, back to back."""
    batches = [queries[start : start + size] for start in range(0, len(queries), size)]
    stamps: list[float] = []
    start = now()
    for batch in batches:
        serve(batch)
        stamps.append(now())
    sizes = tuple(map(len, batches))
    latencies = tuple(
        stamp - start for stamp, count in zip(stamps, sizes, strict=True) for _ in range(count)
    )
    return Served(latencies, stamps[-1] - start if stamps else 0.0, sizes)


def serve_schedule(
    serve: Serve, queries: Sequence[Any], arrivals: Sequence[float], rule: WaitRule, clock: Clock
) -> Served:
    """Answer queries that are due at `arrivals` (seconds from the start, ascending).

    One thread walks along the schedule: what waits at a moment follows from the schedule alone, so
    that no query is ever asked late by a second thread that found no processor. A query's latency
    runs from the moment at which it was due, whatever the server did then.
    """
    latencies: list[float] = []
    sizes: list[int] = []
    start = clock.now()
    while len(latencies) < len(arrivals):
        first = len(latencies)
        moment = dispatch_at(arrivals, first, clock.now() - start, rule)
        clock.wait_until(start + moment)
        # At least the oldest: start + moment - start may round to just before its arrival.
        size = max(1, members(arrivals, first, clock.now() - start, rule.max_batch))
        serve(queries[first : first + size])
        answered = clock.now() - start
        latencies += [answered - due for due in arrivals[first : first + size]]
        sizes.append(size)
    elapsed = clock.now() - start
    return Served(tuple(latencies), elapsed, tuple(sizes))


@contextmanager
def without_collections() -> Iterator[None]:
    """Collect garbage now and not inside of the block."""
    collecting = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
