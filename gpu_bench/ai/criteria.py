"""What a model's speed must show. Cheap to import: policies read it."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

from clinigate.core.criterion import Criterion, Relation

__all__ = [
    "DEVICE_P50",
    "GPU_MEMORY",
    "GPU_POWER",
    "GPU_UTILIZATION",
    "MEDIAN_RATIO",
    "OFFLINE",
    "OFFLINE_THROUGHPUT",
    "REGRESSION",
    "REGRESSION_P99",
    "SCENARIOS",
    "SERVER",
    "SERVER_GOODPUT",
    "SERVER_P50",
    "SERVER_P99",
    "SINGLE_P50",
    "SINGLE_P99",
    "SINGLE_STREAM",
    "Limits",
    "criteria_for",
    "regression_criteria",
]

SINGLE_P50 = "bench.ai.single_stream.latency_p50"
SINGLE_P99 = "bench.ai.single_stream.latency_p99"
DEVICE_P50 = "bench.ai.single_stream.device_time_p50"
SERVER_P50 = "bench.ai.server.latency_p50"
SERVER_P99 = "bench.ai.server.latency_p99"
SERVER_GOODPUT = "bench.ai.server.goodput"
OFFLINE_THROUGHPUT = "bench.ai.offline.throughput"
GPU_UTILIZATION = "bench.ai.gpu_utilization"
GPU_MEMORY = "bench.ai.gpu_memory"
GPU_POWER = "bench.ai.gpu_power"
REGRESSION = "bench.ai.regression.median_ratio"
REGRESSION_P99 = "bench.ai.regression.p99_ratio"

SINGLE_STREAM, SERVER, OFFLINE = "single-stream", "server", "offline"
SCENARIOS = (SINGLE_STREAM, SERVER, OFFLINE)

#: A median slower by more than this is a regression, if the blocks show that it is slower at all.
MEDIAN_RATIO = 1.05
#: The tail is judged with more room: its noise is several times that of the median.
P99_RATIO = 1.10

_LATENCY_CONTROLS = ("SLO.inference.latency", "PI1.4")
_CAPACITY_CONTROLS = ("A1.1",)


@dataclass(frozen=True, slots=True)
class Limits:
    """What the model must keep.

    Attributes:
        latency_s: the 99th percentile, in seconds, alone and under the offered load.
        throughput_rps: queries a second: offered in the Server scenario, reached in Offline.
        gpu_utilization: mean utilization of the GPU under the offered load, 0 to 1; None does not
            ask for it.
    """

    latency_s: float = 0.1
    throughput_rps: float = 100.0
    gpu_utilization: float | None = None


def criteria_for(limits: Limits, scenarios: Container[str] = SCENARIOS) -> tuple[Criterion, ...]:
    """Return the criteria of the scenarios that run, at these limits."""
    offered = f"{limits.throughput_rps:g} queries a second"
    chosen = [
        (SINGLE_STREAM, _at_most(
            SINGLE_P99, limits.latency_s, "One query at a time is answered in time (p99)",
            _LATENCY_CONTROLS)),
        (SERVER, _at_most(
            SERVER_P99, limits.latency_s,
            f"Under {offered} that come at random, queries are answered in time (p99)",
            _LATENCY_CONTROLS)),
        (OFFLINE, Criterion(
            id=OFFLINE_THROUGHPUT, metric=OFFLINE_THROUGHPUT,
            relation=Relation.AT_LEAST, limit=limits.throughput_rps,
            title="The model answers enough queries a second", controls=_CAPACITY_CONTROLS)),
    ]  # fmt: skip
    criteria = [criterion for scenario, criterion in chosen if scenario in scenarios]
    if limits.gpu_utilization is not None and SERVER in scenarios:
        title = f"Under {offered} the GPU keeps room for more"
        criteria.append(
            _at_most(GPU_UTILIZATION, limits.gpu_utilization, title, _CAPACITY_CONTROLS, top=1.0)
        )
    return tuple(criteria)


def regression_criteria(*, tail: bool) -> tuple[Criterion, ...]:
    """Return the criteria of a comparison; `tail` adds the p99, which takes many blocks."""
    median = _at_most(
        REGRESSION, MEDIAN_RATIO, "The median did not become slower", _LATENCY_CONTROLS
    )
    p99 = _at_most(
        REGRESSION_P99, P99_RATIO, "The 99th percentile did not become slower", _LATENCY_CONTROLS
    )
    return (median, p99) if tail else (median,)


def _at_most(
    metric: str, limit: float, title: str, controls: tuple[str, ...], *, top: float | None = None
) -> Criterion:
    return Criterion(
        id=metric,
        metric=metric,
        relation=Relation.AT_MOST,
        limit=limit,
        title=title,
        controls=controls,
        possible=None if top is None else (0.0, top),
    )
