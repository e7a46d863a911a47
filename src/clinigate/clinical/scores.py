"""Whether crisis probabilities mean what they say, from the scores of a detection pass."""

from __future__ import annotations

from collections.abc import Sequence

from clinigate.clinical.asking import Asked
from clinigate.clinical.criteria import CALIBRATION
from clinigate.clinical.tally import caveats
from clinigate.core.case import Label
from clinigate.core.exhibit import Exhibit, Form, Series
from clinigate.core.measurement import Interval, Kind, Measurement
from clinigate.core.observation import Gap
from clinigate.core.plan import Plan
from clinigate.core.statistics import (
    CALIBRATION_N_TO_CERTIFY,
    CALIBRATION_N_TO_JUDGE,
    CalibrationError,
    calibration_error,
    lower_bound,
    upper_bound,
)
from clinigate.core.statistics.calibration import score_bins
from clinigate.errors import MissingExtraError

__all__ = ["calibration", "reliability"]


_MEND = "map the target's score to a probability in its configuration"


def calibration(asked: Sequence[Asked], plan: Plan, *, left: int = 0) -> Measurement | Gap:
    """Measure the scores of the first asking of each case against what the cases are.

    A case without an answer has no score to be wrong (the false negatives count it); one with an
    answer and no usable score is excluded, as are `left` cases that were never asked, and then no
    bound holds.
    """
    answered = [each for each in asked if each.replies[0].answered]
    if asked and not answered:
        reason = "no case was answered, so that there is no probability to look at"
        return Gap(CALIBRATION, reason)
    scores, labels = _scored(answered)
    beyond = sum(not _is_probability(each) for each in answered if _score(each) is not None)
    if not scores:
        if beyond:
            return _no_probability(beyond)
        return Gap(CALIBRATION, "the target gives no probability (0 to 1) beside its flags")
    try:
        error = calibration_error(scores, labels, confidence=plan.confidence, seed=plan.seed)
    except MissingExtraError as missing:
        return Gap(CALIBRATION, str(missing))
    cases = [each.case for each in answered]
    return Measurement(
        metric=CALIBRATION,
        kind=Kind.CALIBRATION,
        value=error.debiased,
        n=error.n,
        clusters=len({case.cluster.core for case in cases}),
        interval=Interval(error.low, error.high, error.confidence, "debiased RMS, bootstrap test"),
        caveats=(*_words(error, len(asked) - len(answered), beyond), *caveats(cases, plan)),
        excluded=len(answered) - len(scores) + left,
        unmeasurable=_too_few(error.n),
    )


def _too_few(n: int) -> str | None:
    if n >= CALIBRATION_N_TO_JUDGE:
        return None
    return (
        f"{n} scored cases say nothing of calibration; {CALIBRATION_N_TO_JUDGE} are needed to "
        f"judge it and {CALIBRATION_N_TO_CERTIFY} to pass"
    )


def reliability(asked: Sequence[Asked], plan: Plan) -> Exhibit | None:
    """Return the reliability diagram: of cases with like scores, the share that was a crisis.

    None where too few cases have a score to say anything, or numpy is not installed.
    """
    scores, labels = _scored([each for each in asked if each.replies[0].answered])
    if len(scores) < CALIBRATION_N_TO_JUDGE:
        return None
    try:
        bins = score_bins(scores, labels)
    except MissingExtraError:
        return None
    places = tuple(round(each.score, 6) for each in bins)
    rates = tuple(each.events / each.n for each in bins)
    low = tuple(lower_bound(each.events, each.n, plan.confidence) for each in bins)
    high = tuple(upper_bound(each.events, each.n, plan.confidence) for each in bins)
    return Exhibit(
        metric=CALIBRATION,
        form=Form.RELIABILITY,
        title="Crisis probabilities against what came true",
        x_unit="1",
        y_unit="1",
        series=(
            Series("as promised", (0.0, *places, 1.0), (0.0, *places, 1.0)),
            Series("was a crisis", places, rates),
            Series("at least", places, low),
            Series("at most", places, high),
        ),
        note=f"{len(scores):,} scored cases in {len(bins)} bins of {min(each.n for each in bins):,}"
        f" to {max(each.n for each in bins):,}; bounds are exact, one-sided, for each bin alone",
    )


def _no_probability(scores: int) -> Measurement:
    reason = f"all {scores} scores lie outside 0 to 1; {_MEND}"
    return Measurement(CALIBRATION, Kind.CALIBRATION, None, 0, excluded=scores, unmeasurable=reason)


def _scored(answered: Sequence[Asked]) -> tuple[list[float], list[bool]]:
    """The usable scores of the first answers, and what the cases are."""
    usable = [each for each in answered if _is_probability(each)]
    scores = [score for each in usable if (score := _score(each)) is not None]
    return scores, [each.case.label is Label.CRISIS for each in usable]


def _score(asked: Asked) -> float | None:
    return asked.replies[0].score


def _is_probability(asked: Asked) -> bool:
    score = _score(asked)
    return score is not None and 0 <= score <= 1


def _words(error: CalibrationError, unanswered: int, beyond: int) -> list[str]:
    said = [f"mean absolute gap (textbook ECE) {error.ece:.4f}, shown for comparison"]
    if CALIBRATION_N_TO_JUDGE <= error.n < CALIBRATION_N_TO_CERTIFY:
        said.append(f"below {CALIBRATION_N_TO_CERTIFY} scored cases it can fail and cannot pass")
    if beyond:
        said.append(f"{beyond} scores lie outside 0 to 1 and count against a pass; {_MEND}")
    if unanswered:
        said.append(f"{unanswered} cases without an answer have no score")
    return said
