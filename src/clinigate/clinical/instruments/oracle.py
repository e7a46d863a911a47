"""The right score of a sheet, and what a change between two totals means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from clinigate.clinical.instruments.definition import Definition
from clinigate.core.scoring import Terms
from clinigate.errors import UsageError

__all__ = ["Change", "Direction", "Oracle", "Score", "change", "score", "unscorable"]

USUAL = Terms()


@dataclass(frozen=True, slots=True)
class Score:
    """What a sheet comes to.

    Attributes:
        total: the sum of the answers. A prorated one is not rounded: it may be any number of
            halves, thirds and so on.
        percent: the total on the scale of 0 to 100, where the instrument has one.
        band: its band, where there are bands. positive: whether the screen is.
        follow_up: whether somebody must look at once; None where no item asks for it.
        prorated: whether an item was left out.
    """

    total: float
    percent: float | None
    band: str | None
    positive: bool
    follow_up: bool | None
    prorated: bool = False


class Direction(StrEnum):
    """Which way somebody went between two sheets."""

    BETTER = "better"
    WORSE = "worse"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Change:
    """What a change means.

    Attributes:
        points: the second total less the first. direction: for the better, whatever the sign.
        reliable: whether it is more than noise; None where no such number is established.
        response: whether at least half of the burden is gone; None where more is better.
        remission: whether the second total counts as recovered; None where no cut is known.
    """

    points: float
    direction: Direction
    reliable: bool | None
    response: bool | None
    remission: bool | None


def unscorable(definition: Definition, answers: Sequence[Any], terms: Terms = USUAL) -> str | None:
    """Say why a sheet must not be scored, or return None.

    Nothing is guessed: one item left out may be prorated where the terms say so, and never the one
    that calls for somebody at once.
    """
    form = definition.form
    if len(answers) != form.items:
        return f"{len(answers)} answers where {form.items} belong"
    for place, answer in enumerate(answers, start=1):
        if answer is None:
            continue
        if isinstance(answer, bool) or not isinstance(answer, int):
            return f"answer {place} is no whole number"
        if not form.lowest <= answer <= form.highest:
            return f"answer {place} lies outside {form.lowest} to {form.highest}"
    missing = [place for place, answer in enumerate(answers) if answer is None]
    if not missing:
        return None
    if not terms.prorates or not definition.may_prorate or len(missing) > 1:
        return f"{len(missing)} of {form.items} answers are missing"
    if missing[0] == definition.follow_up_item:
        return f"answer {missing[0] + 1} is missing, which nobody may guess"
    return None


def score(definition: Definition, answers: Sequence[Any], terms: Terms = USUAL) -> Score:
    """Return the right score of a sheet.

    Raises:
        UsageError: it must not be scored, or the terms name a screen that no source gives.
    """
    why = unscorable(definition, answers, terms)
    if why is not None:
        raise UsageError(f"{definition.title}: {why}")
    given = [answer for answer in answers if answer is not None]
    if len(given) == len(answers):
        return Oracle(definition, terms).complete(given)
    calls = definition.follow_up_item
    return _scored(
        definition,
        terms,
        total=sum(given) * len(answers) / len(given),
        least=min(given),
        calls=calls is not None and answers[calls] > definition.form.lowest,
        prorated=True,
    )


class Oracle:
    """The right scores of many complete sheets, each worked out once for all that are alike."""

    def __init__(self, definition: Definition, terms: Terms = USUAL) -> None:
        self._definition = definition
        self._terms = terms
        self._known: dict[tuple[int, int, bool], Score] = {}

    def complete(self, answers: Sequence[int]) -> Score:
        """Return the score of a sheet that is complete and in range.

        Raises:
            UsageError: the terms name a screen that no source gives.
        """
        place = self._definition.follow_up_item
        calls = place is not None and answers[place] > self._definition.form.lowest
        alike = (sum(answers), min(answers), calls)
        found = self._known.get(alike)
        if found is None:
            total, least, _ = alike
            found = _scored(self._definition, self._terms, total=total, least=least, calls=calls)
            self._known[alike] = found
        return found


def _scored(
    definition: Definition,
    terms: Terms,
    *,
    total: float,
    least: int,
    calls: bool,
    prorated: bool = False,
) -> Score:
    factor = definition.percent_factor
    return Score(
        total=total,
        percent=None if factor is None else total * factor,
        band=definition.band_of(total),
        positive=definition.screen(terms.screen).positive(total, least),
        follow_up=None if definition.follow_up_item is None else calls,
        prorated=prorated,
    )


def change(definition: Definition, before: float, after: float, *, rule: str = "") -> Change:
    """Say what a change from one total to another means.

    Args:
        definition: the instrument.
        before: the first raw total.
        after: the second.
        rule: the name of the rule of change; without one, the usual.

    Raises:
        UsageError: a total that cannot be, or a rule that no source gives.
    """
    totals = definition.totals
    for total in (before, after):
        if not totals[0] <= total <= totals[-1]:
            raise UsageError(
                f"{definition.title}: {total:g} is no total; they lie between "
                f"{totals[0]} and {totals[-1]}"
            )
    points = after - before
    gain = points if definition.higher_is_better else -points
    threshold = definition.change_rule(rule)
    burden = before - totals[0]
    cut = definition.remission_below
    return Change(
        points=points,
        direction=_direction(gain),
        reliable=None if threshold is None else abs(points) >= threshold.points,
        response=None if definition.higher_is_better or not burden else gain >= burden / 2,
        remission=None if cut is None else after < cut,
    )


def _direction(gain: float) -> Direction:
    if not gain:
        return Direction.SAME
    return Direction.BETTER if gain > 0 else Direction.WORSE
