"""Sheets with their scores worked out by hand: where wrong rules and right ones part.

`TRAPS` are wrong rules that are found on the web. A system that scores by one of them is told so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from clinigate.core.scoring import Instrument

__all__ = ["GOLDEN", "TRAPS", "Golden", "Trap"]


@dataclass(frozen=True, slots=True)
class Golden:
    """One sheet and what it comes to on the usual terms; fields as in `Score`."""

    instrument: Instrument
    answers: tuple[int, ...]
    total: int
    band: str | None
    positive: bool
    follow_up: bool | None = None
    percent: int | None = None


@dataclass(frozen=True, slots=True)
class Trap:
    """A wrong rule: the lowest total of each band, or a formula of the percentage.

    Attributes:
        words: what it does, for a reader. bands: names with their lowest totals.
        percent: from the total of 0 to 25: the factor, and what is taken off the total before.
    """

    words: str
    bands: tuple[tuple[str, int], ...] = ()
    percent: tuple[int, int] | None = None


_P, _G, _W, _U = Instrument.PHQ9, Instrument.GAD7, Instrument.WHO5, Instrument.UCLA3

GOLDEN: tuple[Golden, ...] = (
    Golden(_P, (0, 0, 0, 0, 0, 0, 0, 0, 0), 0, "minimal", False, False),
    Golden(_P, (1, 1, 1, 1, 0, 0, 0, 0, 0), 4, "minimal", False, False),
    Golden(_P, (1, 1, 1, 1, 1, 0, 0, 0, 0), 5, "mild", False, False),
    Golden(_P, (0, 0, 0, 0, 0, 0, 0, 0, 1), 1, "minimal", False, True),
    Golden(_P, (0, 0, 0, 0, 0, 0, 0, 0, 3), 3, "minimal", False, True),
    Golden(_P, (3, 3, 3, 0, 0, 0, 0, 0, 0), 9, "mild", False, False),
    Golden(_P, (3, 3, 3, 1, 0, 0, 0, 0, 0), 10, "moderate", True, False),
    Golden(_P, (2, 2, 2, 2, 2, 2, 1, 1, 0), 14, "moderate", True, False),
    Golden(_P, (3, 3, 3, 3, 3, 0, 0, 0, 0), 15, "moderately severe", True, False),
    Golden(_P, (3, 3, 3, 3, 3, 3, 1, 0, 0), 19, "moderately severe", True, False),
    Golden(_P, (3, 3, 3, 3, 3, 3, 2, 0, 0), 20, "severe", True, False),
    Golden(_P, (3, 3, 3, 3, 3, 3, 3, 3, 0), 24, "severe", True, False),
    Golden(_P, (3, 3, 3, 3, 3, 3, 3, 3, 3), 27, "severe", True, True),
    Golden(_G, (0, 0, 0, 0, 0, 0, 0), 0, "minimal", False),
    Golden(_G, (1, 1, 1, 1, 0, 0, 0), 4, "minimal", False),
    Golden(_G, (1, 1, 1, 1, 1, 0, 0), 5, "mild", False),
    Golden(_G, (2, 2, 2, 2, 1, 0, 0), 9, "mild", False),
    Golden(_G, (2, 2, 2, 2, 2, 0, 0), 10, "moderate", True),
    Golden(_G, (2, 2, 2, 2, 2, 2, 2), 14, "moderate", True),
    Golden(_G, (3, 3, 3, 3, 3, 0, 0), 15, "severe", True),
    Golden(_G, (3, 3, 3, 3, 3, 3, 3), 21, "severe", True),
    Golden(_W, (0, 0, 0, 0, 0), 0, None, True, percent=0),
    Golden(_W, (2, 2, 3, 3, 2), 12, None, True, percent=48),
    Golden(_W, (2, 3, 3, 3, 2), 13, None, False, percent=52),
    Golden(_W, (5, 5, 5, 5, 1), 21, None, True, percent=84),
    Golden(_W, (5, 5, 5, 5, 0), 20, None, True, percent=80),
    Golden(_W, (5, 5, 5, 5, 2), 22, None, False, percent=88),
    Golden(_W, (1, 1, 1, 1, 1), 5, None, True, percent=20),
    Golden(_W, (5, 5, 5, 5, 5), 25, None, False, percent=100),
    Golden(_U, (1, 1, 1), 3, None, False),
    Golden(_U, (1, 2, 1), 4, None, True),
    Golden(_U, (2, 2, 2), 6, None, True),
    Golden(_U, (3, 3, 3), 9, None, True),
)

TRAPS: Mapping[Instrument, tuple[Trap, ...]] = MappingProxyType(
    {
        _P: (
            Trap(
                "calls 15 to 27 severe and has no band 'moderately severe'",
                (("minimal", 0), ("mild", 5), ("moderate", 10), ("severe", 15)),
            ),
        ),
        _G: (
            Trap(
                "begins each band one too high: 0-5, 6-10, 11-15, 16-21",
                (("minimal", 0), ("mild", 6), ("moderate", 11), ("severe", 16)),
            ),
        ),
        _W: (Trap("takes 5 off the total before multiplying it by 4", percent=(4, 5)),),
        _U: (),
    }
)
