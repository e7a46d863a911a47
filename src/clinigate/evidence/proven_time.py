"""What vouches for the time of a seal, other than the clock of who sealed it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

__all__ = ["ProvenTime"]


@dataclass(frozen=True, slots=True)
class ProvenTime:
    """The sealed statement existed at a moment, by somebody's word.

    Attributes:
        moment: not later than this it existed, in UTC.
        by: who says so, as a reader knows them.
        sentence: names the file that proves it.
    """

    moment: datetime
    by: str
    sentence: str
