"""From verdicts and measurements to the rows that every renderer shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from clinigate.core.bounds import bounds_at
from clinigate.core.criterion import Criterion, Relation
from clinigate.core.measurement import Interval, Kind, Measurement, Scope, SliceResult
from clinigate.core.statistics import lower_bound, upper_bound
from clinigate.core.verdict import Status, Verdict
from clinigate.reports.model import CriterionRow, Figures, SliceGroup, SliceRow
from clinigate.reports.numbers import NONE, Ruler, count, percent

__all__ = ["criterion_rows", "ruler_of"]

#: Parts shown along one dimension; the others are counted.
MAX_SLICES = 100

_TIME = "latency."
_EXACT = "exact binomial (Clopper–Pearson), one-sided on each side"


def criterion_rows(
    verdicts: Sequence[Verdict],
    *,
    measurements: Iterable[Measurement] = (),
    criteria: Iterable[Criterion] = (),
) -> tuple[CriterionRow, ...]:
    """Return one row for each verdict, in their order.

    Measurements add intervals, slices and caveats, criteria add titles; without them the rows hold
    what the verdicts say.
    """
    measured: dict[tuple[str, Scope], list[Measurement]] = {}
    for each in measurements:
        measured.setdefault((each.metric, each.scope), []).append(each)
    titles = {criterion.id: criterion.title for criterion in criteria}
    return tuple(
        _row(f"c{number}", verdict, _measurement_of(verdict, measured), titles)
        for number, verdict in enumerate(verdicts, start=1)
    )


def _measurement_of(
    verdict: Verdict, measured: Mapping[tuple[str, Scope], Sequence[Measurement]]
) -> Measurement | None:
    """The measurement that the verdict speaks of; of several, the one with its numbers."""
    of_metric = measured.get((verdict.metric, verdict.scope), ())
    exact = [m for m in of_metric if (m.value, m.n) == (verdict.value, verdict.n)]
    return next(iter(exact or of_metric), None) if verdict.n or exact else None


def _row(
    anchor: str, verdict: Verdict, measurement: Measurement | None, titles: dict[str, str]
) -> CriterionRow:
    ruler = ruler_of(verdict, None if measurement is None else measurement.unit)
    interval = None if measurement is None else _interval(measurement, verdict.confidence)
    groups = () if measurement is None else _slice_groups(verdict, measurement, ruler)
    return CriterionRow(
        anchor=anchor,
        criterion=verdict.criterion,
        title=titles.get(verdict.criterion) or verdict.criterion,
        metric=verdict.metric,
        scope=str(verdict.scope),
        status=verdict.status,
        reason=verdict.reason,
        estimate=ruler.estimate(verdict.value),
        bound=ruler.bound(verdict.bound, upper=_bound_is_upper(verdict)),
        low=NONE if interval is None else ruler.bound(interval.low, upper=False),
        high=NONE if interval is None else ruler.bound(interval.high, upper=True),
        limit=ruler.limit_text(),
        confidence=percent(verdict.confidence),
        size=_size(verdict),
        need=_need(verdict),
        method="" if interval is None else interval.method,
        caveats=() if measurement is None else _caveats(measurement),
        figures=None
        if measurement is None
        else _figures(verdict, measurement.unit, measurement.value, interval),
        worst=_worst(groups),
        slices=groups,
    )


def ruler_of(verdict: Verdict, unit: str | None = None) -> Ruler:
    """Return what writes a verdict's numbers; left out, the unit is the metric's usual one."""
    usual = "s" if verdict.metric.startswith(_TIME) else "1"
    return Ruler(Relation(verdict.relation), verdict.limit, unit or usual)


def _bound_is_upper(verdict: Verdict) -> bool:
    """Which side the verdict's bound is on: the one that hurts, unless it FAILed by the other."""
    value, bound = verdict.value, verdict.bound
    if value is not None and bound is not None and (bound != value or value == 0):
        return bound > value
    return Relation(verdict.relation).caps == (verdict.status is not Status.FAIL)


def _interval(m: Measurement, confidence: float) -> Interval | None:
    """The measurement's bounds as the criterion saw them, or the producer's where it saw none."""
    return bounds_at(m, confidence) or m.interval


def _figures(
    verdict: Verdict, unit: str, value: float | None, interval: Interval | None
) -> Figures:
    return Figures(
        limit=verdict.limit,
        caps=Relation(verdict.relation).caps,
        unit=unit,
        value=value,
        low=None if interval is None else interval.low,
        high=None if interval is None else interval.high,
        floor=0.0 if (value or 0.0) >= 0 else None,
        ceiling=1.0 if unit == "1" else None,
    )


def _size(verdict: Verdict) -> str:
    if not verdict.n:
        return NONE
    if verdict.scope is Scope.UNSEEN:
        return f"{count(verdict.n)} cores"
    if verdict.clusters is None:
        return count(verdict.n)
    return f"{count(verdict.n)} / {count(verdict.clusters)}"


def _need(verdict: Verdict) -> str | None:
    if verdict.need_n is None:
        return None
    enough = count(verdict.need_n)
    units = f"{enough} cores" if verdict.scope is Scope.UNSEEN else f"n = {enough}"
    return f"settled at {units} if nothing further goes wrong"


def _caveats(m: Measurement) -> tuple[str, ...]:
    if not m.excluded:
        return m.caveats
    return (*m.caveats, f"{count(m.excluded)} could not be measured and never count as good")


def _slice_groups(verdict: Verdict, m: Measurement, ruler: Ruler) -> tuple[SliceGroup, ...]:
    by_dimension: dict[str, list[SliceResult]] = {}
    for part in m.slices:
        by_dimension.setdefault(_split(part.name)[0], []).append(part)
    return tuple(
        _slice_group(verdict, m, dimension, parts, ruler=ruler)
        for dimension, parts in by_dimension.items()
    )


def _slice_group(
    verdict: Verdict,
    m: Measurement,
    dimension: str,
    parts: Sequence[SliceResult],
    *,
    ruler: Ruler,
) -> SliceGroup:
    """One dimension's parts, ranked where each is a stretch of the data with the same metric."""
    ranked = m.kind is not Kind.DIFFERENCE and bool(dimension)
    bounded = [(part, _part_interval(m, part, verdict.confidence)) for part in parts]
    if ranked:
        caps = Relation(verdict.relation).caps
        bounded.sort(key=lambda item: _rank(*item, caps=caps))
    return SliceGroup(
        dimension=dimension,
        rows=tuple(_slice_row(verdict, m, *item, ruler=ruler) for item in bounded[:MAX_SLICES]),
        more=max(0, len(bounded) - MAX_SLICES),
        ranked=ranked,
    )


def _rank(
    part: SliceResult, interval: Interval | None, *, caps: bool
) -> tuple[bool, float, float, str]:
    """Worst first: by value, then by what it might still be; without a value last."""
    edge = None if interval is None else interval.high if caps else interval.low
    sign = -1.0 if caps else 1.0
    return part.value is None, sign * (part.value or 0.0), sign * (edge or 0.0), part.name


def _split(name: str) -> tuple[str, str]:
    """Dimension and part of a slice's name; no dimension where it is a detail of its own kind."""
    dimension, equals, value = name.partition("=")
    return (dimension, value) if equals else ("", name)


def _part_interval(m: Measurement, part: SliceResult, confidence: float) -> Interval | None:
    if part.interval is not None or m.kind is not Kind.RATE or part.events is None or part.n <= 0:
        return part.interval
    return Interval(
        low=lower_bound(part.events, part.n, confidence),
        high=upper_bound(part.events, part.n, confidence),
        confidence=confidence,
        method=_EXACT,
    )


def _slice_row(
    verdict: Verdict,
    m: Measurement,
    part: SliceResult,
    interval: Interval | None,
    *,
    ruler: Ruler,
) -> SliceRow:
    caps = Relation(verdict.relation).caps
    edge = None if interval is None else interval.high if caps else interval.low
    dimension, name = _split(part.name)
    return SliceRow(
        dimension=dimension,
        name=name,
        estimate=ruler.estimate(part.value),
        bound=ruler.bound(edge, upper=caps),
        size=count(part.n) if part.events is None else f"{count(part.events)}/{count(part.n)}",
        figures=_figures(verdict, m.unit, part.value, interval),
    )


def _worst(groups: Sequence[SliceGroup]) -> SliceRow | None:
    by_name = {group.dimension: group for group in groups if group.ranked}
    group = by_name.get("archetype") or next(iter(by_name.values()), None)
    return None if group is None else group.worst
