"""Whether a release's scores, lengths and words are distributed as its baseline's were."""

from __future__ import annotations

from collections.abc import Sequence

from clinigate.core.measurement import Interval, Kind, Measurement
from clinigate.core.observation import Gap
from clinigate.core.statistics.drift import kolmogorov_smirnov, mean_discrepancy, psi
from clinigate.errors import MissingExtraError
from clinigate.modelgate.answers import Answer, Answers, Question
from clinigate.quality.model_criteria import LENGTH_DRIFT, SCORE_DRIFT, WORDING_DRIFT

__all__ = ["length_drift", "score_drift", "wording_drift"]


def score_drift(before: Answers, now: Answers, confidence: float) -> Measurement | Gap:
    """Return how differently the probabilities of a crisis are distributed."""
    was, is_now = _scores(before), _scores(now)
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
        caveats=(told,),
    )


def length_drift(before: Answers, now: Answers, confidence: float) -> Measurement | Gap:
    """Return how differently long the replies are."""
    was, is_now = _lengths(before), _lengths(now)
    if not was or not is_now:
        return Gap(LENGTH_DRIFT, "there are no replies of both")
    found = kolmogorov_smirnov(was, is_now, confidence)
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
        interval=Interval(found.low, found.high, confidence, method),
        caveats=(told,),
    )


def wording_drift(before: Answers, now: Answers, confidence: float, seed: int) -> Measurement | Gap:
    """Return how far apart the words of the replies are; a change is no fault by itself."""
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
    told = (
        "distance of mean word and word-pair profiles, from 0 to 1.41; permutation p "
        f"{found.p:.3g}; words that differ are no fault by themselves"
    )
    return Measurement(
        WORDING_DRIFT,
        Kind.DIFFERENCE,
        found.value,
        found.n,
        interval=Interval(found.low, found.high, confidence, "bounded differences"),
        caveats=(told,),
    )


def _scores(answers: Answers) -> list[float]:
    rows = (*answers.by.get(Question.DETECTION, ()), *answers.by.get(Question.ORDINARY, ()))
    return [row.score for row in _first_of_core(rows) if row.score is not None]


def _lengths(answers: Answers) -> list[float]:
    rows = (*answers.by.get(Question.CARE, ()), *answers.by.get(Question.SAFETY, ()))
    return [float(row.length) for row in _first_of_core(rows) if row.length is not None]


def _first_of_core(rows: Sequence[Answer]) -> list[Answer]:
    first: dict[str, Answer] = {}
    for row in rows:
        first.setdefault(row.core, row)
    return list(first.values())


def _median(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2]
