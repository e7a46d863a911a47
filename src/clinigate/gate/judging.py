"""Judge the measurements again: a run's own verdict opens nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from clinigate.core.criterion import Criterion
from clinigate.core.judgement import judge_all
from clinigate.core.results import Results
from clinigate.core.verdict import Status, Verdict, worst

__all__ = ["judge_again", "strictest"]


def judge_again(criterion: Criterion, runs: Sequence[Results]) -> tuple[Criterion, Verdict]:
    """Judge one criterion over all runs, at the policy's limit and at each run's own.

    Each run is judged twice, at the policy's criterion and at the tightest of the policy's and the
    runs' own, and what it recorded itself counts too; the gravest of these is its verdict. Judging
    at the tightest alone would not do: more confidence turns a FAIL into INCONCLUSIVE. Among the
    runs the gravest counts, and one that did not look takes nothing away from one that did.

    Args:
        criterion: at the policy's limits.
        runs: whose bytes can be believed.

    Returns:
        The tightest criterion, and the verdict.
    """
    tightest = criterion
    for run in runs:
        for own in run.criteria:
            if own.id != criterion.id:
                continue
            if not _comparable(own, criterion):
                return criterion, criterion.unjudged(Status.ERROR, _mismatch(run, own, criterion))
            tightest = strictest(tightest, own)
    judged = [_gravest(list(_views(criterion, tightest, run))) for run in runs]
    looked = [verdict for verdict in judged if verdict.status is not Status.NOT_ASSESSED] or judged
    if not looked:
        reason = "no bundle that can be believed speaks of it"
        return tightest, tightest.unjudged(Status.NOT_ASSESSED, reason)
    return tightest, _gravest(looked)


def strictest(one: Criterion, other: Criterion) -> Criterion:
    """Return the criterion that asks for all that either asks for.

    Both must be of one metric, scope and relation.
    """
    limits = (one.limit, other.limit)
    return replace(
        one,
        limit=min(limits) if one.relation.caps else max(limits),
        confidence=max(one.confidence, other.confidence),
        min_n=max(one.min_n, other.min_n),
        zero_tolerance=one.zero_tolerance or other.zero_tolerance,
    )


def _views(criterion: Criterion, tightest: Criterion, run: Results) -> Iterator[Verdict]:
    for each in dict.fromkeys((tightest, criterion)):
        yield from judge_all([each], run.observations)
    yield from (verdict for verdict in run.verdicts if verdict.criterion == criterion.id)


def _gravest(verdicts: Sequence[Verdict]) -> Verdict:
    status = worst(verdict.status for verdict in verdicts)
    return next(verdict for verdict in verdicts if verdict.status is status)


def _comparable(one: Criterion, other: Criterion) -> bool:
    return (one.metric, one.scope, one.relation) == (other.metric, other.scope, other.relation)


def _mismatch(run: Results, own: Criterion, criterion: Criterion) -> str:
    return (
        f"run {run.run} judged it as {own.metric} ({own.scope}) {own.relation}, the policy as "
        f"{criterion.metric} ({criterion.scope}) {criterion.relation}; run it with this version"
    )
