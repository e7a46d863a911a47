"""Figures of a run, drawn by our own small helpers: no library, no script, no image to load."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from clinigate.core.exhibit import Exhibit, Form, Series
from clinigate.measure.exhibits import MOST_POINTS
from clinigate.reports.drawing import Bar, Drawing, Panel, Shade, Tick
from clinigate.reports.figuretable import describe, table_of, units_of
from clinigate.reports.flags import flags_of
from clinigate.reports.model import CriterionRow
from clinigate.reports.scales import Scale, height_scale, linear_scale, log_scale, tail_scale
from clinigate.reports.strokes import stroke
from clinigate.reports.units import SHARE, words

__all__ = ["draw", "drawings"]

_HEIGHT, _LOW_HEIGHT = 190, 130
#: Pixels that a label of the y axis needs.
_LABEL_ROOM = 24
#: Ratio of the largest to the smallest value from which times along x are logarithmic.
_WIDE = 12
#: Nothing that is measured is larger; beyond it floats have no room for ticks.
_FARTHEST = 1e15


def drawings(exhibits: Iterable[Exhibit], rows: Sequence[CriterionRow] = ()) -> tuple[Drawing, ...]:
    """Return every figure, in order, beside the criteria of its metric."""
    return tuple(
        replace(
            draw(exhibit, f"figure-{number}"),
            criteria=tuple((r.anchor, r.title) for r in rows if r.metric == exhibit.metric),
        )
        for number, exhibit in enumerate(exhibits, start=1)
    )


def draw(exhibit: Exhibit, anchor: str = "figure") -> Drawing:
    """Return one figure; one without a single value has neither panels nor bars, and says so."""
    exhibit = _drawable(exhibit)
    drawing = Drawing(
        anchor=anchor,
        title=exhibit.title,
        metric=exhibit.metric,
        description=describe(exhibit),
        table=table_of(exhibit),
        notes=(exhibit.note,) if exhibit.note else (),
    )
    if not any(y is not None for series in exhibit.series for y in series.y):
        return replace(drawing, notes=(*drawing.notes, "nothing was recorded for this figure"))
    if exhibit.form is Form.BUDGET:
        return _with_bars(drawing, exhibit)
    return _with_panels(drawing, exhibit)


def _drawable(exhibit: Exhibit) -> Exhibit:
    """Leave out what stands nowhere on an axis, and say so."""
    kept = replace(
        exhibit,
        series=tuple(
            Series(
                series.name,
                tuple(x for x in series.x if _stands(x)),
                tuple(
                    y if y is not None and _stands(y) else None
                    for x, y in zip(series.x, series.y, strict=True)
                    if _stands(x)
                ),
                series.unit,
            )
            for series in exhibit.series
        ),
        spans=tuple(s for s in exhibit.spans if _stands(s.start) and _stands(s.end)),
        marks=tuple(mark for mark in exhibit.marks if _stands(mark.at)),
        limit=exhibit.limit if exhibit.limit is not None and _stands(exhibit.limit) else None,
    )
    if kept == exhibit:
        return exhibit
    told = "; ".join(filter(None, (exhibit.note, "what lies beyond every axis is left out")))
    return replace(kept, note=told)


def _stands(value: float) -> bool:
    return abs(value) <= _FARTHEST  # false for NaN


def _with_bars(drawing: Drawing, exhibit: Exhibit) -> Drawing:
    _, unit = units_of(exhibit)
    limit = exhibit.limit
    known = [
        (s.name, next((y for y in reversed(s.y) if y is not None), None)) for s in exhibit.series
    ]
    values = [(name, value) for name, value in known if value is not None]
    scale = linear_scale(
        0.0, max([value for _, value in values] + [limit or 0.0]), unit, whole=True
    )
    return replace(
        drawing,
        bars=tuple(
            Bar(name, scale.percent(value), words(value, unit), limit is not None and value > limit)
            for name, value in values
        ),
        bar_limit=None if limit is None else (scale.percent(limit), f"limit {words(limit, unit)}"),
        ticks=_x_ticks(scale),
        x_caption="share of the error budget" if unit == SHARE else "",
    )


def _with_panels(drawing: Drawing, exhibit: Exhibit) -> Drawing:
    x_unit, y_unit = units_of(exhibit)
    across = _x_scale(exhibit, x_unit)
    units = dict.fromkeys(series.unit or y_unit for series in exhibit.series)
    several = len(units) > 1
    panels = tuple(
        _panel(exhibit, unit, across, height=_LOW_HEIGHT if several else _HEIGHT) for unit in units
    )
    flags, signs = flags_of(exhibit, across, x_unit)
    dropped = [s for s in exhibit.series if len(s.x) > MOST_POINTS]
    thinned = tuple(
        f"{s.name}: of {len(s.x):,} points {MOST_POINTS} at most are drawn, with the lowest and "
        "the highest of every stretch"
        for s in dropped
    )
    return replace(
        drawing,
        panels=panels,
        ticks=_x_ticks(across),
        x_caption=_x_caption(exhibit, across),
        shades=_shades(exhibit, across),
        flags=flags,
        signs=signs,
        notes=(*drawing.notes, *thinned),
    )


def _x_scale(exhibit: Exhibit, unit: str) -> Scale:
    places = [x for series in exhibit.series for x in series.x]
    if exhibit.form is Form.TIMELINE:
        places.append(0.0)
    ends = [edge for span in exhibit.spans for edge in (span.start, span.end)]
    low = min([*places, *ends, *(mark.at for mark in exhibit.marks)])
    high = max([*places, *ends, *(mark.at for mark in exhibit.marks)])
    match exhibit.form:
        case Form.PERCENTILES:
            return tail_scale(high)
        case Form.THROUGHPUT_LATENCY:
            return linear_scale(min(low, 0.0), high, unit, whole=True)
        case Form.RELIABILITY:
            return linear_scale(0.0, 1.0, unit)
        case Form.DISTRIBUTION if low > 0 and high > _WIDE * low:
            return log_scale(low, high, unit)
        case _:
            return linear_scale(low, high, unit)


def _x_caption(exhibit: Exhibit, across: Scale) -> str:
    if exhibit.form is Form.PERCENTILES:
        return "share of the requests that took at most so long"
    if exhibit.form is Form.THROUGHPUT_LATENCY:
        return "requests a second"
    if exhibit.form is Form.RELIABILITY:
        return "probability that was given"
    kind = "time" if exhibit.form is Form.TIMELINE else "duration" if exhibit.x_unit == "s" else ""
    return f"{kind}, logarithmic" if across.logarithmic else kind


def _panel(exhibit: Exhibit, unit: str, across: Scale, *, height: int) -> Panel:
    _, y_unit = units_of(exhibit)
    drawn = [series for series in exhibit.series if (series.unit or y_unit) == unit]
    limit = exhibit.limit if unit == y_unit else None
    values = [y for series in drawn for y in series.y if y is not None]
    up = height_scale(
        [*values, *([] if limit is None else [limit])], unit, most=height // _LABEL_ROOM
    )
    return Panel(
        caption="share that came true" if exhibit.form is Form.RELIABILITY else _caption(unit, up),
        height=height,
        ticks=tuple(Tick(up.pixels(value, height), label) for value, label in up.ticks),
        lines=tuple(
            stroke(series, number, across, up, height=height, form=exhibit.form)
            for number, series in enumerate(drawn)
        ),
        limit=None if limit is None else (up.pixels(limit, height), f"limit {words(limit, unit)}"),
    )


def _caption(unit: str, up: Scale) -> str:
    if unit == SHARE:
        kind = "share of the requests"
    else:
        kind = {"1/s": "per second", "s": "latency", "1": ""}.get(unit, unit)
    return f"{kind}, logarithmic" if up.logarithmic else kind


def _shades(exhibit: Exhibit, across: Scale) -> tuple[Shade, ...]:
    edges = [(across.percent(span.start), across.percent(span.end)) for span in exhibit.spans]
    return tuple(Shade(start, round(max(end - start, 0.2), 2)) for start, end in edges)


def _x_ticks(scale: Scale) -> tuple[Tick, ...]:
    places = [(scale.percent(value), label) for value, label in scale.ticks]
    return tuple(Tick(at, label, _anchor(at)) for at, label in places)


def _anchor(at: float) -> str:
    return "start" if at < 4 else "end" if at > 96 else "middle"
