"""PHQ-9, GAD-7, WHO-5 and UCLA-3 as the service scores them.

It has its own arithmetic: what Clinigate checks it with is written a second time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["INSTRUMENTS", "Questionnaire", "Scoring", "score_sheet"]


@dataclass(frozen=True, slots=True)
class Questionnaire:
    """How a sheet looks: so many answers, each of `lowest` to `highest`."""

    items: int
    lowest: int
    highest: int


@dataclass(frozen=True, slots=True)
class Scoring:
    """What a sheet comes to.

    Attributes:
        total: the sum. percent: of 100, for WHO-5. band: for PHQ-9 and GAD-7.
        positive: whether the screen is. follow_up: for PHQ-9, whether item 9 calls for somebody.
    """

    total: int
    percent: int | None
    band: str | None
    positive: bool
    follow_up: bool | None


INSTRUMENTS: Mapping[str, Questionnaire] = MappingProxyType(
    {
        "phq9": Questionnaire(9, 0, 3),
        "gad7": Questionnaire(7, 0, 3),
        "who5": Questionnaire(5, 0, 5),
        "ucla3": Questionnaire(3, 1, 3),
    }
)


def score_sheet(name: str, answers: Sequence[int]) -> Scoring:
    """Score a complete sheet of one of `INSTRUMENTS`."""
    total = sum(answers)
    if name == "phq9":
        # Item 9 asks for thoughts of being better off dead: any answer but "not at all" counts.
        return Scoring(total, None, _phq9_band(total), total >= 10, answers[8] != 0)
    if name == "gad7":
        return Scoring(total, None, _gad7_band(total), total >= 10, None)
    if name == "who5":
        return Scoring(total, total * 4, None, total <= 12 or 0 in answers or 1 in answers, None)
    return Scoring(total, None, None, total > 3, None)


def _phq9_band(total: int) -> str:
    if total <= 4:
        return "minimal"
    if total <= 9:
        return "mild"
    if total <= 14:
        return "moderate"
    return "moderately severe" if total <= 19 else "severe"


def _gad7_band(total: int) -> str:
    return ("minimal", "mild", "moderate", "severe", "severe")[total // 5]
