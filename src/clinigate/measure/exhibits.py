"""The numbers behind a report's figures: a run's course, its latencies, the budget it spent.

What the forms hold (`clinigate.core.exhibit`), for whoever makes or draws one:

timeline            x seconds; lines of several units are drawn one above the other
distribution        y[i] is the share between x[i] and x[i + 1]; the last y is None
percentiles         x is a share of the requests as 0.99, y what that many kept
throughput-latency  x requests a second, y seconds
budget              one bar a line: its last y, the share of the budget that is spent
reliability         x scores of 0 to 1, y the share that came true (clinigate.clinical.scores)
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence

from clinigate.core.exhibit import Exhibit, Form, Mark, Series, Span
from clinigate.errors import UsageError
from clinigate.measure.histogram import Histogram
from clinigate.measure.timelinefile import Sample

__all__ = [
    "MOST_POINTS",
    "budget_exhibit",
    "distribution_exhibit",
    "percentiles_exhibit",
    "thin",
    "timeline_exhibit",
]

#: Points that a line of a figure has at most.
MOST_POINTS = 600
_LEAST_BINS, _MOST_BINS = 12, 60
_BINS_A_DECADE = (1000, 500, 200, 100, 50, 20, 10, 5, 2, 1)
_SMALLEST_S = 1e-7
_TAILS = (0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.25, 0.2, 0.15, 0.1)
_MOST_STEPS = 240
_REQUESTS_A_STEP = 5
#: From here on a prober's own lateness is worth a line.
_LATE_S = 0.05
_STEPS_S = (0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)

Histograms = Histogram | Mapping[str, Histogram]


def distribution_exhibit(
    metric: str, histograms: Histograms, *, title: str, limit: float | None = None
) -> Exhibit:
    """Return how the durations spread: shares of requests in bins of equal ratio.

    Several histograms share their bins. `limit` in seconds stands on the x axis as a mark.

    Raises:
        UsageError: nothing was recorded.
    """
    named = _named(metric, histograms)
    edges = _edges(list(named.values()))
    return Exhibit(
        metric=metric,
        form=Form.DISTRIBUTION,
        title=title,
        x_unit="s",
        y_unit="1",
        series=tuple(Series(name, edges, _shares(h, edges)) for name, h in named.items()),
        marks=() if limit is None else (Mark("limit", limit),),
    )


def percentiles_exhibit(
    metric: str, histograms: Histograms, *, title: str, limit: float | None = None
) -> Exhibit:
    """Return which time each share of the requests kept, out to the slowest but one of n.

    Raises:
        UsageError: nothing was recorded.
    """
    return Exhibit(
        metric=metric,
        form=Form.PERCENTILES,
        title=title,
        x_unit="1",
        y_unit="s",
        series=tuple(_percentiles(name, h) for name, h in _named(metric, histograms).items()),
        limit=limit,
    )


def timeline_exhibit(
    metric: str,
    samples: Iterable[Sample],
    *,
    title: str,
    spans: tuple[Span, ...] = (),
    marks: tuple[Mark, ...] = (),
    limit: float | None = None,
) -> Exhibit:
    """Return the course of a run: good and bad requests a second, and how long they took.

    Requests stand where they were due, summed over steps of equal length; a step in which nothing
    was due has no latency. Where the prober itself was late, how much is a line of its own. `limit`
    is one of latency, in seconds.

    Raises:
        UsageError: nothing was asked.
    """
    due = sorted(samples, key=lambda sample: sample.scheduled_s)
    if not due:
        raise UsageError(f"{metric}: nothing was asked; a timeline needs at least one sample")
    step = _step(due)
    steps = _steps(due, step)
    middles = tuple(round(at + step / 2, 6) for at in steps)
    good = tuple(sum(s.ok for s in inside) / step for inside in steps.values())
    bad = tuple(sum(not s.ok for s in inside) / step for inside in steps.values())
    ranked = [sorted(s.latency_s for s in inside) for inside in steps.values()]
    p95 = tuple(each[math.ceil(0.95 * len(each)) - 1] if each else None for each in ranked)
    slowest = tuple(each[-1] if each else None for each in ranked)
    late = tuple(max((s.lag_s for s in inside), default=None) for inside in steps.values())
    told = (Series("sent late by", middles, late),) if _is_late(late) else ()
    return Exhibit(
        metric=metric,
        form=Form.TIMELINE,
        title=title,
        x_unit="s",
        y_unit="s",
        series=(
            Series("good requests", middles, good, unit="1/s"),
            Series("bad requests", middles, bad, unit="1/s"),
            Series("p95 latency", middles, p95),
            Series("slowest", middles, slowest),
            *told,
        ),
        spans=spans,
        marks=marks,
        limit=limit,
        note=f"each point sums up {step:g} s",
    )


def budget_exhibit(
    metric: str, spent: Mapping[str, float], *, title: str, limit: float | None = None
) -> Exhibit:
    """Return how much of an error budget was spent, in shares of it, one bar a name.

    Raises:
        UsageError: nothing is named.
    """
    if not spent:
        raise UsageError(f"{metric}: no budget is named; wanted at least one share")
    return Exhibit(
        metric=metric,
        form=Form.BUDGET,
        title=title,
        x_unit="1",
        y_unit="1",
        series=tuple(Series(name, (0.0,), (share,)) for name, share in spent.items()),
        limit=limit,
    )


def thin(
    x: Sequence[float], y: Sequence[float | None], most: int = MOST_POINTS
) -> tuple[tuple[float, ...], tuple[float | None, ...]]:
    """Return at most `most` points (4 or more) of a line, with every stretch's extremes kept.

    The line is cut into stretches of equal numbers of points; of each, the lowest and the highest
    stay, in their order, or a single hole where it has no value.
    """
    if len(x) <= most:
        return tuple(x), tuple(y)
    stretches = max(most // 2, 1)
    kept: list[int] = []
    for number in range(stretches):
        stretch = range(number * len(x) // stretches, (number + 1) * len(x) // stretches)
        known = [(value, at) for at in stretch if (value := y[at]) is not None]
        kept += sorted({min(known)[1], max(known)[1]}) if known else [stretch[0]]
    return tuple(x[at] for at in kept), tuple(y[at] for at in kept)


def _named(metric: str, histograms: Histograms) -> dict[str, Histogram]:
    named = {"requests": histograms} if isinstance(histograms, Histogram) else dict(histograms)
    filled = {name: histogram for name, histogram in named.items() if histogram.count}
    if not filled:
        raise UsageError(f"{metric}: nothing was recorded; a figure needs at least one duration")
    return filled


def _edges(histograms: Sequence[Histogram]) -> tuple[float, ...]:
    """Edges at round parts of a decade around all values.

    They are as close as about 2 n^(1/3) bins allow (the rule of Rice University): more would draw
    the chance of few values.
    """
    low = max(min(h.min or 0.0 for h in histograms), _SMALLEST_S)
    high = max(*(h.max or 0.0 for h in histograms), low)
    few = 2 * max(h.count for h in histograms) ** (1 / 3)
    most = min(max(few, _LEAST_BINS), _MOST_BINS)
    for parts in _BINS_A_DECADE:
        first = math.floor(math.log10(low) * parts)
        last = math.floor(math.log10(high) * parts) + 1
        if last - first <= most:
            break
    return tuple(float(f"{10 ** (number / parts):.6g}") for number in range(first, last + 1))


def _shares(histogram: Histogram, edges: tuple[float, ...]) -> tuple[float | None, ...]:
    counts = [0] * (len(edges) - 1)
    for low, high, count in histogram.buckets():
        at = bisect_right(edges, (low + high) / 2) - 1
        counts[min(max(at, 0), len(counts) - 1)] += count
    return (*(count / histogram.count for count in counts), None)


def _percentiles(name: str, histogram: Histogram) -> Series:
    """Round percentages, eleven in each decade of the tail, out to the slowest but one of n."""
    decades = math.ceil(math.log10(histogram.count)) + 1
    tails = (tail / 10**decade for decade in range(decades) for tail in _TAILS)
    shares = [round(1 - tail, 12) for tail in tails if tail * histogram.count >= 1 - 1e-9]
    x = tuple(shares) or (0.5,)
    return Series(name, x, tuple(histogram.quantile(share) for share in x))


def _is_late(late: Iterable[float | None]) -> bool:
    return any(each is not None and each > _LATE_S for each in late)


def _step(due: Sequence[Sample]) -> float:
    """The shortest step that gives few enough points with enough requests in each."""
    length = due[-1].scheduled_s - due[0].scheduled_s
    least = max(length / _MOST_STEPS, _REQUESTS_A_STEP * length / len(due))
    return next((step for step in _STEPS_S if step >= least), math.ceil(least / 3600) * 3600.0)


def _steps(due: Sequence[Sample], step: float) -> dict[float, list[Sample]]:
    """What was due in each step, by the step's beginning; steps without requests are there too."""
    first, last = (math.floor(sample.scheduled_s / step) for sample in (due[0], due[-1]))
    steps: dict[int, list[Sample]] = {number: [] for number in range(first, last + 1)}
    for sample in due:
        steps[math.floor(sample.scheduled_s / step)].append(sample)
    return {round(number * step, 6): inside for number, inside in steps.items()}
