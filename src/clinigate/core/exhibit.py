"""The numbers behind a figure: what a reader wants to see of a run and no criterion judges."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from clinigate.core.statistics.arguments import check_finite
from clinigate.errors import UsageError

__all__ = ["Exhibit", "Form", "Mark", "Series", "Span"]


class Form(StrEnum):
    """What kind of figure the numbers are meant for."""

    TIMELINE = "timeline"
    DISTRIBUTION = "distribution"
    PERCENTILES = "percentiles"
    THROUGHPUT_LATENCY = "throughput-latency"
    BUDGET = "budget"
    RELIABILITY = "reliability"


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a figure.

    Attributes:
        name: as the legend says it.
        x, y: as many of the one as of the other; a y of None is a hole.
        unit: of y, where it differs from the figure's.

    Raises:
        UsageError: x and y differ in length, or a number is not finite.
    """

    name: str
    x: tuple[float, ...]
    y: tuple[float | None, ...]
    unit: str | None = None

    def __post_init__(self) -> None:
        if len(self.x) != len(self.y):
            raise UsageError(
                f"series {self.name}: {len(self.x)} x and {len(self.y)} y, one y for each x is due"
            )
        check_finite(f"series {self.name}", [*self.x, *(y for y in self.y if y is not None)])


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the x axis with a name, as the window of a fault."""

    name: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Mark:
    """A place on the x axis with a name, as the moment of recovery."""

    name: str
    at: float


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A figure's numbers.

    Attributes:
        metric: what it illustrates; it stands beside the criteria of this metric.
        form: what kind of figure.
        title: one line for the reader.
        x_unit, y_unit: of the axes, as `s`, `1/s` or `1`.
        series: the lines. spans, marks: what happened along x.
        limit: the y that the criterion sets, drawn as a line.
        note: what a reader must know beside it, as a loss of detail.
    """

    metric: str
    form: Form
    title: str
    x_unit: str
    y_unit: str
    series: tuple[Series, ...]
    spans: tuple[Span, ...] = ()
    marks: tuple[Mark, ...] = ()
    limit: float | None = None
    note: str = ""
