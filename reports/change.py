"""What changed since the last run: new, fixed and regressed verdicts, and coverage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clinigate.core.results import Results
from clinigate.reports.past import PastRun

__all__ = ["ChangeView", "change_view"]


@dataclass(frozen=True, slots=True)
class ChangeView:
    """The comparison with the last run that can be compared.

    Attributes:
        since: id of the run that this one is compared with.
    """

    since: str


def change_view(results: Results, past: Sequence[PastRun]) -> ChangeView | None:
    """Return what changed since the last of `past` (oldest first), None without one."""
    del results, past
    return None
