"""The lines of a figure as SVG paths."""

from __future__ import annotations

from collections.abc import Sequence

from clinigate.core.exhibit import Form, Series
from clinigate.measure.exhibits import thin
from clinigate.reports.drawing import Line
from clinigate.reports.scales import Scale

__all__ = ["stroke"]

#: A box as wide as this holds the paths of every panel.
_WIDTH = 1000
_STYLES = 6
_BAD_WORDS = frozenset({"bad", "error", "errors", "failed", "failures", "lost", "missed", "misses"})
_GOOD_WORDS = frozenset({"good", "ok"})


def stroke(
    series: Series, number: int, across: Scale, up: Scale, *, height: int, form: Form
) -> Line:
    """Return a series as a line, the number-th of its panel, which is `height` pixels high."""
    xs, ys = thin(series.x, series.y)
    places = [
        None if y is None else (across.percent(x), up.pixels(y, height))
        for x, y in zip(xs, ys, strict=True)
    ]
    style = _style(series.name, number)
    if form is Form.DISTRIBUTION:
        ends = [across.percent(x) for x in xs]
        steps = _steps(ends, [None if place is None else place[1] for place in places], height)
        return Line(series.name, style, steps, f"{steps}V{height}Z" if steps else "")
    path = _path(places)
    under = style == "bad" and up.low == 0 and not up.logarithmic
    dots = [place for place in places if place]
    if form not in (Form.THROUGHPUT_LATENCY, Form.RELIABILITY):
        dots = _lonely(places)
    return Line(series.name, style, path, _area(places, height) if under else "", tuple(dots))


def _style(name: str, number: int) -> str:
    """Good and bad have their own colours; others take turns."""
    said = set(name.lower().split())
    if said & _BAD_WORDS:
        return "bad"
    return "good" if said & _GOOD_WORDS else f"l{number % _STYLES}"


def _lonely(places: Sequence[tuple[float, float] | None]) -> list[tuple[float, float]]:
    """Places between two holes, which no line would show."""
    around = zip((None, *places), places, (*places[1:], None), strict=False)
    return [place for before, place, after in around if place and not before and not after]


def _path(places: Sequence[tuple[float, float] | None]) -> str:
    """A line through the places; a hole interrupts it."""
    parts, pen_down = [], False
    for place in places:
        if place is not None:
            x, y = _number(place[0] * _WIDTH / 100), _number(place[1])
            parts.append(f"L{x} {y}" if pen_down else f"M{x} {y}")
        pen_down = place is not None
    return "".join(parts)


def _area(places: Sequence[tuple[float, float] | None], height: int) -> str:
    """What lies under the line, stretch by stretch."""
    parts: list[str] = []
    stretch: list[tuple[float, float]] = []
    for place in (*places, None):
        if place is not None:
            stretch.append(place)
        elif stretch:
            points = "".join(f"L{_number(x * _WIDTH / 100)} {_number(y)}" for x, y in stretch)
            first, last = (_number(x * _WIDTH / 100) for x in (stretch[0][0], stretch[-1][0]))
            parts.append(f"M{first} {height}{points}L{last} {height}Z")
            stretch = []
    return "".join(parts)


def _steps(ends: Sequence[float], heights: Sequence[float | None], height: int) -> str:
    """The outline of bars between neighbouring ends; a missing height lies on the ground."""
    if len(ends) < 2:
        return ""
    parts = [f"M{_number(ends[0] * _WIDTH / 100)} {height}"]
    for start, end, top in zip(ends, ends[1:], heights, strict=False):
        up = _number(height if top is None else top)
        parts.append(f"L{_number(start * _WIDTH / 100)} {up}H{_number(end * _WIDTH / 100)}")
    return "".join(parts)


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
