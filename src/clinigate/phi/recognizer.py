r"""A row of the table of recognizers, as expressions that an automaton can run as they are.

One expression serves every engine, over bytes: UTF-8 as it stands, or any encoding of which ASCII
is a part. What it may hold is what hyperscan, RE2 and `re` understand alike: no look-around, no
back reference, no lazy repetition; every repetition bounded. What must not stand beside a value is
a class that the match consumes, `(?:^|[^0-9A-Za-z_-])`, so that the automaton is exact already; a
match ends where its own last class ends, and the group `v` is the identifier.

Letters beyond ASCII are bytes from 0x80: `[A-Za-z\x80-\xff]`. `^` and `$` stand at lines.
"""

from __future__ import annotations

import re
import re._parser as _parser  # type: ignore[import-not-found]  # the width of an expression
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from typing import Literal

from clinigate.phi.model import BOOST, Letter

__all__ = [
    "ENTRY_POINT_GROUP",
    "LONGEST",
    "Form",
    "Recognizer",
    "Severity",
    "Tier",
    "form",
]

#: Where installed packages offer rows of their own.
ENTRY_POINT_GROUP = "clinigate.phi_recognizers"


#: How grave a find is: a word, since the enumeration brings all nouns of a run along with it, and
#: whoever only searches (the pytest guard) starts without these.
Severity = Literal["critical", "high", "medium", "low", "info"]

#: No match is longer, in bytes: what engines see of a text at once overlaps by this.
LONGEST = 1024


class Tier(IntEnum):
    """How a find is known, from the surest to the least sure."""

    CANARY = 0
    #: By a check digit, or by a field or word that says what it is: these gate.
    IDENTIFIER = 1
    #: Dates, addresses of the net, UUIDs: by form alone somebody's or nobody's.
    CONTEXTUAL = 2
    #: Names and places in prose: by gazetteer and model.
    NAME = 3


def _all(_data: bytes, _start: int, _end: int) -> bool:
    return True


@dataclass(frozen=True)
class Form:
    """One way in which an identifier is written.

    Attributes:
        pattern: the expression, ASCII, in the syntax above; the group `v` is the identifier.
        score: how sure the form alone makes, from 0 to 1.
        guard: what no class can say about the value's surroundings: whether `data[start:end]` is
            one there. It sees what stands up to `LONGEST` bytes beside the value.
    """

    pattern: str
    score: float
    guard: Callable[[bytes, int, int], bool] = _all

    @cached_property
    def exact(self) -> re.Pattern[bytes]:
        """The expression of `re`, over bytes."""
        return re.compile(self.pattern.encode("ascii"), re.MULTILINE)

    @cached_property
    def widest(self) -> int:
        """The longest match in bytes."""
        return int(_parser.parse(self.pattern.encode("ascii"), re.MULTILINE).getwidth()[1])


def form(pattern: str, score: float, guard: Callable[[bytes, int, int], bool] = _all) -> Form:
    """Return a form of an identifier."""
    return Form(pattern, score, guard)


def _anything(_value: str) -> bool:
    return True


def _never(_value: str) -> str | None:
    return None


@dataclass(frozen=True)
class Recognizer:
    """One kind of identifier: a row of the table.

    Attributes:
        id: as findings and acceptances name it: `CG-PHI-SSN`. Rows may share one.
        letter: its clause.
        title: what it is, in a few words.
        tier: how its finds are known.
        forms: how it is written.
        context: words (in lower case) that raise the score where one stands nearby, also as part
            of a field's name, a JSON key, a CSV header, a column.
        accept: the last word on a value: check digits, ranges.
        placeholder: why a value is nobody's (reserved for examples, a crisis line); None where it
            is somebody's.
        severity: how grave a find is, in the words of `FlawSeverity`.
    """

    id: str
    letter: Letter
    title: str
    tier: Tier
    forms: tuple[Form, ...]
    context: frozenset[str] = field(default_factory=frozenset)
    accept: Callable[[str], bool] = _anything
    placeholder: Callable[[str], str | None] = _never
    severity: Severity = "high"

    @property
    def best(self) -> float:
        """The highest score that a find can have."""
        return min(1.0, max((each.score for each in self.forms), default=0.0) + self.boost)

    @property
    def boost(self) -> float:
        """What a word nearby adds."""
        return BOOST if self.context else 0.0
