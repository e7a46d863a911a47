"""What is looked for, by its letter, and what is found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["BOOST", "Hit", "Letter"]

#: What a word beside a find adds to its score: presidio's own figure is 0.35, with which its
#: usual 0.4 of a form that says little would stay just below the usual threshold.
BOOST = 0.4


class Letter(StrEnum):
    """The eighteen identifiers of 45 CFR 164.514(b)(2)(i), by their letter."""

    A = "names"
    B = "geographic subdivisions smaller than a state"
    C = "dates but the year, and ages over 89"
    D = "telephone numbers"
    E = "fax numbers"
    F = "e-mail addresses"
    G = "social security numbers"
    H = "medical record numbers"
    I = "health plan beneficiary numbers"  # noqa: E741 - the letter of the rule
    J = "account numbers"
    K = "certificate and licence numbers"
    L = "vehicle identifiers and serial numbers"
    M = "device identifiers and serial numbers"
    N = "web addresses (URLs)"
    O = "IP addresses"  # noqa: E741 - the letter of the rule
    P = "biometric identifiers"
    Q = "full-face photographs"
    R = "any other unique identifying number"

    @property
    def clause(self) -> str:
        """The clause, as `45 CFR 164.514(b)(2)(i)(G)`."""
        return f"45 CFR 164.514(b)(2)(i)({self.name})"


@dataclass(frozen=True, slots=True)
class Hit:
    """Where something was found; never what.

    Attributes:
        rule: the recognizer's id.
        start, end: the span in the text that was searched.
        score: how sure, from 0 to 1.
        placeholder: why it is nobody's, where it is nobody's.
    """

    rule: str
    start: int
    end: int
    score: float
    placeholder: str | None = None
