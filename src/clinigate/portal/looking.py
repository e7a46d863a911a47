"""One look at the evidence root: everything that a page says is as of one moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from clinigate.portal.examinations import Examination, Examinations, Keys
from clinigate.portal.rows import Standing, run_line
from clinigate.portal.shelf import Shelf, Snapshot
from clinigate.portal.views import RunLine

__all__ = ["Looking"]


@dataclass(frozen=True, slots=True)
class Looking:
    """What is there, and by whose word it is judged.

    Attributes:
        shelf, snapshot: the evidence root, and its runs at `now`.
        keys: whose signatures count. examinations: what is known of bundles.
        soon: what ends within that time ends soon.
        patient: whether a list waits until every bundle of it is verified.
    """

    shelf: Shelf
    snapshot: Snapshot
    keys: Keys
    examinations: Examinations
    now: datetime
    soon: timedelta
    patient: bool

    def examination(self, run: str) -> Examination | None:
        """Return how a run's bundle is; None where there is none, or it is being verified."""
        folder = self.shelf.directory(run)
        if folder is None:
            return None
        if self.patient:
            return self.examinations.of(folder, self.keys)
        return self.examinations.at_hand(folder, self.keys)

    def line(self, standing: Standing) -> RunLine:
        """Return a run's line of the list."""
        return run_line(standing, self.examination(standing.run))
