"""Where the parts of a plot stand: an interval against its limit, as shares of the plot's width.

Positions are percentages, so that a plot fits every width while its text keeps its size.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from clinigate.reports.model import Figures
from clinigate.reports.numbers import LONG_S, decimal_text
from clinigate.reports.scales import nice_step

__all__ = ["Axis", "Plot", "Tick", "axis_for", "plot"]

_LEFT, _RIGHT = 2.0, 98.0
_AIR = 0.15
_MAX_TICKS = 5


@dataclass(frozen=True, slots=True)
class Axis:
    """The stretch of values that a plot shows."""

    low: float
    high: float

    def at(self, value: float) -> float:
        """Position of a value in percent, kept inside the plot."""
        share = (value - self.low) / (self.high - self.low)
        return round(_LEFT + min(max(share, 0.0), 1.0) * (_RIGHT - _LEFT), 2)


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on the axis; `anchor` keeps its text inside the plot."""

    x: float
    label: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Plot:
    """One measurement drawn. `bar` and `good` are left edge and width, None where unknown."""

    limit: float
    limit_anchor: str
    good: tuple[float, float]
    bar: tuple[float, float] | None
    value: float | None
    ticks: tuple[Tick, ...]

    @property
    def bar_end(self) -> float:
        """The right edge of the bar."""
        return 0.0 if self.bar is None else round(self.bar[0] + self.bar[1], 2)


def axis_for(figures: Iterable[Figures]) -> Axis:
    """Return an axis on which all of these fit, with some air beside the outermost."""
    several = list(figures)
    known = [
        value for f in several for value in (f.limit, f.value, f.low, f.high) if value is not None
    ]
    low, high = min(known), max(known)
    air = (high - low or abs(high) or 1.0) * _AIR
    first = several[0]
    if first.caps:
        low = first.floor if first.floor is not None else low - air
        high = high + air if first.ceiling is None else min(high + air, first.ceiling)
    else:
        low = low - air if first.floor is None else max(low - air, first.floor)
        high = first.ceiling if first.ceiling is not None else high + air
    return Axis(low, high) if low < high else Axis(low, low + 1.0)


def plot(figures: Figures, axis: Axis | None = None) -> Plot:
    """Place one measurement on `axis`, by default one of its own."""
    axis = axis or axis_for([figures])
    limit = axis.at(figures.limit)
    start, end = (_LEFT, limit) if figures.caps else (limit, _RIGHT)
    return Plot(
        limit=limit,
        limit_anchor=_anchor(limit),
        good=(start, round(end - start, 2)),
        bar=_bar(figures, axis),
        value=None if figures.value is None else axis.at(figures.value),
        ticks=tuple(_ticks(axis, figures)),
    )


def _bar(figures: Figures, axis: Axis) -> tuple[float, float] | None:
    if figures.low is None and figures.high is None:
        return None
    start = _LEFT if figures.low is None else axis.at(figures.low)
    end = _RIGHT if figures.high is None else axis.at(figures.high)
    return start, round(max(end - start, 0.0), 2)


def _ticks(axis: Axis, figures: Figures) -> list[Tick]:
    step = nice_step((axis.high - axis.low) / (_MAX_TICKS - 1))
    first, last = math.ceil(axis.low / step - 1e-9), math.floor(axis.high / step + 1e-9)
    ticks = []
    for number in range(first, last + 1):
        x = axis.at(number * step)
        ticks.append(Tick(x, _label(number, step, figures), _anchor(x)))
    return ticks


def _label(number: int, step: float, figures: Figures) -> str:
    value = number * Decimal(f"{step:.6g}")
    if figures.unit != "s":
        return decimal_text(value)
    if figures.limit >= LONG_S:
        return f"{decimal_text(value)} s"
    return f"{decimal_text(value * 1000)} ms"


def _anchor(x: float) -> str:
    return "start" if x < 12 else "end" if x > 88 else "middle"
