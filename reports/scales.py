"""From values to places on an axis, and the marks that an axis carries."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from clinigate.reports.units import SHARE, Measure, measure_for

__all__ = ["Scale", "height_scale", "linear_scale", "log_scale", "nice_step", "tail_scale"]

#: Ratio of the largest to the smallest value from which an axis is logarithmic.
_WIDE = 40
_MOST_TICKS = 7
_NINES = 9
#: Ends closer than this share of them are one value.
_NARROW = 1e-7


@dataclass(frozen=True, slots=True)
class Scale:
    """An axis.

    Attributes:
        low, high: the values at its ends.
        ticks: values with their labels.
        logarithmic: equal distances are equal ratios.
        bend: what is even along the axis, as the logarithm.
    """

    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    bend: Callable[[float], float] = float
    logarithmic: bool = False

    def at(self, value: float) -> float:
        """Where a value stands, from 0 to 1; values beyond the ends stand at the ends."""
        low, high = self.bend(self.low), self.bend(self.high)
        inside = min(max(value, self.low), self.high)
        return (self.bend(inside) - low) / (high - low)

    def percent(self, value: float) -> float:
        """Where a value stands from the left, in percent."""
        return round(100 * self.at(value), 2)

    def pixels(self, value: float, height: int) -> float:
        """Where a value stands from the top of a panel of `height` pixels."""
        return round(height * (1 - self.at(value)), 1)


def linear_scale(
    low: float, high: float, unit: str, *, whole: bool = False, most: int = _MOST_TICKS
) -> Scale:
    """Return an axis from `low` to `high` with about `most` ticks.

    `whole` moves its ends out to the next ticks.
    """
    if high - low <= _NARROW * max(abs(low), abs(high), _NARROW):
        low, high = min(low, 0.0), max(high, low + (abs(low) if abs(low) > _NARROW else 1.0))
    measure = measure_for(unit, max(abs(low), abs(high)))
    step = nice_step((high - low) / measure.step / (most - 1)) * measure.step
    if whole:
        low = math.floor(low / step + 1e-9) * step
        high = math.ceil(high / step - 1e-9) * step
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    values = [number * step for number in range(first, last + 1)]
    return Scale(low, high, _labelled(values, lambda _: measure))


def log_scale(
    low: float, high: float, unit: str, *, whole: bool = False, most: int = _MOST_TICKS
) -> Scale:
    """Return a logarithmic axis between two values above 0, with ticks at 1, 2, 5 or tens."""
    every = [k * 10.0**power for power in range(-10, 13) for k in (1, 2, 5)]
    if whole or low == high:
        low = max((v for v in every if v <= low * (1 + 1e-9)), default=low)
        high = min((v for v in every if v >= high * (1 - 1e-9) and v > low), default=high)
    inside = [v for v in every if low * (1 - 1e-9) <= v <= high * (1 + 1e-9)]
    tens = [v for v in inside if math.isclose(math.log10(v), round(math.log10(v)), abs_tol=1e-6)]
    values = inside if len(inside) <= most else tens[:: 1 + (len(tens) - 1) // most]
    ticks = _labelled(values, lambda value: measure_for(unit, value))
    return Scale(low, high, ticks, math.log, logarithmic=True)


def height_scale(values: Iterable[float], unit: str, *, most: int) -> Scale:
    """Return the y axis: logarithmic for times that differ widely, else linear from 0."""
    known = list(values)
    above = [value for value in known if value > 0]
    if unit == "s" and above and max(above) > _WIDE * min(above):
        return log_scale(min(above), max(above), unit, whole=True, most=most)
    return linear_scale(min([0.0, *known]), max([*known, 0.0]), unit, whole=True, most=most)


def tail_scale(high: float) -> Scale:
    """Return an axis of shares on which 90%, 99% and 99.9% are equally far apart."""
    high = min(max(high, 0.9), 1 - 10.0**-_NINES)
    shares = [0.5, *(1 - 10.0**-nines for nines in range(1, _NINES))]
    values = [share for share in shares if share <= high + 1e-12]
    ticks = _labelled(values, lambda _: measure_for(SHARE, 1.0))
    return Scale(0.0, high, ticks, lambda share: -math.log10(1 - share))


def _labelled(
    values: Iterable[float], measure: Callable[[float], Measure]
) -> tuple[tuple[float, str], ...]:
    return tuple((value, measure(value).text(value)) for value in values)


def nice_step(least: float) -> float:
    """Return the smallest of 1, 2, 5 times a power of ten that is not below `least`."""
    power = 10.0 ** math.floor(math.log10(least))
    return next((k * power for k in (1, 2, 5) if k * power >= least * (1 - 1e-9)), 10 * power)
