"""A figure in numbers and in words, for those who cannot see it or want to check it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from clinigate.core.exhibit import Exhibit, Form, Series
from clinigate.reports.drawing import Table
from clinigate.reports.numbers import NONE
from clinigate.reports.units import SHARE, words

__all__ = ["describe", "table_of", "units_of"]

_MOST_ROWS = 30
_STRETCHES = 20


def units_of(exhibit: Exhibit) -> tuple[str, str]:
    """Return the units of x and y as they are written: what is a share depends on the form."""
    x, y = exhibit.x_unit, exhibit.y_unit
    if exhibit.form in (Form.DISTRIBUTION, Form.BUDGET) and y == "1":
        y = SHARE
    if exhibit.form is Form.PERCENTILES and x == "1":
        x = SHARE
    return x, y


def describe(exhibit: Exhibit) -> str:
    """Return what the figure shows, in sentences."""
    x_unit, y_unit = units_of(exhibit)
    told = [_range(series, series.unit or y_unit) for series in exhibit.series]
    told += [
        f"{span.name} from {words(span.start, x_unit)} to {words(span.end, x_unit)}"
        for span in exhibit.spans
    ]
    told += [f"{mark.name} at {words(mark.at, x_unit)}" for mark in exhibit.marks[:_MOST_ROWS]]
    if exhibit.limit is not None:
        told.append(f"limit {words(exhibit.limit, y_unit)}")
    return "; ".join(told) + "."


def _range(series: Series, unit: str) -> str:
    known = [value for value in series.y if value is not None]
    if not known:
        return f"{series.name}: no value"
    low, high = words(min(known), unit), words(max(known), unit)
    return f"{series.name}: {low}" if low == high else f"{series.name}: {low} to {high}"


def table_of(exhibit: Exhibit) -> Table:
    """Return the figure's numbers: all where they are few, else the extremes of stretches."""
    _, y_unit = units_of(exhibit)
    if exhibit.form is Form.BUDGET:
        spent = [(s.name, _word(s.y[-1] if s.y else None, y_unit)) for s in exhibit.series]
        return Table(("Budget", "Spent"), tuple(spent))
    heads = (_x_head(exhibit), *(series.name for series in exhibit.series))
    places = sorted(
        {
            x
            for series in exhibit.series
            for x, y in zip(series.x, series.y, strict=True)
            if y is not None or exhibit.form is not Form.DISTRIBUTION
        }
    )
    if len(places) > _MOST_ROWS and exhibit.form is Form.PERCENTILES:
        places = [x for x in places if _is_round(x) or x == places[-1]]
    if len(places) <= _MOST_ROWS:
        return Table(heads, tuple(_row(exhibit, x) for x in places))
    rows = tuple(_stretch(exhibit, places, number) for number in range(_STRETCHES))
    note = f"{len(places):,} places in {_STRETCHES} stretches: the lowest and the highest of each"
    return Table(heads, rows, note)


def _is_round(share: float) -> bool:
    """Whether this is 50%, 75%, 90%, 95%, 97.5%, 99% and so on: those that people ask for."""
    if not 0 < share < 1:
        return False
    tail = 1 - share
    first = tail / 10.0 ** math.floor(math.log10(tail) + 1e-6)
    return any(math.isclose(first, digit, rel_tol=1e-4) for digit in (1, 2.5, 5))


def _row(exhibit: Exhibit, x: float) -> tuple[str, ...]:
    x_unit, y_unit = units_of(exhibit)
    cells = (
        _word(dict(zip(series.x, series.y, strict=True)).get(x), series.unit or y_unit)
        for series in exhibit.series
    )
    return (words(x, x_unit), *cells)


def _x_head(exhibit: Exhibit) -> str:
    match exhibit.form:
        case Form.DISTRIBUTION:
            return "From"
        case Form.PERCENTILES:
            return "Share of requests"
        case Form.THROUGHPUT_LATENCY:
            return "Requests"
        case Form.RELIABILITY:
            return "Score"
        case _:
            return "Time" if exhibit.x_unit == "s" else "At"


def _stretch(exhibit: Exhibit, places: Sequence[float], number: int) -> tuple[str, ...]:
    start, end = (k * len(places) // _STRETCHES for k in (number, number + 1))
    first, last = places[start], places[end - 1]
    x_unit, y_unit = units_of(exhibit)
    cells = []
    for series in exhibit.series:
        pairs = zip(series.x, series.y, strict=True)
        known = [y for x, y in pairs if y is not None and first <= x <= last]
        cells.append(_span(known, series.unit or y_unit))
    return (f"{words(first, x_unit)} – {words(last, x_unit)}", *cells)


def _span(known: Sequence[float], unit: str) -> str:
    if not known:
        return NONE
    low, high = words(min(known), unit), words(max(known), unit)
    return low if low == high else f"{low} – {high}"


def _word(value: float | None, unit: str) -> str:
    return NONE if value is None else words(value, unit)
