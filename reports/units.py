"""Numbers of figures in words: the unit that fits their size, no more digits than are seen."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from clinigate.reports.numbers import decimal_text

__all__ = ["SHARE", "Measure", "measure_for", "words"]

#: The unit of shares, which are written in percent; a plain `1` may also be a count.
SHARE = "share"

_KIB = 1024.0


@dataclass(frozen=True, slots=True)
class Measure:
    """One size of a unit: `step` of the unit make one of these."""

    step: float
    suffix: str

    def text(self, value: float, digits: int = 9) -> str:
        """The value in this size, to at most so many digits."""
        return f"{decimal_text(Decimal(f'{value / self.step:.{digits}g}'))}{self.suffix}"


_SECONDS = (
    (1e-3, Measure(1e-6, " µs")),
    (1.0, Measure(1e-3, " ms")),
    (300.0, Measure(1.0, " s")),
    (3 * 3600.0, Measure(60.0, " min")),
    (float("inf"), Measure(3600.0, " h")),
)
_BYTES = (
    (_KIB, Measure(1.0, " B")),
    (_KIB**2, Measure(_KIB, " KiB")),
    (_KIB**3, Measure(_KIB**2, " MiB")),
    (float("inf"), Measure(_KIB**3, " GiB")),
)
_OTHERS = {SHARE: Measure(0.01, "%"), "1": Measure(1.0, ""), "1/s": Measure(1.0, "/s")}


def measure_for(unit: str, size: float) -> Measure:
    """Return the measure in which a number of about `size` reads well."""
    sizes = {"s": _SECONDS, "B": _BYTES}.get(unit)
    if sizes is None:
        return _OTHERS.get(unit) or Measure(1.0, f" {unit}")
    return next(measure for below, measure in sizes if abs(size) < below)


def words(value: float, unit: str) -> str:
    """Return one value with its unit, to three digits; a share close to 1 keeps its nines."""
    if value == 0:
        return measure_for(unit, 1.0).text(0.0)
    if unit == SHARE and 0.9 < value < 1:
        return measure_for(unit, value).text(1 - float(f"{1 - value:.3g}"))
    return measure_for(unit, value).text(value, 3)
