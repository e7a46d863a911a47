"""What a report says of the runs before: `clinigate.reports.courses` makes it."""

from __future__ import annotations

from dataclasses import dataclass

from clinigate.reports.drawing import Drawing

__all__ = ["TrendView"]


@dataclass(frozen=True, slots=True)
class TrendView:
    """Courses over runs, oldest first; the last one is the run that the report is of.

    Attributes:
        figures: verdicts, coverage, findings, and the criteria that fail.
        runs: how many are in the figures, and how many of these could be read and compared.
        left_out: failing criteria that have no figure here.
    """

    figures: tuple[Drawing, ...]
    runs: tuple[int, int] = (0, 0)
    left_out: int = 0
