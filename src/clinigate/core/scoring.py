"""Systems that score questionnaires: what a sheet of answers is, and how a target is asked for it.

`Scorer` stands beside `Target`: one that offers `Capability.SCORING` is both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Protocol, TypeAlias, runtime_checkable

from clinigate.core.target import Outcome

__all__ = [
    "FORMS",
    "SCORED_FIELDS",
    "Answers",
    "Form",
    "Instrument",
    "Scored",
    "Scorer",
    "Terms",
]

#: The answers of one sheet, item by item. None is an item that was left out; anything else than a
#: whole number of the form's range is what a scorer must not score.
Answers: TypeAlias = tuple[Any, ...]

#: What a scorer's answer may hold besides the total.
SCORED_FIELDS = ("percent", "band", "positive", "follow_up")


class Instrument(StrEnum):
    """The questionnaires that Clinigate knows."""

    PHQ9 = "phq9"
    GAD7 = "gad7"
    WHO5 = "who5"
    UCLA3 = "ucla3"


@dataclass(frozen=True, slots=True)
class Form:
    """How a sheet looks: so many items, each answered from `lowest` to `highest`."""

    items: int
    lowest: int
    highest: int

    @property
    def sheets(self) -> int:
        """How many different complete sheets there are."""
        return int((self.highest - self.lowest + 1) ** self.items)

    @property
    def floor(self) -> Answers:
        """The sheet with every answer at its lowest."""
        return (self.lowest,) * self.items

    @property
    def ceiling(self) -> Answers:
        """The sheet with every answer at its highest."""
        return (self.highest,) * self.items


FORMS: Mapping[Instrument, Form] = MappingProxyType(
    {
        Instrument.PHQ9: Form(9, 0, 3),
        Instrument.GAD7: Form(7, 0, 3),
        Instrument.WHO5: Form(5, 0, 5),
        Instrument.UCLA3: Form(3, 1, 3),
    }
)


@dataclass(frozen=True, slots=True)
class Terms:
    """How a system says that it scores one instrument, where there is more than one right way.

    Attributes:
        screen: the rule by which a screen is positive, as `at-least-10`; empty is the usual one.
        bands: its own names of the bands, from the lowest total up; empty are the usual ones.
        prorates: whether a sheet with one item left out is scored by the mean of the others.
        percent: whether its total is on the scale of 0 to 100 (WHO-5).
    """

    screen: str = ""
    bands: tuple[str, ...] = ()
    prorates: bool = False
    percent: bool = False


@dataclass(frozen=True, slots=True)
class Scored:
    """What a system made of one sheet.

    Attributes:
        outcome: how it ended. `REFUSED`: it declined to score the sheet, and says so.
        latency_s: seconds of the request that it came with.
        total: the total, None unless it is `ANSWERED`.
        percent: the total on the scale of 0 to 100, where it is given beside the total.
        band: the name of its band. positive: whether the screen is positive.
        follow_up: whether somebody must look at this person at once.
        of_request: whether the outcome is that of a whole request, and not of this sheet in it.
        error: one sentence for a reader; holds no secret and no body of an answer.
    """

    outcome: Outcome
    latency_s: float
    total: float | None = None
    percent: float | None = None
    band: str | None = None
    positive: bool | None = None
    follow_up: bool | None = None
    of_request: bool = False
    error: str | None = None

    @property
    def answered(self) -> bool:
        """Whether the sheet was scored."""
        return self.outcome is Outcome.ANSWERED


@runtime_checkable
class Scorer(Protocol):
    """A target that scores sheets."""

    @property
    def instruments(self) -> Mapping[Instrument, Terms]:
        """What it scores, and on which terms."""
        ...

    @property
    def scored_fields(self) -> frozenset[str]:
        """Which of `SCORED_FIELDS` its answers are said to hold; empty: its answers tell."""
        ...

    @property
    def sheets_at_once(self) -> int:
        """How many sheets one request may carry."""
        ...

    async def score(
        self, instrument: Instrument, sheets: Sequence[Answers], *, timeout_s: float
    ) -> Sequence[Scored]:
        """Have sheets scored by one request, and return what came of each, in their order.

        It never raises for what the system does.

        Raises:
            TargetError: asking makes no sense: an instrument that is not offered, no sheet, or
                more than `sheets_at_once`.
        """
        ...
