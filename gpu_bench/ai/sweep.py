"""A few offered rates, so that a reader sees where the curve bends. Decides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clinigate.core.exhibit import Exhibit, Form, Mark, Series
from clinigate.gpu_bench.ai.blocks import Block, answered_within, block_quantiles
from clinigate.gpu_bench.ai.criteria import SERVER_P99, Limits
from clinigate.gpu_bench.ai.subject import Subject

__all__ = ["Point", "sweep", "sweep_exhibit", "swept_rates", "takes_s"]

#: Shares of what the model does in full batches; the last offers more than it can do.
_SHARES = (0.25, 0.5, 0.7, 0.85, 1.1)
_SECONDS, _FEWEST, _MOST = 2.0, 20, 400


def takes_s(capacity_rps: float) -> float:
    """Return the seconds that the curve of a model takes at least."""
    return _FEWEST * sum(1 / rate for rate in swept_rates(capacity_rps))


@dataclass(frozen=True, slots=True)
class Point:
    """What one offered rate (queries a second) did."""

    rate: float
    block: Block


def swept_rates(capacity_rps: float) -> tuple[float, ...]:
    """Return the rates that are offered to a model that does `capacity_rps` in full batches."""
    return tuple(share * capacity_rps for share in _SHARES)


def sweep(subject: Subject, rates: Sequence[float], seed: int) -> tuple[Point, ...]:
    """Offer each rate for about two seconds."""
    return tuple(
        Point(rate, subject.server(rate, min(_MOST, max(_FEWEST, round(rate * _SECONDS))), seed))
        for rate in rates
    )


def sweep_exhibit(points: Sequence[Point], limits: Limits) -> Exhibit:
    """Draw latency over the offered rate, and say how much of it was answered in time."""
    rates = tuple(point.rate for point in points)
    latencies = [point.block.latencies for point in points]
    return Exhibit(
        metric=SERVER_P99,
        form=Form.THROUGHPUT_LATENCY,
        title="Latency over the offered rate",
        x_unit="1/s",
        y_unit="s",
        series=tuple(
            Series(name, rates, block_quantiles(latencies, q))
            for name, q in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
        ),
        marks=(Mark("offered in the Server scenario", limits.throughput_rps),),
        limit=limits.latency_s,
        note="in time: " + "; ".join(_in_time(point, limits.latency_s) for point in points),
    )


def _in_time(point: Point, limit_s: float) -> str:
    share = answered_within(point.block, limit_s) / len(point.block.latencies)
    return f"{share * point.rate:.0f} of {point.rate:.0f}/s offered"
