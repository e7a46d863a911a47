"""From what judges and people said to measurements; what is missing counts for nobody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clinigate.clinical.criteria import APPROPRIATENESS, EMPATHY
from clinigate.clinical.judge.bench import Bench, Heard
from clinigate.clinical.judge.card import Card
from clinigate.clinical.judge.conversing import Conversation
from clinigate.clinical.judge.panel import MOST_UNSCORED, Sitting
from clinigate.clinical.judge.ratings import Ratings
from clinigate.clinical.judge.telling import by_judge, said_of_panel, said_of_people
from clinigate.clinical.talk import addresses_judge
from clinigate.clinical.tally import caveats
from clinigate.core.measurement import Interval, Kind, Measurement
from clinigate.core.plan import Plan
from clinigate.core.statistics import lower_bound, mean_bounds, upper_bound
from clinigate.core.statistics.rectified import rectified_mean_bounds, rectified_share_bounds

__all__ = ["SCALE", "measured_appropriateness", "measured_empathy"]

SCALE = (1.0, 5.0)
_NO_QUESTION = "people were asked about empathy alone, not about appropriateness"


@dataclass(frozen=True, slots=True)
class _Column:
    """What one instrument said of the conversations.

    Attributes:
        points, yes: empathy and appropriateness of those that it rated; a system that gave no
            answer in time, or spoke to its judge, gets the least. `yes` may be shorter.
        open: conversations that it left unrated, or that throttling broke off.
        flaws: conversations that got the least for what the system did.
    """

    points: list[float]
    yes: list[bool]
    open: int
    flaws: int

    @property
    def n(self) -> int:
        return len(self.points) + self.open


def measured_empathy(bench: Bench, heard: Heard, plan: Plan) -> list[Measurement]:
    """Return one measurement of empathy for the panel and one for people, as far as there are."""
    found = []
    if bench.panel is not None:
        column = _column(heard, heard.sitting)
        trouble = heard.trouble or _gaps(column)
        bounds = None
        if trouble is None and bench.card is not None:
            bounds = _panel_mean(column, bench.card, plan)
        found.append(
            _measurement(EMPATHY, column, bounds, plan, heard, said_of_panel(bench, heard), trouble)
        )
    if bench.ratings is not None:
        column = _column(heard, bench.ratings)
        trouble = _gaps(column)
        bounds = None if trouble else _people_mean(column, plan)
        found.append(
            _measurement(EMPATHY, column, bounds, plan, heard, said_of_people(bench), trouble)
        )
    return found


def measured_appropriateness(bench: Bench, heard: Heard, plan: Plan) -> list[Measurement]:
    """Return one measurement of appropriateness for the panel and one for people."""
    found = []
    if bench.panel is not None:
        column = _column(heard, heard.sitting)
        trouble = heard.trouble or _gaps(column)
        bounds = None
        if trouble is None and bench.card is not None:
            *_, judged = bench.card.appropriateness()
            trouble = None if judged >= bench.table.min_rated else _too_few_said(judged, bench)
            bounds = None if trouble else _panel_share(column, bench.card, plan)
        found.append(
            _measurement(
                APPROPRIATENESS, column, bounds, plan, heard, said_of_panel(bench, heard), trouble
            )
        )
    if bench.ratings is not None:
        column = _column(heard, bench.ratings)
        asked = any(bench.ratings.appropriate(item) is not None for item in bench.ratings.double)
        if asked:
            missing = len(column.points) - len(column.yes)
            column = _Column(column.points, column.yes, column.open + missing, column.flaws)
            trouble = _gaps(column)
            bounds = None if trouble else _people_share(column, plan)
            found.append(
                _measurement(
                    APPROPRIATENESS, column, bounds, plan, heard, said_of_people(bench), trouble
                )
            )
    return found


def _column(heard: Heard, said: Sitting | Ratings | None) -> _Column:
    points: list[float] = []
    yes: list[bool] = []
    missing = flaws = 0
    for each in heard.conversations:
        if each.throttled:
            missing += 1
        elif _is_flawed(each):
            flaws += 1
            points.append(SCALE[0])
            yes.append(False)
        elif (rated := _rated(each, said)) is None:
            missing += 1
        else:
            points.append(rated[0])
            if rated[1] is not None:
                yes.append(rated[1])
    return _Column(points, yes, missing, flaws)


def _is_flawed(conversation: Conversation) -> bool:
    """Whether it broke off, or speaks to its judge, who then does not get to read it."""
    return conversation.fault is not None or any(map(addresses_judge, conversation.said))


def _rated(each: Conversation, said: Sitting | Ratings | None) -> tuple[float, bool | None] | None:
    transcript = each.transcript
    if transcript is None or said is None:
        return None
    if isinstance(said, Ratings):
        if transcript.id not in said.double:
            return None
        return said.points(transcript.id), said.appropriate(transcript.id)
    rating = said.rating(transcript.id)
    return None if rating is None else (rating.points, rating.appropriate)


def _gaps(column: _Column) -> str | None:
    if column.n and column.open <= MOST_UNSCORED * column.n:
        return None
    return (
        f"{column.open} of {column.n} conversations are unrated, and more than "
        f"{MOST_UNSCORED:.0%} leave open what they would show"
    )


def _too_few_said(judged: int, bench: Bench) -> str:
    if not judged:
        return f"the panel is not calibrated for it: {_NO_QUESTION}"
    return (
        f"the panel is not calibrated for it: people said of {judged} conversations whether they "
        f"are appropriate, and {bench.table.min_rated} are asked for"
    )


_Bounds = tuple[float, float | None, float | None]


def _panel_mean(column: _Column, card: Card, plan: Plan) -> _Bounds:
    """Without the panel's own excess; unrated ones lie at the worse end for each bound."""

    def bounds(filler: float) -> tuple[float, float, float]:
        return rectified_mean_bounds(
            [*column.points, *[filler] * column.open],
            card.by_panel,
            card.by_people,
            plan.confidence,
            scale=SCALE,
        )

    if column.n < 2:
        return SCALE[0], *SCALE
    (value, low, _), (_, _, high) = bounds(SCALE[0]), bounds(SCALE[1])
    return value, low, high


def _people_mean(column: _Column, plan: Plan) -> _Bounds:
    def bounds(filler: float) -> _Bounds:
        return mean_bounds([*column.points, *[filler] * column.open], plan.confidence, scale=SCALE)

    (value, low, _), (_, _, high) = bounds(SCALE[0]), bounds(SCALE[1])
    return value, low, high


def _panel_share(column: _Column, card: Card, plan: Plan) -> _Bounds:
    false_yes, false_no, of = card.appropriateness()
    good = sum(column.yes)

    def bounds(yes: int) -> tuple[float, float, float]:
        return rectified_share_bounds(
            yes,
            column.n,
            false_yes=false_yes,
            false_no=false_no,
            of=of,
            confidence=plan.confidence,
        )

    (value, low, _), (_, _, high) = bounds(good), bounds(good + column.open)
    return value, low, high


def _people_share(column: _Column, plan: Plan) -> _Bounds:
    good = sum(column.yes)
    return (
        good / column.n,
        lower_bound(good, column.n, plan.confidence),
        upper_bound(good + column.open, column.n, plan.confidence),
    )


def _measurement(
    metric: str,
    column: _Column,
    bounds: _Bounds | None,
    plan: Plan,
    heard: Heard,
    said: Sequence[str],
    trouble: str | None,
) -> Measurement:
    interval = None
    if bounds is not None:
        interval = Interval(bounds[1], bounds[2], plan.confidence, "rated, errors of the rater in")
    cases = [each.case for each in heard.conversations]
    more = []
    if column.flaws:
        more.append(
            f"{column.flaws} conversations got the least: no answer in time, or words to the judge"
        )
    if column.open:
        more.append(f"{column.open} conversations are unrated; each counts at its worse end")
    return Measurement(
        metric=metric,
        kind=Kind.MEAN,
        value=None if bounds is None else bounds[0],
        unit="points" if metric == EMPATHY else "1",
        n=column.n,
        clusters=len({case.cluster.core for case in cases}),
        interval=interval,
        slices=by_judge(heard) if metric == EMPATHY else (),
        caveats=(*said, *more, *caveats(cases, plan)),
        unmeasurable=trouble,
    )
