"""The numbers behind a load run's figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from clinigate.core.exhibit import Exhibit, Form, Mark, Series, Span
from clinigate.load.criteria import LATENCY_P95, metric
from clinigate.load.observe import Played, capacity_claims
from clinigate.load.orders import bin_length
from clinigate.load.shape import shape_of
from clinigate.load.tally import Bin, Miss
from clinigate.measure.exhibits import distribution_exhibit, percentiles_exhibit
from clinigate.measure.histogram import Histogram

__all__ = ["exhibits"]

_MARKS = 12


def exhibits(played: Played) -> Iterator[Exhibit]:
    """Yield the figures of a run: its course, its latencies, and latency against throughput."""
    if not played.tally.bins:
        return
    yield _timeline(played)
    name, latency = metric(played.profile, LATENCY_P95), _all_latencies(played)
    limit_s = played.profile.objectives.latency_p95_s
    if latency.count:
        yield distribution_exhibit(
            name, latency, title="Latency of replies, from their intended moment", limit=limit_s
        )
        yield percentiles_exhibit(
            name, {"replies": latency}, title="Latency of replies by percentile", limit=limit_s
        )
        yield _throughput(name, played, limit_s)


def _all_latencies(played: Played) -> Histogram:
    merged = Histogram()
    for stratum in played.tally.strata.values():
        merged.merge(stratum.latency)
    return merged


def _timeline(played: Played) -> Exhibit:
    profile, tally = played.profile, played.tally
    length = bin_length(profile.arrivals.duration_s)
    bins = [tally.bins.get(number, Bin()) for number in range(max(tally.bins) + 1)]
    x = tuple((number + 0.5) * length for number in range(len(bins)))
    p95 = [each.latency.quantile(0.95) for each in bins]
    shape = shape_of(profile.arrivals)
    spans = () if shape.surge is None else (Span("surge", shape.surge[0], shape.surge[1]),)
    return Exhibit(
        metric=metric(profile, LATENCY_P95),
        form=Form.TIMELINE,
        title=f"{profile.title}: what came and how it was answered",
        x_unit="s",
        y_unit="1/s",
        series=(
            Series("new conversations", x, tuple(each.arrived / length for each in bins)),
            Series("replies", x, tuple(each.done / length for each in bins)),
            *_missed(x, bins, length),
            Series(
                "conversations under way",
                x,
                tuple(_talking(each, len(tally.signs)) for each in bins),
                unit="1",
            ),
            Series("p95 of replies", x, tuple(p95), unit="s"),
        ),
        spans=spans,
        marks=tuple(Mark("crisis missed", miss.at_s) for miss in _few(tally.misses)),
        note=_note(played),
    )


def _missed(x: tuple[float, ...], bins: Sequence[Bin], length: float) -> tuple[Series, ...]:
    """A line of its own where crises were missed: that is what the reader looks for first."""
    if not any(each.missed for each in bins):
        return ()
    return (Series("crises missed", x, tuple(each.missed / length for each in bins)),)


def _few(misses: Sequence[Miss]) -> Sequence[Miss]:
    """Single misses are marked; of many the line says more."""
    return misses if len(misses) <= _MARKS else ()


def _talking(each: Bin, workers: int) -> float | None:
    return each.talking / each.ticks * max(1, workers) if each.ticks else None


def _note(played: Played) -> str:
    arrivals = played.profile.arrivals
    if arrivals.curve is None:
        return ""
    points = arrivals.curve.points
    span = points[-1][0] - points[0][0]
    return f"{span:g} {arrivals.curve.unit} are played in {arrivals.duration_s:g} s"


def _throughput(name: str, played: Played, limit_s: float) -> Exhibit:
    held = sorted(
        (stage for stage in played.stages if stage.latency.count),
        key=lambda stage: stage.replies_per_s,
    )
    x = tuple(stage.replies_per_s for stage in held)
    return Exhibit(
        metric=name,
        form=Form.THROUGHPUT_LATENCY,
        title="Latency against throughput, one point for each twelfth of the run",
        x_unit="1/s",
        y_unit="s",
        series=(
            Series("p50", x, tuple(stage.latency.quantile(0.5) for stage in held)),
            Series("p95", x, tuple(stage.latency.quantile(0.95) for stage in held)),
        ),
        limit=limit_s,
        note=". ".join(capacity_claims(played)),
    )
