"""What a recognizer is, and what it finds."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from clinigate.core.flaw import FlawSeverity

__all__ = ["BOOST", "Form", "Hit", "Letter", "Recognizer"]

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
class Form:
    """One way in which an identifier is written.

    Attributes:
        pattern: finds it; the group `v` is the identifier, or all of the match where there is none.
        score: how sure the form alone makes, from 0 to 1.
    """

    pattern: re.Pattern[str]
    score: float


def _anything(_value: str) -> bool:
    return True


def _never(_value: str) -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class Recognizer:
    """One kind of identifier: a row of the table.

    Attributes:
        id: as findings and acceptances name it: `CG-PHI-SSN`.
        letter: its clause.
        title: what it is, in a few words.
        forms: how it is written; the first that fits a place counts.
        triggers: texts of which one must occur (in lower case) for the forms to be worth trying;
            none means always.
        context: words (in lower case) that raise the score where one stands nearby, also as part
            of a field's name.
        accept: the last word on a value: check digits, ranges.
        placeholder: why a value is nobody's (reserved for examples, a crisis line); None where it
            is somebody's.
        severity: how grave a find is.
    """

    id: str
    letter: Letter
    title: str
    forms: tuple[Form, ...]
    triggers: tuple[str, ...] = ()
    context: frozenset[str] = field(default_factory=frozenset)
    accept: Callable[[str], bool] = _anything
    placeholder: Callable[[str], str | None] = _never
    severity: FlawSeverity = FlawSeverity.HIGH

    @property
    def best(self) -> float:
        """The highest score that a find can have."""
        return max((each.score for each in self.forms), default=0) + self.boost

    @property
    def boost(self) -> float:
        """What a word nearby adds."""
        return BOOST if self.context else 0.0


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
