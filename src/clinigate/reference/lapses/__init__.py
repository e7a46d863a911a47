"""The defects of the records of care: each is one name, and routes ask whether it is theirs."""

from __future__ import annotations

from clinigate.reference.defect import Defect
from clinigate.reference.lapses import access, accounts, drills, lifecycle, records, rights, traffic

__all__ = ["LAPSES"]

LAPSES: tuple[Defect, ...] = (
    *accounts.LAPSES,
    *access.LAPSES,
    *records.LAPSES,
    *rights.LAPSES,
    *lifecycle.LAPSES,
    *traffic.LAPSES,
    *drills.LAPSES,
)
"""Every defect that shows in the records of care alone."""
