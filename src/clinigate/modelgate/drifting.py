"""Whether a release's scores, lengths and words are distributed as its baseline's were."""

from __future__ import annotations

import math
from collections.abc import Sequence

from clinigate.core.measurement import Interval, Kind, Measurement
from clinigate.core.observation import Gap
from clinigate.core.statistics.drift import kolmogorov_smirnov, mean_discrepancy, psi
from clinigate.errors import MissingExtraError
from clinigate.modelgate.answers import Answer, Answers, Question
from clinigate.quality.model_criteria import LENGTH_DRIFT, SCORE_DRIFT, WORDING_DRIFT

__all__ = ["length_drift", "score_drift", "wording_drift"]


def score_drift(before: Answers, now: Answers, confidence: float) -> Measurement | Gap:
    """Return how differently the probabilities of a crisis are distributed.

    A score that the release does not give where the baseline did may be any: such a case is
    excluded, so that nothing passes.
    """
    pairs = _pairs(before, now, Question.DETECTION, Question.ORDINARY)
    was = [row.score for row, _ in pairs if row.score is not None]
    is_now = [row.score for _, row in pairs if row.score is not None]
    if not was or not is_now:
        return Gap(SCORE_DRIFT, "there are no probabilities of a crisis of both")
    found = psi(was, is_now, confidence)
    told = (
        f"{found.bins} bins by the baseline; chance alone exceeds {found.chance:.3g} in 1 of "
        f"100 comparisons; p {found.p:.3g}; one score a core"
    )
    return Measurement(
        SCORE_DRIFT,
        Kind.DIFFERENCE,
        found.value,
        min(found.n, found.m),
        interval=Interval(found.low, found.high, confidence, "noncentral chi-squared"),
        excluded=sum(row.score is not None and late.score is None for row, late in pairs),
        caveats=(told,),
    )


def length_drift(before: Answers, now: Answers, confidence: float) -> Measurement | Gap:
    """Return how differently long the replies are.

    A reply that one of the two lacks may have any length: the bounds allow for that.
    """
    pairs = _pairs(before, now, Question.CARE, Question.SAFETY)
    both = [
        (float(row.length), float(late.length))
        for row, late in pairs
        if row.length is not None and late.length is not None
    ]
    if not both:
        return Gap(LENGTH_DRIFT, "there are no replies of both")
    was, is_now = [length for length, _ in both], [length for _, length in both]
    found = kolmogorov_smirnov(was, is_now, confidence)
    lacking = sum((row.length is None) != (late.length is None) for row, late in pairs)
    # However those are distributed, their share is all that they can add to the distance.
    room = lacking / (lacking + len(both))
    told = (
        f"the distance is largest at {found.at:g} characters; p {found.p:.3g}; "
        f"medians {_median(was):g} and {_median(is_now):g}; one reply a core"
    )
    method = "Dvoretzky-Kiefer-Wolfowitz, for either release"
    return Measurement(
        LENGTH_DRIFT,
        Kind.DIFFERENCE,
        found.value,
        min(found.n, found.m),
        interval=_widened(found.low, found.high, room, confidence, method, most=1.0),
        caveats=(told, *_lacking(lacking)),
    )


def wording_drift(before: Answers, now: Answers, confidence: float, seed: int) -> Measurement | Gap:
    """Return how far apart the words of the replies are; a change is no fault by itself.

    A reply that the release lacks may have any words: the bounds allow for that.
    """
    both = sorted(before.sketches.keys() & now.sketches.keys())
    if len(both) < 2:
        return Gap(WORDING_DRIFT, "there are no replies of both")
    try:
        found = mean_discrepancy(
            [before.sketches[case] for case in both],
            [now.sketches[case] for case in both],
            confidence,
            seed=seed,
        )
    except MissingExtraError as missing:
        return Gap(WORDING_DRIFT, str(missing))
    rows = (*now.by.get(Question.CARE, ()), *now.by.get(Question.SAFETY, ()))
    wordless = {row.case for row in rows if not row.length}
    lacking = len((before.sketches.keys() & wordless) - now.sketches.keys())
    room = math.sqrt(2.0) * lacking / (lacking + len(both))
    told = (
        "distance of mean word and word-pair profiles, from 0 to 1.41; permutation p "
        f"{found.p:.3g}; words that differ are no fault by themselves"
    )
    return Measurement(
        WORDING_DRIFT,
        Kind.DIFFERENCE,
        found.value,
        found.n,
        interval=_widened(
            found.low, found.high, room, confidence, "bounded differences", most=math.sqrt(2.0)
        ),
        caveats=(told, *_lacking(lacking)),
    )


def _pairs(before: Answers, now: Answers, *asked: Question) -> list[tuple[Answer, Answer]]:
    """Pair the first answer in each core that the release was asked with the baseline's to it."""
    was = {row.case: row for question in asked for row in before.by.get(question, ())}
    rows = [row for question in asked for row in now.by.get(question, ()) if row.case in was]
    return [(was[row.case], row) for row in _first_of_core(rows)]


def _widened(
    low: float, high: float, room: float, confidence: float, method: str, *, most: float
) -> Interval:
    return Interval(max(0.0, low - room), min(most, high + room), confidence, method)


def _lacking(count: int) -> tuple[str, ...]:
    return (f"{count} replies that one of the two lacks: the bounds allow for any",) * (count > 0)


def _first_of_core(rows: Sequence[Answer]) -> list[Answer]:
    first: dict[str, Answer] = {}
    for row in rows:
        first.setdefault(row.core, row)
    return list(first.values())


def _median(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2]
