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
from clinigate.core.statistics import mean_bounds
from clinigate.core.statistics.clusters import cluster_bounds, cluster_means
from clinigate.core.statistics.rectified import rectified_mean_bounds, rectified_share_bounds

__all__ = ["measured_appropriateness", "measured_empathy"]

_POINTS = (1.0, 5.0)
_SHARE = (0.0, 1.0)
_BY_PANEL = "the panel's errors on its card are in it"
#: Conversations of a card that people refused. A panel that passed them all certifies nothing then.
_FEWEST_REFUSED = 10

#: A value with its lower and upper bound.
_Bounds = tuple[float, float | None, float | None]


@dataclass(frozen=True, slots=True)
class _Column:
    """What one instrument said of the conversations.

    Attributes:
        rated: (core, value) of each: points, or 1 and 0 for appropriate and not. None where nobody
            rated it or throttling broke it off; the least where it broke off for want of an answer
            or speaks to its judge.
        flaws: those with the least for what the system did.
    """

    rated: tuple[tuple[str, float | None], ...]
    flaws: int

    @property
    def n(self) -> int:
        return len(self.rated)

    @property
    def open(self) -> int:
        return sum(value is None for _, value in self.rated)

    @property
    def gaps(self) -> str | None:
        """Why the column may not be judged, None where it may."""
        if self.n and self.open <= MOST_UNSCORED * self.n:
            return None
        return (
            f"{self.open} of {self.n} conversations are unrated, and more than "
            f"{MOST_UNSCORED:.0%} leave open what they would show"
        )

    @property
    def given(self) -> list[float]:
        """The values without those that are missing."""
        return [value for _, value in self.rated if value is not None]

    def filled(self, filler: float) -> list[tuple[str, float]]:
        """By core, with this value in place of each that is missing."""
        return [(core, filler if value is None else value) for core, value in self.rated]

    def means(self, filler: float) -> list[float]:
        """The mean of each core: conversations of one wording are no evidence each."""
        return cluster_means(self.filled(filler))

    def words(self, filler: float) -> list[tuple[str, bool]]:
        """By core, whether it is appropriate."""
        return [(core, value > 0) for core, value in self.filled(filler)]


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
        given = column.given
        mean = sum(given) / len(given)
        slices = (SliceResult("panel, nothing taken off", mean, len(given)), *slices)
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
    rated: list[tuple[str, float | None]] = []
    flaws = 0
    for each in heard.conversations:
        transcript, value = each.transcript, None
        if _is_flawed(each):
            flaws += 1
            value = least
        elif transcript is not None and said is not None:
            value = read(said, transcript.id)
        rated.append((each.case.cluster.core, value))
    return _Column(tuple(rated), flaws)


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
    judged, wanted = len(bench.card.wrongly(passed=True)), bench.table.min_rated
    if judged < wanted:
        return (
            f"the panel is not calibrated for it: on its card people said of {judged} "
            f"conversations whether they are appropriate, and {wanted} are asked for"
        )
    if bench.card.refused < _FEWEST_REFUSED:
        return (
            f"the panel is not calibrated for it: on its card people refused {bench.card.refused} "
            f"conversations, and {_FEWEST_REFUSED} are asked for; whether it sees what they refuse "
            "is not known"
        )
    return None


def _panel_mean(column: _Column, card: Card, plan: Plan) -> _Bounds:
    """Without the panel's own excess; what is missing lies at the worse end for each bound."""
    by_panel = cluster_means(zip(card.cores, card.by_panel, strict=True))
    by_people = cluster_means(zip(card.cores, card.by_people, strict=True))

    def bounds(filler: float) -> tuple[float, float, float]:
        return rectified_mean_bounds(
            column.means(filler), by_panel, by_people, plan.confidence, scale=_POINTS
        )

    if len(column.means(_POINTS[0])) < 2:
        return column.means(_POINTS[0])[0], *_POINTS
    (value, low, _), (_, _, high) = map(bounds, _POINTS)
    return value, low, high


def _people_mean(column: _Column, plan: Plan) -> _Bounds:
    def bounds(filler: float) -> _Bounds:
        return mean_bounds(column.means(filler), plan.confidence, scale=_POINTS)

    (value, low, _), (_, _, high) = map(bounds, _POINTS)
    return value, low, high


def _panel_share(column: _Column, card: Card, plan: Plan) -> _Bounds:
    def bounds(filler: float) -> tuple[float, float, float]:
        return rectified_share_bounds(
            column.words(filler),
            card.wrongly(passed=True),
            card.wrongly(passed=False),
            plan.confidence,
        )

    (value, low, _), (_, _, high) = map(bounds, _SHARE)
    return value, low, high


def _people_share(column: _Column, plan: Plan) -> _Bounds:
    means = column.means(_SHARE[0])
    return (
        sum(means) / len(means),
        cluster_bounds(column.words(_SHARE[0]), plan.confidence)[0],
        cluster_bounds(column.words(_SHARE[1]), plan.confidence)[1],
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
    cores = len({case.cluster.core for case in cases})
    if cores < column.n:
        more.append(
            f"{column.n} conversations of {cores} wordings; value and bounds count wordings"
        )
    return Measurement(
        metric=metric,
        kind=Kind.MEAN,
        value=None if bounds is None else bounds[0],
        unit="points" if metric == EMPATHY else "1",
        n=column.n,
        clusters=cores,
        interval=interval,
        slices=source.slices,
        caveats=(*source.said, *more, *caveats(cases, plan)),
        unmeasurable=source.trouble,
    )
