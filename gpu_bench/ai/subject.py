"""What is timed, whether it runs in this process or behind a network."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Protocol

from clinigate.gpu_bench.ai.blocks import Block
from clinigate.gpu_bench.ai.device import Device
from clinigate.gpu_bench.ai.warmup import Warmup

__all__ = ["Subject", "arrivals"]


class Subject(Protocol):
    """A model in the three scenarios, one block at a time.

    Every method raises `TargetError` where what came back is no answer.

    Attributes:
        name: for the reader. device: where it runs.
        fingerprint: what must be equal before two runs may be compared.
        caveats: what a reader must know of how it is asked.
    """

    name: str
    device: Device
    fingerprint: Mapping[str, str]
    caveats: tuple[str, ...]

    def warm_up(self) -> Warmup:
        """Ask until the times settle. Comes before everything else."""
        ...

    def single_stream(self, count: int, seed: int) -> Block:
        """Ask `count` queries one after the other."""
        ...

    def server(self, rate: float, count: int, seed: int) -> Block:
        """Offer `count` queries at random times, `rate` a second."""
        ...

    def offline(self, count: int, seed: int) -> Block:
        """Ask `count` queries as fast as they are answered."""
        ...

    def now(self) -> float:
        """Return seconds of the clock that times the blocks."""
        ...


def arrivals(rate: float, count: int, seed: int) -> tuple[float, ...]:
    """Return when `count` independent people ask within `count / rate` seconds, ascending.

    Given their number, the arrivals of a Poisson process are uniform in time (Ross, "Stochastic
    Processes", 2.3): so drawn, every block offers exactly `rate`.
    """
    rng = Random(seed)  # noqa: S311 - no secret
    return tuple(sorted(rng.uniform(0.0, count / rate) for _ in range(count)))
