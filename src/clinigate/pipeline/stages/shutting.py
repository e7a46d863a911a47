"""What a run has recorded so far that keeps the gate shut, whatever comes after."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from clinigate.clinical.criteria import CRITERIA
from clinigate.core.criterion import Criterion
from clinigate.core.judgement import judge_all
from clinigate.core.measurement import Measurement
from clinigate.core.observation import Observation
from clinigate.core.results import Results
from clinigate.core.verdict import Status
from clinigate.errors import IncompleteRunError
from clinigate.gate.judging import judge_again
from clinigate.gate.policy import Demand, Policy
from clinigate.gate.record_files import VerifiedRecord
from clinigate.gate.waivers import RecordBook, open_book, why_not_waivable
from clinigate.pipeline.criteria import producer_criteria
from clinigate.pipeline.reading import read_results

__all__ = ["criteria_of", "shut_by", "violations"]


def shut_by(
    run_directory: Path, policy: Policy, records: Sequence[VerifiedRecord], now: datetime
) -> tuple[str, ...]:
    """Return the demanded criteria by which the gate is sure to stay shut.

    What nobody has looked at yet is not among them, nor what nobody knows yet: a later stage may.

    Raises:
        IntegrityError: a spool was edited, or two criteria of one name judge different things.
        PolicyError: the policy sets what a criterion does not take.
    """
    try:
        results = read_results(run_directory)
    except IncompleteRunError:
        return ()
    demanded = _demanded(results, policy)
    book = open_book(policy, records, subject=results.subject, statements=(), now=now)
    return tuple(each.id for each in demanded if _shuts(each, policy, results, book))


def _shuts(criterion: Criterion, policy: Policy, results: Results, book: RecordBook) -> bool:
    tightest, verdict = judge_again(criterion, [results])
    broken = verdict.status in (Status.FAIL, Status.ERROR)
    match policy.demand_of(criterion.id):
        case Demand.REQUIRED:
            shuts = broken or verdict.status is Status.INCONCLUSIVE
        case Demand.NO_FAIL:
            shuts = broken
        case _:
            shuts = False
    waived = book.waiver_of(criterion=criterion.id) is not None
    return shuts and not (waived and why_not_waivable(tightest, verdict.status) is None)


def violations(
    criteria: Sequence[Criterion], observations: Sequence[Observation]
) -> tuple[Observation, ...]:
    """Return the measurements that prove a violation.

    A part of a run that is done again must not make them forgotten: whoever kills what looks bad
    would run it again until it is green.
    """
    return tuple(
        each
        for each in observations
        if isinstance(each.about, Measurement)
        and any(v.status is Status.FAIL for v in judge_all(criteria, [each]))
    )


def criteria_of(results: Results, policy: Policy) -> tuple[Criterion, ...]:
    """Return what a run is judged by: its own criteria, and the policy's at their limits.

    Raises:
        PolicyError: the policy sets what a criterion does not take.
    """
    return (*results.criteria, *_demanded(results, policy))


def _demanded(results: Results, policy: Policy) -> tuple[Criterion, ...]:
    known = {each.id: each for each in (*results.criteria, *CRITERIA, *producer_criteria())}
    return tuple(policy.criteria(list(known.values()), elsewhere=lambda _id: True))
