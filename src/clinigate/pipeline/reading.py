"""Read a run back into results: the same whether it ended well, ended early, or was killed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from clinigate.core.codec import from_plain
from clinigate.core.criterion import Criterion
from clinigate.core.judgement import judge_all
from clinigate.core.observation import Finding
from clinigate.core.plan import Plan
from clinigate.core.results import PackUse, Results, Subject
from clinigate.errors import IncompleteRunError, IntegrityError, UsageError
from clinigate.evidence.recorded import RecordedRun, read_run
from clinigate.evidence.runs import RunStore
from clinigate.evidence.spool import RunStatus
from clinigate.gate.judging import strictest
from clinigate.pipeline.recording import CRITERIA, EVALUATION, INTERRUPTED

__all__ = ["Failed", "last_failed", "read_results", "results_of"]

T = TypeVar("T")

KILLED = "the run never said that it ended; what it had recorded is here"


def read_results(run_directory: Path) -> Results:
    """Return what a run recorded, judged by the criteria that it named.

    Raises:
        IncompleteRunError: nothing was evaluated.
        IntegrityError: a spool holds what is no record.
        EvidenceError: there is no such run.
    """
    return results_of(read_run(run_directory))


def results_of(recorded: RecordedRun) -> Results:
    """Put the parts of a run together; raises as `read_results`."""
    described = _notes(recorded, EVALUATION)
    if not described:
        raise IncompleteRunError(
            f"run {recorded.run}: nothing was evaluated, so that there is nothing to seal"
        )
    run = recorded.run
    of_policy = [criterion for about in described for criterion in about["criteria"]]
    criteria = _criteria(of_policy, _notes(recorded, CRITERIA), run)
    observations = recorded.observations()
    return Results(
        run=run,
        subject=_noun(Subject, recorded.about["subject"], run),
        target=", ".join(dict.fromkeys(str(about["target"]) for about in described)),
        plan=_noun(Plan, recorded.about["plan"], run),
        started_at=recorded.started_at,
        finished_at=recorded.finished_at,
        criteria=criteria,
        verdicts=judge_all(criteria, observations),
        observations=observations,
        packs=tuple(
            dict.fromkeys(_nouns(PackUse, (p for about in described for p in about["packs"]), run))
        ),
        declared=tuple(sorted({name for about in described for name in about["declared"]})),
        interrupted=_interruption(recorded),
    )


@dataclass(frozen=True, slots=True)
class Failed:
    """The cases that a run found wrong, and the seed without which they cannot be drawn again."""

    run: str
    seed: int
    cases: frozenset[str]


def last_failed(root: Path) -> Failed:
    """Return what the last run under `root` found wrong.

    Raises:
        UsageError: there is no run, or its last one found nothing wrong.
    """
    store = RunStore(root)
    for run in reversed(store.runs()):
        try:
            results = read_results(store.directory(run))
        except IncompleteRunError:
            continue
        found = (o.about for o in results.observations if isinstance(o.about, Finding))
        cases = frozenset(finding.case_id for finding in found if finding.case_id)
        if not cases:
            raise UsageError(f"run {run} found no case wrong; there is nothing to run again")
        return Failed(run, results.plan.seed, cases)
    raise UsageError(f"{root}: no run here, so that there is nothing to run again")


def _interruption(recorded: RecordedRun) -> str | None:
    notes = (record.body for record in recorded.counting("note"))
    reasons = [str(note["about"]["reason"]) for note in notes if note["topic"] == INTERRUPTED]
    if reasons:
        return reasons[0]
    return KILLED if recorded.status is RunStatus.INCOMPLETE else None


def _criteria(of_policy: Iterable[Any], added: Iterable[Any], run: str) -> tuple[Criterion, ...]:
    """The policy's criteria, and what tests added.

    Processes that share a run know nothing of each other: of criteria of one name, the one that
    asks for all that any of them asks for counts.
    """
    known: dict[str, Criterion] = {}
    for criterion in _nouns(Criterion, [*of_policy, *added], run):
        other = known.setdefault(criterion.id, criterion)
        judged = {(each.metric, each.scope, each.relation) for each in (other, criterion)}
        if len(judged) > 1:
            raise IntegrityError(
                f"run {run}: two criteria are named {criterion.id!r}, and judge different things"
            )
        known[criterion.id] = strictest(other, criterion)
    return tuple(known.values())


def _notes(recorded: RecordedRun, topic: str) -> list[Mapping[str, Any]]:
    return [note["about"] for note in recorded.plain("note") if note["topic"] == topic]


def _nouns(kind: type[T], values: Iterable[Any], run: str) -> tuple[T, ...]:
    return tuple(_noun(kind, value, run) for value in values)


def _noun(kind: type[T], value: Any, run: str) -> T:
    try:
        return from_plain(kind, value)
    except ValueError as error:
        raise IntegrityError(f"run {run}: a record does not read back: {error}") from error
