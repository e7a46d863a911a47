"""How a statement is to be taken, and a label with what stands beside it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Fact", "Tone"]


class Tone(StrEnum):
    """How a statement is to be taken; always shown with a sign and a word beside its colour."""

    GOOD = "good"
    BAD = "bad"
    OPEN = "open"
    NEUTRAL = "neutral"


@dataclass(frozen=True, slots=True)
class Fact:
    """A label and what stands beside it; `code` sets it in fixed-width type."""

    label: str
    value: str
    code: bool = False
