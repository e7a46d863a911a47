"""Defects that show on the worst day alone: a drill finds them, and no probe does."""

from __future__ import annotations

from clinigate.reference.defect import Defect

__all__ = ["LAPSES", "READS_UNSEEN", "SEEN_READS"]

SEEN_READS = 3
"""So many charts read in one session leave a row; a probe that reads one or two sees them all."""

READS_UNSEEN = Defect(
    "reads-unseen",
    "Of the charts that are read in one session, those beyond the third leave no audit row.",
    ("hipaa.drill_breach",),
)

LAPSES = (READS_UNSEEN,)
