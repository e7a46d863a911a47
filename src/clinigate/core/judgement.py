"""From observations to verdicts: every criterion gets exactly one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from clinigate.core.criterion import Criterion
from clinigate.core.measurement import Measurement
from clinigate.core.observation import Fault, Gap, Observation
from clinigate.core.verdict import Status, Verdict, worst
from clinigate.errors import UsageError

__all__ = ["judge_all"]


def judge_all(
    criteria: Iterable[Criterion], observations: Sequence[Observation]
) -> tuple[Verdict, ...]:
    """Judge each criterion by what was observed of its metric, in the order given.

    A metric that was measured more than once is as good as its worst verdict. One whose check
    broke is ERROR even where a measurement exists beside it, and so is one whose measurement is
    not of the kind that the criterion judges. One that nobody looked at is NOT_ASSESSED: nothing
    is never a pass.
    """
    return tuple(_judge_one(criterion, observations) for criterion in criteria)


def _judge_one(criterion: Criterion, observations: Sequence[Observation]) -> Verdict:
    about = (o.about for o in observations if o.about.metric == criterion.metric)
    verdicts = [v for v in (_verdict(criterion, item) for item in about) if v is not None]
    # A gap beside a measurement takes nothing away from it: one process may have skipped what
    # another measured.
    assessed = [v for v in verdicts if v.status is not Status.NOT_ASSESSED] or verdicts
    if not assessed:
        return criterion.unjudged(Status.NOT_ASSESSED, "nothing was observed of this metric")
    gravest = worst(verdict.status for verdict in assessed)
    return next(verdict for verdict in assessed if verdict.status is gravest)


def _verdict(criterion: Criterion, about: object) -> Verdict | None:
    match about:
        case Measurement() if about.scope is criterion.scope:
            return _judged(criterion, about)
        case Gap() if about.scope in (None, criterion.scope):
            return criterion.unjudged(Status.NOT_ASSESSED, about.reason)
        case Fault():
            return criterion.unjudged(Status.ERROR, about.reason)
        case _:
            return None


def _judged(criterion: Criterion, measurement: Measurement) -> Verdict:
    try:
        return criterion.judge(measurement)
    except (UsageError, ArithmeticError) as error:
        # The producer's mistake. It must not keep what others measured from being judged.
        return criterion.unjudged(Status.ERROR, f"the measurement cannot be judged: {error}")
