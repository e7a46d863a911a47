"""How verdicts, coverage, findings and failing criteria went over the runs of the ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from clinigate.core.bounds import bounds_at
from clinigate.core.exhibit import Exhibit, Form, Mark, Series
from clinigate.core.measurement import Measurement
from clinigate.core.results import Results
from clinigate.core.verdict import Status, Verdict
from clinigate.reports.comparing import finding_total, why_not_comparable
from clinigate.reports.coverage import Frameworks, shown_clauses
from clinigate.reports.drawing import Drawing, Panel, Table, Tick
from clinigate.reports.figures import draw
from clinigate.reports.numbers import NONE
from clinigate.reports.past import PastRun
from clinigate.reports.trends import TrendView
from clinigate.reports.units import words

__all__ = ["trend_view"]

#: Failing criteria that get a figure of their own, and frameworks that get a line.
MOST_CRITERIA = 8
MOST_FRAMEWORKS = 6
_MOST_TICKS = 6
_BAD = (Status.FAIL, Status.ERROR)


@dataclass(frozen=True, slots=True)
class _Point:
    """One run: its results where they can be compared, else why they cannot."""

    run: str
    started_at: str
    results: Results | None
    findings: int
    why_not: str = ""


#: What one line of a figure takes of a run; None is a hole.
_Taken = Callable[[_Point], float | None]


def trend_view(
    results: Results, past: Sequence[PastRun], frameworks: Frameworks
) -> TrendView | None:
    """Return the courses that end with `results`, None where there is no earlier run.

    Runs that are no like of this one, or that left nothing to read, are holes with a sign.

    Args:
        results: of this run.
        past: earlier runs of the same system, oldest first.
        frameworks: the clauses of every framework.
    """
    points = [_point(results, run) for run in past]
    known = [point for point in points if point.results is not None]
    if not known:
        return None
    points.append(_Point(results.run, results.started_at, results, finding_total(results)))
    failing = _failing(results, known[-1].results)
    drawn = failing[:MOST_CRITERIA]
    exhibits = [
        _verdicts(points),
        _coverage(points, results, frameworks),
        _findings(points),
        *(_criterion(verdict, points, results) for verdict in drawn),
    ]
    return TrendView(
        figures=tuple(
            _drawn(exhibit, points, number) for number, exhibit in enumerate(exhibits, start=1)
        ),
        runs=(len(points), len(known) + 1),
        left_out=len(failing) - len(drawn),
    )


def _point(now: Results, run: PastRun) -> _Point:
    why = why_not_comparable(now, run)
    found = sum(count for _, count in run.findings)
    return _Point(run.run, run.started_at, None if why else run.results, found, why)


def _failing(now: Results, before: Results | None) -> list[Verdict]:
    """The verdicts of the criteria that fail, or failed the last time."""
    failed = {v.criterion for v in (before.verdicts if before else ()) if v.status in _BAD}
    return [v for v in now.verdicts if v.status in _BAD or v.criterion in failed]


def _verdicts(points: Sequence[_Point]) -> Exhibit:
    def of(*statuses: Status) -> _Taken:
        return lambda point: _count(point.results, statuses)

    return _exhibit(
        "verdicts",
        "Verdicts of each run",
        "1",
        points,
        [
            ("passed", of(Status.PASS)),
            ("failed", of(*_BAD)),
            ("open", of(Status.INCONCLUSIVE, Status.NOT_ASSESSED)),
        ],
    )


def _count(results: Results | None, statuses: Sequence[Status]) -> float | None:
    if results is None:
        return None
    return float(sum(verdict.status in statuses for verdict in results.verdicts))


def _coverage(points: Sequence[_Point], now: Results, frameworks: Frameworks) -> Exhibit:
    counted = [
        None
        if point.results is None
        else Counter(
            frameworks.name(c) for c, shown in shown_clauses(point.results).items() if shown
        )
        for point in points
    ]
    asked = Counter(frameworks.name(c) for c in shown_clauses(now))
    named = [name for name, _ in asked.most_common(MOST_FRAMEWORKS)]
    series = [
        (name, [None if found is None else float(found[name]) for found in counted])
        for name in named
    ]
    left = len(asked) - len(named)
    return Exhibit(
        metric="coverage",
        form=Form.TIMELINE,
        title="Clauses whose criteria all passed, by framework",
        x_unit="1",
        y_unit="1",
        series=tuple(Series(name, _places(points), tuple(values)) for name, values in series),
        marks=_marks(points),
        note=f"{left} frameworks with fewer clauses are left out" if left > 0 else "",
    )


def _findings(points: Sequence[_Point]) -> Exhibit:
    def taken(point: _Point) -> float | None:
        return None if point.results is None else float(point.findings)

    return _exhibit("findings", "Findings of each run", "1", points, [("findings", taken)])


def _criterion(verdict: Verdict, points: Sequence[_Point], now: Results) -> Exhibit:
    titles = {criterion.id: criterion.title for criterion in now.criteria}
    unit = next((m.unit for m in _measured(now, verdict)), "1")
    limits = {v.limit for point in points for v in _of(point.results, verdict.criterion)}

    def bound(side: str) -> _Taken:
        return lambda point: _bound(point.results, verdict.criterion, side)

    exhibit = _exhibit(
        verdict.metric,
        f"{titles.get(verdict.criterion) or verdict.criterion}: estimate and bounds",
        unit,
        points,
        [
            ("estimate", bound("value")),
            ("lower bound", bound("low")),
            ("upper bound", bound("high")),
        ],
    )
    note = "the limit drawn is this run's; earlier runs had another one" if len(limits) > 1 else ""
    return replace(exhibit, limit=verdict.limit, note=note)


def _of(results: Results | None, criterion: str) -> list[Verdict]:
    return [v for v in (results.verdicts if results else ()) if v.criterion == criterion]


def _measured(results: Results, verdict: Verdict) -> Iterator[Measurement]:
    for observation in results.observations:
        about = observation.about
        if not isinstance(about, Measurement) or about.metric != verdict.metric:
            continue
        if (about.scope, about.value, about.n) == (verdict.scope, verdict.value, verdict.n):
            yield about


def _bound(results: Results | None, criterion: str, side: str) -> float | None:
    for verdict in _of(results, criterion):
        if side == "value" or results is None:
            return verdict.value
        for measured in _measured(results, verdict):
            interval = bounds_at(measured, verdict.confidence) or measured.interval
            if interval is not None:
                return interval.low if side == "low" else interval.high
    return None


def _exhibit(
    metric: str,
    title: str,
    unit: str,
    points: Sequence[_Point],
    lines: Sequence[tuple[str, _Taken]],
) -> Exhibit:
    places = _places(points)
    return Exhibit(
        metric=metric,
        form=Form.TIMELINE,
        title=title,
        x_unit="1",
        y_unit=unit,
        series=tuple(Series(name, places, tuple(map(taken, points))) for name, taken in lines),
        marks=_marks(points),
    )


def _places(points: Sequence[_Point]) -> tuple[float, ...]:
    """Runs stand equally far apart: what happened twice in an hour is as much as in a month."""
    return tuple(float(place) for place in range(len(points)))


def _marks(points: Sequence[_Point]) -> tuple[Mark, ...]:
    return tuple(
        Mark(point.why_not, float(place)) for place, point in enumerate(points) if point.why_not
    )


def _drawn(exhibit: Exhibit, points: Sequence[_Point], number: int) -> Drawing:
    """Draw it, and say days and runs where a figure of one run says seconds."""
    drawing = draw(exhibit, f"trend-{number}")
    labels = _labels(points)
    last = len(points) - 1
    step = max(1, -(-last // (_MOST_TICKS - 1)))
    # From the last run backwards: it must have its day; the first has too, and room beside it.
    shown = [0, *sorted(place for place in range(last, 0, -step) if place >= step)]
    names = dict.fromkeys(mark.name for mark in exhibit.marks)
    return replace(
        drawing,
        panels=tuple(map(_whole, drawing.panels)) if exhibit.limit is None else drawing.panels,
        description=_told(exhibit, labels),
        table=_table(exhibit, labels),
        ticks=tuple(_tick(place, last, labels) for place in shown),
        x_caption="runs, oldest first",
        signs=tuple((str(sign), name) for sign, name in enumerate(names, start=1)),
    )


def _whole(panel: Panel) -> Panel:
    """Of counts only whole numbers stand on the axis."""
    return replace(panel, ticks=tuple(tick for tick in panel.ticks if "." not in tick.label))


def _tick(place: int, last: int, labels: Sequence[str]) -> Tick:
    anchor = "start" if place == 0 else "end" if place == last else "middle"
    return Tick(round(100 * place / last, 2), labels[place], anchor)


def _labels(points: Sequence[_Point]) -> tuple[str, ...]:
    """The runs' days, with the time where two are of one day."""
    times = [_time(point.started_at) for point in points]
    days = {time.date() for time in times if time is not None}
    form = "%d %b %Y" if len(days) == len(points) else "%d %b %H:%M"
    return tuple(
        point.run[:8] if time is None else time.strftime(form)
        for point, time in zip(points, times, strict=True)
    )


def _time(text: str) -> datetime | None:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if time.tzinfo is None else time.astimezone(UTC)


def _told(exhibit: Exhibit, labels: Sequence[str]) -> str:
    told = [f"{len(labels)} runs from {labels[0]} to {labels[-1]}"]
    for series in exhibit.series:
        known = [y for y in series.y if y is not None]
        if known:
            first, last = (words(y, exhibit.y_unit) for y in (known[0], known[-1]))
            told.append(f"{series.name}: {first} at first, {last} at last")
    if exhibit.limit is not None:
        told.append(f"limit {words(exhibit.limit, exhibit.y_unit)}")
    return "; ".join(told) + "."


def _table(exhibit: Exhibit, labels: Sequence[str]) -> Table:
    holes = {int(mark.at): mark.name for mark in exhibit.marks}
    rows = []
    for place, label in enumerate(labels):
        values = [series.y[place] for series in exhibit.series]
        cells = [NONE if y is None else words(y, exhibit.y_unit) for y in values]
        rows.append((f"{label}: {holes[place]}" if place in holes else label, *cells))
    return Table(("Run", *(series.name for series in exhibit.series)), tuple(rows))
