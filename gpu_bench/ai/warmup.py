"""Run until the times settle, then learn how long a batch of each size takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from types import MappingProxyType
from typing import Any

from clinigate.gpu_bench.ai.loops import Serve, single_stream

__all__ = ["Warmup", "batch_sizes", "service_times", "warm_up"]

_GROUP = 10
_STEADY_GROUPS = 3
_STEADY_SHARE = 0.05
_TRIALS = 5
#: A batch's wait is planned with a time that most batches of that size keep.
_PLANNED_SHARE = 0.8


@dataclass(frozen=True, slots=True)
class Warmup:
    """How the start went.

    Attributes:
        queries: how many were asked. settled: whether the medians of three groups in a row lay
            within 5% of each other before the time was over.
        median_s: seconds of a query in the last group.
        batch_s: seconds within which most batches of a size are answered, by size; empty where
            batches are the service's own business.
    """

    queries: int
    settled: bool
    median_s: float
    batch_s: Mapping[int, float] = field(default_factory=lambda: MappingProxyType({}))


def warm_up(
    serve: Serve, queries: Sequence[Any], now: Callable[[], float], *, longest_s: float
) -> Warmup:
    """Ask single queries until their times settle, for `longest_s` seconds at most."""
    began = now()
    medians: list[float] = []
    while True:
        group = [queries[index % len(queries)] for index in range(_GROUP)]
        medians.append(median(single_stream(serve, group, now).latencies))
        last = medians[-_STEADY_GROUPS:]
        steady = max(last) - min(last) <= _STEADY_SHARE * max(last)
        settled = len(last) == _STEADY_GROUPS and steady
        if settled or now() - began >= longest_s:
            return Warmup(_GROUP * len(medians), settled, medians[-1])


def batch_sizes(max_batch: int) -> tuple[int, ...]:
    """Return 1, 2, 4, … and `max_batch`: the sizes that are timed."""
    powers = []
    size = 1
    while size < max_batch:
        powers.append(size)
        size *= 2
    return (*powers, max_batch)


def service_times(
    serve: Serve,
    queries: Sequence[Any],
    max_batch: int,
    now: Callable[[], float],
    *,
    check: Callable[[], None] = lambda: None,
) -> Mapping[int, float]:
    """Return the seconds within which four of five batches of a size were answered, by size.

    `check` looks at the answers after each size.
    """
    times: dict[int, float] = {}
    for size in batch_sizes(max_batch):
        batch = [queries[index % len(queries)] for index in range(size)]
        serve(batch)  # the first of a size pays for its memory and kernels
        spent = []
        for _ in range(_TRIALS):
            start = now()
            serve(batch)
            spent.append(now() - start)
        times[size] = sorted(spent)[int(_PLANNED_SHARE * _TRIALS) - 1]
        check()
    return times
