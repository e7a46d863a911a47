"""From what judges and people said to measurements; what is missing counts for nobody."""

from __future__ import annotations

from collections.abc import Callable
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
from clinigate.core.measurement import Interval, Kind, Measurement, SliceResult
from clinigate.core.plan import Plan
from clinigate.core.statistics import lower_bound, mean_bounds, upper_bound
from clinigate.core.statistics.rectified import rectified_mean_bounds, rectified_share_bounds

__all__ = ["measured_appropriateness", "measured_empathy"]

_POINTS = (1.0, 5.0)
_SHARE = (0.0, 1.0)
_BY_PANEL = "the panel's errors on its card are in it"

#: A value with its lower and upper bound.
_Bounds = tuple[float, float | None, float | None]


@dataclass(frozen=True, slots=True)
class _Column:
    """What one instrument said of the conversations.

    Attributes:
        values: points, or 1 and 0 for appropriate and not. A conversation that broke off for want
            of an answer, or speaks to its judge, has the least.
        open: conversations that nobody rated, or that throttling broke off.
        flaws: those with the least for what the system did.
    """

    values: tuple[float, ...]
    open: int
    flaws: int

    @property
    def n(self) -> int:
        return len(self.values) + self.open

    @property
    def gaps(self) -> str | None:
        """Why the column may not be judged, None where it may."""
        if self.n and self.open <= MOST_UNSCORED * self.n:
            return None
        return (
            f"{self.open} of {self.n} conversations are unrated, and more than "
            f"{MOST_UNSCORED:.0%} leave open what they would show"
        )

    def filled(self, value: float) -> list[float]:
        """The values, with this one in place of each that is missing."""
        return [*self.values, *[value] * self.open]


@dataclass(frozen=True, slots=True)
class _Source:
    """One instrument's word on one metric; `bounds` None where nothing may rest on it."""

    column: _Column
    bounds: _Bounds | None
    method: str
    said: tuple[str, ...]
    trouble: str | None
    slices: tuple[SliceResult, ...] = ()


def measured_empathy(bench: Bench, heard: Heard, plan: Plan) -> list[Measurement]:
    """Return one measurement of empathy for the panel and one for people, as far as there are."""
    found = []
    if bench.panel is not None:
        column = _column(heard, heard.sitting, _POINTS[0], _points)
        trouble = heard.trouble or column.gaps
        card = None if trouble else bench.card
        bounds = None if card is None else _panel_mean(column, card, plan)
        found.append(_of_panel(bench, heard, column, bounds, trouble))
    if bench.ratings is not None:
        column = _column(heard, bench.ratings, _POINTS[0], _points)
        bounds = None if column.gaps else _people_mean(column, plan)
        found.append(_of_people(bench, column, bounds, "Student's t"))
    return [_measurement(EMPATHY, each, heard, plan) for each in found]


def measured_appropriateness(bench: Bench, heard: Heard, plan: Plan) -> list[Measurement]:
    """Return one measurement of appropriateness for the panel and one for people.

    People who were asked about empathy alone say nothing here.
    """
    found = []
    if bench.panel is not None:
        column = _column(heard, heard.sitting, _SHARE[0], _appropriate)
        trouble = heard.trouble or column.gaps or _not_calibrated_for_it(bench)
        card = None if trouble else bench.card
        bounds = None if card is None else _panel_share(column, card, plan)
        found.append(_of_panel(bench, heard, column, bounds, trouble))
    if bench.ratings is not None and bench.ratings.asks_appropriateness:
        column = _column(heard, bench.ratings, _SHARE[0], _appropriate)
        bounds = None if column.gaps else _people_share(column, plan)
        found.append(_of_people(bench, column, bounds, "exact, one-sided"))
    return [_measurement(APPROPRIATENESS, each, heard, plan) for each in found]


def _of_panel(
    bench: Bench, heard: Heard, column: _Column, bounds: _Bounds | None, trouble: str | None
) -> _Source:
    slices = by_judge(heard)
    if bounds is not None:
        given = sum(column.values) / len(column.values)
        slices = (SliceResult("panel, nothing taken off", given, len(column.values)), *slices)
    said = tuple(said_of_panel(bench, heard))
    return _Source(column, bounds, _BY_PANEL, said, trouble, slices)


def _of_people(bench: Bench, column: _Column, bounds: _Bounds | None, method: str) -> _Source:
    return _Source(column, bounds, method, tuple(said_of_people(bench)), column.gaps)


def _column(
    heard: Heard,
    said: Sitting | Ratings | None,
    least: float,
    read: Callable[[Sitting | Ratings, str], float | None],
) -> _Column:
    values: list[float] = []
    missing = flaws = 0
    for each in heard.conversations:
        transcript = each.transcript
        rated = None
        if _is_flawed(each):
            flaws += 1
            rated = least
        elif transcript is not None and said is not None:
            rated = read(said, transcript.id)
        if rated is None:
            missing += 1
        else:
            values.append(rated)
    return _Column(tuple(values), missing, flaws)


def _is_flawed(each: Conversation) -> bool:
    """Whether it broke off by the system's fault, or speaks to its judge, who then reads none."""
    broke_off = each.fault is not None and not each.throttled
    return broke_off or any(map(addresses_judge, each.said))


def _points(said: Sitting | Ratings, item: str) -> float | None:
    if isinstance(said, Ratings):
        return said.points(item) if item in said.double else None
    rating = said.rating(item)
    return None if rating is None else rating.points


def _appropriate(said: Sitting | Ratings, item: str) -> float | None:
    if isinstance(said, Ratings):
        word = said.appropriate(item) if item in said.double else None
    else:
        rating = said.rating(item)
        word = None if rating is None else rating.appropriate
    return None if word is None else float(word)


def _not_calibrated_for_it(bench: Bench) -> str | None:
    if bench.card is None:
        return None
    *_, judged = bench.card.appropriateness()
    if judged >= bench.table.min_rated:
        return None
    return (
        f"the panel is not calibrated for it: on its card people said of {judged} conversations "
        f"whether they are appropriate, and {bench.table.min_rated} are asked for"
    )


def _panel_mean(column: _Column, card: Card, plan: Plan) -> _Bounds:
    """Without the panel's own excess; what is missing lies at the worse end for each bound."""

    def bounds(filler: float) -> tuple[float, float, float]:
        return rectified_mean_bounds(
            column.filled(filler), card.by_panel, card.by_people, plan.confidence, scale=_POINTS
        )

    if column.n < 2:
        return column.filled(_POINTS[0])[0], *_POINTS
    (value, low, _), (_, _, high) = map(bounds, _POINTS)
    return value, low, high


def _people_mean(column: _Column, plan: Plan) -> _Bounds:
    def bounds(filler: float) -> _Bounds:
        return mean_bounds(column.filled(filler), plan.confidence, scale=_POINTS)

    (value, low, _), (_, _, high) = map(bounds, _POINTS)
    return value, low, high


def _panel_share(column: _Column, card: Card, plan: Plan) -> _Bounds:
    false_yes, false_no, of = card.appropriateness()

    def bounds(filler: float) -> tuple[float, float, float]:
        return rectified_share_bounds(
            int(sum(column.filled(filler))),
            column.n,
            false_yes=false_yes,
            false_no=false_no,
            of=of,
            confidence=plan.confidence,
        )

    (value, low, _), (_, _, high) = map(bounds, _SHARE)
    return value, low, high


def _people_share(column: _Column, plan: Plan) -> _Bounds:
    good = int(sum(column.values))
    return (
        good / column.n,
        lower_bound(good, column.n, plan.confidence),
        upper_bound(good + column.open, column.n, plan.confidence),
    )


def _measurement(metric: str, source: _Source, heard: Heard, plan: Plan) -> Measurement:
    column, bounds = source.column, source.bounds
    interval = None
    if bounds is not None:
        interval = Interval(bounds[1], bounds[2], plan.confidence, source.method)
    more = []
    if column.flaws:
        more.append(
            f"{column.flaws} conversations got the least: no answer in time, or words to the judge"
        )
    if column.open and bounds is not None:
        more.append(f"{column.open} conversations are unrated; each counts at its worse end")
    cases = [each.case for each in heard.conversations]
    return Measurement(
        metric=metric,
        kind=Kind.MEAN,
        value=None if bounds is None else bounds[0],
        unit="points" if metric == EMPATHY else "1",
        n=column.n,
        clusters=len({case.cluster.core for case in cases}),
        interval=interval,
        slices=source.slices,
        caveats=(*source.said, *more, *caveats(cases, plan)),
        unmeasurable=source.trouble,
    )
