"""Numbers as a reader may trust them: rounding never makes a result look better than it is.

An upper bound is rounded up, a lower bound down; a rate that is not zero is never printed as zero;
and a printed number stands to the printed limit exactly as the measured one does.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal

from clinigate.core.criterion import Relation

__all__ = ["LONG_S", "NONE", "Ruler", "count", "decimal_text", "percent"]

#: What stands where no number is.
NONE = "–"

#: Limits from here on are written in seconds, shorter ones in milliseconds.
LONG_S = 10.0

_SUFFIXES = {"1": "", "points": "", "1/s": "/s"}
#: Units that are counted.
_WHOLE = ("findings", "wrong", "accepted")
_SIGNS = {"<": "<", "<=": "≤", ">": ">", ">=": "≥"}
_MAX_PLACES = 12


@dataclass(frozen=True, slots=True)
class Ruler:
    """Writes the numbers of one criterion.

    Attributes:
        relation, limit: what the metric must hold.
        unit: `1`, `points`, `s` (written in ms, or in s where the limit is of `LONG_S` or more) or
            any other, which is written behind the number.
    """

    relation: Relation
    limit: float
    unit: str = "1"

    @property
    def places(self) -> int:
        """Decimal places that resolve the limit."""
        if self.unit == "s" and self.limit < LONG_S:
            return 0 if self.limit >= 0.01 else 2
        if self.unit in _WHOLE:
            return 0
        if self.unit != "1":
            return 2
        room = min(abs(self.limit), abs(1 - self.limit))
        return 5 if room == 0 else max(4, 2 - math.floor(math.log10(room)))

    def limit_text(self) -> str:
        """The limit with its relation, as `< 0.001` or `< 100 ms`."""
        return f"{_SIGNS[self.relation]} {decimal_text(self._scaled(self.limit))}{self._suffix}"

    def estimate(self, value: float | None) -> str:
        """A point estimate, as `0.00000` or `81 ms`."""
        if value is None or not math.isfinite(value):
            return NONE
        return self._written(value, ROUND_HALF_EVEN)

    def bound(self, value: float | None, *, upper: bool) -> str:
        """A bound with its side, as `≤ 0.00083`."""
        if value is None or not math.isfinite(value):
            return NONE
        if upper:
            return f"≤ {self._written(value, ROUND_CEILING)}"
        return f"≥ {self._written(value, ROUND_FLOOR)}"

    def _written(self, value: float, rounding: str) -> str:
        exact = self._scaled(value)
        faithful = self._faithful(value)
        places = self.places
        shown = _rounded(exact, places, rounding)
        while places < _MAX_PLACES and not faithful(shown):
            places += 1
            shown = _rounded(exact, places, rounding)
        one = self.unit in _WHOLE and shown == 1
        return f"{shown:,f}{self._suffix.removesuffix('s') if one else self._suffix}"

    def _faithful(self, value: float) -> Callable[[Decimal], bool]:
        """Whether a printed number says of zero, of one and of the limit what `value` says."""
        limit = self._scaled(self.limit)
        holds = self.relation.holds(value, self.limit)
        ends = (Decimal(0), self._scaled(1.0)) if self.unit == "1" else (Decimal(0),)
        exact = self._scaled(value)

        def says_the_same(shown: Decimal) -> bool:
            same_ends = all((shown == end) == (exact == end) for end in ends)
            return same_ends and self.relation.holds(float(shown), float(limit)) == holds

        return says_the_same

    def _scaled(self, value: float) -> Decimal:
        short = self.unit == "s" and self.limit < LONG_S
        return Decimal(repr(value)) * (1000 if short else 1)

    @property
    def _suffix(self) -> str:
        if self.unit == "s":
            return " ms" if self.limit < LONG_S else " s"
        return _SUFFIXES.get(self.unit, f" {self.unit}")


def count(n: int) -> str:
    """A count with thousands separators."""
    return f"{n:,}"


def percent(share: float) -> str:
    """A confidence, as `95%` or `99.5%`."""
    return f"{decimal_text(Decimal(repr(share)) * 100)}%"


def decimal_text(value: Decimal) -> str:
    """A number in full, without exponent or trailing zeros."""
    text = f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _rounded(exact: Decimal, places: int, rounding: str) -> Decimal:
    shown = exact.quantize(Decimal(1).scaleb(-places), rounding=rounding)
    return abs(shown) if shown == 0 else shown  # no "-0.0000"
