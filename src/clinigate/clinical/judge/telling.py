"""What a reader is told of those who rated, beside the number."""

from __future__ import annotations

from collections.abc import Sequence

from clinigate.clinical.criteria import EMPATHY
from clinigate.clinical.judge.bench import Bench, Heard
from clinigate.clinical.judge.card import Card
from clinigate.clinical.judge.rubric import VERSION
from clinigate.core.exhibit import Exhibit, Form, Series
from clinigate.core.measurement import SliceResult

__all__ = ["by_judge", "calibration_figure", "card_sentences", "said_of_panel", "said_of_people"]

_POINTS = (1, 2, 3, 4, 5)
#: A bar reaches from one edge to the next; the last edge begins none.
_EDGES = (*(points - 0.5 for points in _POINTS), _POINTS[-1] + 0.5)


def calibration_figure(card: Card) -> Exhibit:
    """How people and the panel spread their points over the card's conversations, and how far they
    agree: what a reader needs to believe the panel, or not to.
    """
    n = len(card.items)
    columns = [("people (mean, rounded)", card.by_people), ("panel (mean, rounded)", card.by_panel)]
    return Exhibit(
        metric=EMPATHY,
        form=Form.DISTRIBUTION,
        title=f"Points of empathy on the {n} conversations of the calibration card",
        x_unit="points",
        y_unit="rated",
        series=tuple(Series(name, _EDGES, _counts(values)) for name, values in columns),
        note="; ".join(card_sentences(card)),
    )


def by_judge(heard: Heard) -> tuple[SliceResult, ...]:
    """What each judge by itself gave, for the reader."""
    reports = () if heard.sitting is None else heard.sitting.reports
    return tuple(
        SliceResult(
            f"judge {each.name} (mean points of empathy)",
            sum(r.points for r in each.ratings.values()) / len(each.ratings),
            len(each.ratings),
        )
        for each in reports
        if each.ratings
    )


def said_of_panel(bench: Bench, heard: Heard) -> list[str]:
    """Who judged by which card, and what of it does not count."""
    said = [f"conversations as rated by a panel of judges, rubric {VERSION}"]
    if bench.card is not None:
        said += card_sentences(bench.card)
        said.append(
            "the panel's mean excess over people on its card is taken off, as far as those "
            "conversations are like these"
        )
    for each in () if heard.sitting is None else heard.sitting.reports:
        said.append(
            f"judge {each.name} ({each.family}, {each.model}): {each.calls} answers, "
            f"{sum(each.unscored.values())} do not count, {each.wavered} conversations with "
            "differing points"
        )
    return said


def said_of_people(bench: Bench) -> list[str]:
    """How many people rated, and how far they agree."""
    assert bench.ratings is not None
    alpha = bench.ratings.alpha()
    agreed = "none could be computed" if alpha is None else f"{alpha:.2f}"
    said = (
        f"conversations as rated by people ({len(bench.ratings.raters)} raters, "
        f"{len(bench.ratings.double)} conversations by two or more); their agreement "
        f"(Krippendorff's alpha): {agreed}"
    )
    return [said]


def card_sentences(card: Card) -> list[str]:
    """How far the panel of a card agrees with people."""
    of = f"{len(card.items)} conversations of {len(set(card.cores))} wordings"
    said = [f"calibration card {card.digest}, made {card.made_at}, {of}; bounds count wordings"]
    for judge in (*(each.name for each in card.judges), None):
        found = card.agreement(judge)
        who = "the panel as one" if judge is None else f"judge {judge}"
        said.append(
            f"{who} against people: weighted kappa {found.kappa:.2f}, at least {found.low:.2f} "
            f"(95%), same points in {found.same:.0%}, {found.excess:+.2f} points kinder"
        )
    if card.alpha is not None:
        said.append(f"people among themselves: Krippendorff's alpha {card.alpha:.2f}")
    passed, refused = card.wrongly(passed=True), card.wrongly(passed=False)
    if passed:
        said.append(
            f"of {len(passed)} conversations the panel wrongly passed "
            f"{sum(wrong for _, wrong in passed)} as appropriate, and wrongly refused "
            f"{sum(wrong for _, wrong in refused)}; people refused {card.refused}"
        )
    return said


def _counts(values: Sequence[float]) -> tuple[float, ...]:
    """How many lie nearest to each point, and nothing beyond the last edge."""
    whole = [int(value + 0.5) for value in values]
    return (*(float(whole.count(points)) for points in _POINTS), 0.0)
