"""One criterion in a report: its numbers in words, its parts, and the positions of its plot."""

from __future__ import annotations

from dataclasses import dataclass

from clinigate.core.verdict import Status
from clinigate.reports.testrecord import TestRecord

__all__ = ["CriterionRow", "Figures", "SliceGroup", "SliceRow"]


@dataclass(frozen=True, slots=True)
class Figures:
    """One measurement as positions on a line: what a plot draws.

    Attributes:
        low, high: one-sided bounds. value: the estimate. limit: where good ends.
        caps: whether small values are the good ones. unit: as of the measurement.
        floor, ceiling: the ends that the metric cannot pass (0 and 1 for a rate), if it has any.
    """

    limit: float
    caps: bool
    unit: str = "1"
    value: float | None = None
    low: float | None = None
    high: float | None = None
    floor: float | None = None
    ceiling: float | None = None


@dataclass(frozen=True, slots=True)
class SliceRow:
    """A metric in one part of the data, as `archetype` `si.veiled.question`."""

    dimension: str
    name: str
    estimate: str
    bound: str
    size: str
    figures: Figures


@dataclass(frozen=True, slots=True)
class SliceGroup:
    """The parts along one dimension; an empty one holds details, as other percentiles.

    Attributes:
        more: how many are left out here.
        ranked: whether the limit speaks of each part, and the worst comes first. The limit of a
            difference between groups says nothing of a single group, nor that of a percentile
            anything of another one; these stay in the order of their producer.
    """

    dimension: str
    rows: tuple[SliceRow, ...]
    more: int = 0
    ranked: bool = True

    @property
    def worst(self) -> SliceRow | None:
        """The first part of a ranked dimension, None where the estimate is the same in all."""
        differs = len({row.estimate for row in self.rows}) > 1
        return self.rows[0] if self.ranked and differs else None


@dataclass(frozen=True, slots=True)
class CriterionRow:
    """One criterion, what was measured for it, and how it came out.

    Attributes:
        anchor: id of its place in a document.
        estimate, bound, low, high, limit, size: numbers in words; `bound` is what decided.
        need: how many units would settle an INCONCLUSIVE, in words.
        method: how the bounds were found.
        caveats: sentences to be read beside the number.
        worst: the worst part of the data, by archetype where there are any; None where the
            estimate is the same in all of them.
        test: what was done for it, as a test record has it.
    """

    anchor: str
    criterion: str
    title: str
    metric: str
    scope: str
    status: Status
    reason: str
    estimate: str
    bound: str
    low: str
    high: str
    limit: str
    confidence: str
    size: str
    need: str | None = None
    method: str = ""
    caveats: tuple[str, ...] = ()
    figures: Figures | None = None
    worst: SliceRow | None = None
    slices: tuple[SliceGroup, ...] = ()
    test: TestRecord | None = None
