"""A whole run of stages: begun or continued, and sealed where nothing is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from clinigate.core.codec import from_plain
from clinigate.core.plan import Plan, Profile
from clinigate.errors import UsageError
from clinigate.evidence.envelope import Signer
from clinigate.evidence.names import PROOF
from clinigate.evidence.presence import leading
from clinigate.evidence.recorded import RecordedRun, read_run
from clinigate.evidence.recorder import is_sealed
from clinigate.evidence.spool import RunStatus
from clinigate.evidence.stages import StagePlan
from clinigate.pipeline.conclude import Conclusion, conclude
from clinigate.pipeline.interrupts import undisturbed
from clinigate.pipeline.setup import Setup
from clinigate.pipeline.stages.leading import (
    Lead,
    basis_of,
    beginning,
    check_basis,
    read_staged,
    taking_over,
)
from clinigate.pipeline.stages.model import Stage
from clinigate.pipeline.stages.running import Hooks, Terms, run_stages
from clinigate.pipeline.stages.untouched import check_run

__all__ = ["Course", "LeftRun", "begin_pipeline", "left_run", "resume_pipeline"]


@dataclass(frozen=True, slots=True)
class Course:
    """How a run of stages went.

    Attributes:
        directory: the run's home.
        conclusion: the sealed run; None while it is not whole.
        unfinished: why it is not whole, in a sentence.
    """

    directory: Path
    conclusion: Conclusion | None
    unfinished: str | None

    @property
    def run(self) -> str:
        """The run's id."""
        return self.directory.name


@dataclass(frozen=True, slots=True)
class LeftRun:
    """What a run that was left was begun as.

    Attributes:
        only: the stages that were to run. settled: those of them that stay as they are.
        keep_going, profile: as they were asked for.
    """

    only: tuple[str, ...]
    settled: frozenset[str]
    keep_going: bool
    profile: Profile


def begin_pipeline(
    setup: Setup,
    stages: Sequence[Stage],
    terms: Terms,
    *,
    signer: Signer | None,
    hooks: Hooks | None = None,
) -> Course:
    """Run stages as the parts of a new run, and seal it where nothing is missing.

    Args:
        setup: configuration, subject and plan of the run.
        stages: in the order of their turns.
        terms: how they run.
        signer: who states the results; None leaves them UNSIGNED.
        hooks: who is told.

    Raises:
        IncompleteRunError: nothing was evaluated.
        EvidenceError: the evidence cannot be written, read or sealed.
    """
    plan = StagePlan(
        tuple(stage.spec for stage in stages),
        basis_of(setup.config, terms.policy),
        terms.keep_going,
    )
    with beginning(setup, plan, terms.policy, signer=signer) as lead:
        return _through(lead, stages, terms, hooks)


def left_run(directory: Path, basis: Mapping[str, str]) -> LeftRun:
    """Return what a run that was left was begun as.

    Args:
        directory: of the run.
        basis: what it would be begun as today, as `basis_of` says.

    Raises:
        UsageError: it is sealed, or something changed since it began.
        EvidenceError: it had no stages, or does not read back.
    """
    if (directory / PROOF).exists():
        raise UsageError(
            f"run {directory.name} is sealed, and nothing can be added to it; `clinigate gate "
            f"{directory.name}` decides on it, `clinigate run` begins another"
        )
    recorded = read_run(directory)
    staged = read_staged(recorded)
    plan = staged.plan
    check_basis(directory.name, plan.basis, basis)
    return LeftRun(
        only=tuple(spec.name for spec in plan.stages if spec.selected),
        settled=frozenset(story.spec.name for story in staged.stories if story.settled),
        keep_going=plan.keep_going,
        profile=from_plain(Plan, recorded.about["plan"]).profile,
    )


def resume_pipeline(
    directory: Path,
    stages: Sequence[Stage],
    terms: Terms,
    *,
    signer: Signer | None,
    hooks: Hooks | None = None,
) -> Course:
    """Continue a run that was left: run what died and what never ran, and seal it.

    The arguments are those of `begin_pipeline`, and the run's home, as `left_run` looked at it.

    Raises:
        EvidenceError: somebody is at work on it; and as `begin_pipeline`.
    """
    recorded = read_run(directory)
    if is_sealed(directory) or _was_finished(recorded):
        # Killed on the way to the seal: nothing is left to run.
        with leading(directory):
            check_run(directory, recorded, read_staged(recorded))
            return Course(directory, conclude(directory, signer=signer), None)
    with taking_over(directory, terms.policy, signer=signer) as lead:
        return _through(lead, stages, terms, hooks)


def _was_finished(recorded: RecordedRun) -> bool:
    return any(
        spool.name in recorded.leaders and spool.status is not RunStatus.INCOMPLETE
        for spool in recorded.spools
    )


def _through(lead: Lead, stages: Sequence[Stage], terms: Terms, hooks: Hooks | None) -> Course:
    try:
        unfinished = run_stages(lead, stages, terms, hooks)
        if unfinished is not None:
            return Course(lead.directory, None, unfinished)
        _drop_what_died(lead)
    except KeyboardInterrupt:
        return Course(lead.directory, None, "it was interrupted")
    with undisturbed():
        return Course(lead.directory, lead.run.end(None), None)


def _drop_what_died(lead: Lead) -> None:
    """What died although nobody requires it must not leave the run without its end."""
    for story in lead.staged().stories:
        if story.died:
            spools = {name for attempt in story.attempts for name in attempt.spools}
            lead.set_aside(spools, "its stage died, and is not required")
