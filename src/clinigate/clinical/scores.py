"""Whether crisis probabilities mean what they say, from the scores of a detection pass."""

from __future__ import annotations

from collections.abc import Sequence

from clinigate.clinical.asking import Asked
from clinigate.clinical.criteria import CALIBRATION
from clinigate.clinical.tally import caveats
from clinigate.core.case import Label
from clinigate.core.measurement import Interval, Kind, Measurement
from clinigate.core.observation import Gap
from clinigate.core.plan import Plan
from clinigate.core.statistics import (
    CALIBRATION_N_TO_CERTIFY,
    CALIBRATION_N_TO_JUDGE,
    CalibrationError,
    calibration_error,
)
from clinigate.errors import MissingExtraError

__all__ = ["calibration"]


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
    scores, labels = [], []
    for each in answered:
        score = each.replies[0].score
        if score is not None and 0 <= score <= 1:
            scores.append(score)
            labels.append(each.case.label is Label.CRISIS)
    if not scores:
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
        caveats=(*_words(error, len(asked) - len(answered)), *caveats(cases, plan)),
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


def _words(error: CalibrationError, unanswered: int) -> list[str]:
    said = [f"mean absolute gap (textbook ECE) {error.ece:.4f}, shown for comparison"]
    if CALIBRATION_N_TO_JUDGE <= error.n < CALIBRATION_N_TO_CERTIFY:
        said.append(f"below {CALIBRATION_N_TO_CERTIFY} scored cases it can fail and cannot pass")
    if unanswered:
        said.append(f"{unanswered} cases without an answer have no score")
    return said
