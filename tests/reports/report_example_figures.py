"""A synthetic run with figures of each form: an outage, a load, a benchmark; all invented."""

from __future__ import annotations

import math
from dataclasses import replace

from report_example_runs import results  # type: ignore[import-not-found]

from clinigate.core.criterion import Criterion, Relation
from clinigate.core.exhibit import Exhibit, Form, Mark, Series, Span
from clinigate.core.judgement import judge_all
from clinigate.core.measurement import Kind, Measurement, SliceResult
from clinigate.core.observation import Observation
from clinigate.core.results import Results
from clinigate.measure.exhibits import (
    budget_exhibit,
    distribution_exhibit,
    percentiles_exhibit,
    timeline_exhibit,
)
from clinigate.measure.histogram import Histogram, quantile_measurement
from clinigate.measure.timelinefile import Sample

__all__ = ["exhibits", "experiments"]

RTO, BUDGET = "chaos.kill-replica.rto", "chaos.kill-replica.budget_spent"
P95, GPU = "load.weekday.latency_p95", "bench.ai.gpu_utilization"
CRITERIA = (
    Criterion(RTO, RTO, Relation.AT_MOST, 300.0, min_n=3, title="Service is back in five minutes"),
    Criterion(P95, P95, Relation.AT_MOST, 0.2, title="Replies keep their time under load"),
)


def wave(number: int) -> float:
    """Something between 0 and 1 that looks like chance and is the same on every machine."""
    return math.modf(abs(math.sin(number * 12.9898) * 43758.5453))[0]


def outage() -> list[Sample]:
    """Twenty requests a second; from 8.0 s they are refused, from 10.4 s slow, from 12 s well."""
    samples = []
    for number in range(600):
        at = number / 20
        took = 0.012 + 0.02 * wave(number) ** 4
        down = 8.0 <= at < 10.4
        if 10.4 <= at < 12.0:
            took += 12.2 - at
        samples.append(Sample(at, at, at + took, not down, "refused" if down else "ok"))
    return samples


def latencies() -> Histogram:
    histogram = Histogram()
    for number in range(20_000):
        spread = 0.04 + 0.05 * wave(number) ** 2
        histogram.record(spread + 1.5 * max(0.0, wave(number + 7) - 0.985) ** 0.5)
    return histogram


def utilization() -> Exhibit:
    """More points than are drawn, with one spike that must stay, and a hole."""
    x = tuple(number / 10 for number in range(5000))
    y = tuple(
        None if 2000 <= n < 2300 else 1.0 if n == 3333 else 0.55 + 0.1 * wave(n)
        for n in range(5000)
    )
    return Exhibit(
        metric=GPU,
        form=Form.TIMELINE,
        title="GPU under the offered load",
        x_unit="s",
        y_unit="1",
        series=(Series("utilization", x, y),),
        limit=0.8,
        note="the sensor was silent for half a minute",
    )


def sweep() -> Exhibit:
    rates = tuple(float(rate) for rate in (20, 50, 100, 150, 200, 230, 250))
    return Exhibit(
        metric=P95,
        form=Form.THROUGHPUT_LATENCY,
        title="Latency against throughput",
        x_unit="1/s",
        y_unit="s",
        series=tuple(
            Series(name, rates, tuple(base / (1 - rate / 262) for rate in rates))
            for name, base in (("p50", 0.03), ("p95", 0.06), ("p99", 0.09))
        ),
        marks=(Mark("offered rate", 100.0),),
        limit=0.2,
    )


def exhibits() -> tuple[Exhibit, ...]:
    marks = (
        Mark("fault applied", 8.0),
        Mark("first bad request", 8.0),
        Mark("fault undone", 10.0),
        Mark("recovered", 12.1),
        Mark("alert fired", 10.2),
    )
    return (
        timeline_exhibit(
            RTO,
            outage(),
            title="A replica is killed",
            spans=(Span("fault window", 8.0, 10.0),),
            marks=marks,
            limit=0.1,
        ),
        budget_exhibit(
            BUDGET,
            {"availability 99.95%": 4.0 / 1296, "inference 99.9%": 0.061},
            title="Error budget of 30 days that the experiment spent",
            limit=0.05,
        ),
        distribution_exhibit(P95, latencies(), title="Latency of replies", limit=0.2),
        percentiles_exhibit(P95, {"replies": latencies()}, title="By percentile", limit=0.2),
        sweep(),
        utilization(),
        Exhibit(GPU, Form.TIMELINE, "Power", "s", "W", (Series("power", (0.0,), (None,)),)),
    )


def experiments() -> Results:
    """A run of nothing but experiments."""
    repetitions = tuple(
        SliceResult(f"recovery={number}", seconds, 1)
        for number, seconds in enumerate((3.9, 4.1, 3.7), start=1)
    )
    worst = Measurement(RTO, Kind.WORST, 4.1, 3, unit="s", events=0, slices=repetitions)
    abouts = (worst, quantile_measurement(P95, latencies(), 0.95), *exhibits())
    observations = tuple(Observation("CG-CHAOS-KILL-001", about) for about in abouts)
    return replace(
        results(observations),
        criteria=CRITERIA,
        verdicts=judge_all(CRITERIA, observations),
    )
