"""The loop: one stage after the other, until one of them stops the rest."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from clinigate.evidence.runs import STAGE_VARIABLE
from clinigate.evidence.stages import StageAttempt, StageOutcome, StageStory
from clinigate.evidence.times import Clock, system_clock
from clinigate.gate.policy import Policy
from clinigate.gate.record_files import VerifiedRecord
from clinigate.pipeline.interrupts import undisturbed
from clinigate.pipeline.stages.leading import Lead
from clinigate.pipeline.stages.model import Stage
from clinigate.pipeline.stages.outcome import (
    new_spools,
    observation_count,
    outcome_of,
    spool_names,
    stage_of,
)
from clinigate.pipeline.stages.process import GRACE_S, Ended, Surroundings, run_program
from clinigate.pipeline.stages.shutting import shut_by
from clinigate.pipeline.stages.untouched import marks_of

__all__ = ["Hooks", "Terms", "run_stages"]


class Start(Protocol):
    """How a program is run to its end, as `process.run_program` does."""

    def __call__(
        self, argv: Sequence[str], around: Surroundings, *, timeout_s: float, grace_s: float
    ) -> Ended: ...


@dataclass(frozen=True, slots=True)
class Hooks:
    """Who is told while stages run.

    Attributes:
        on_begin: before a stage runs. on_end: how it came out.
        on_left_out: a stage does not run, and why.
    """

    on_begin: Callable[[Stage], None] = lambda _stage: None
    on_end: Callable[[Stage, StageAttempt], None] = lambda _stage, _attempt: None
    on_left_out: Callable[[Stage, str], None] = lambda _stage, _why: None


@dataclass(frozen=True, slots=True)
class Terms:
    """How stages run.

    Attributes:
        folder: where their programs stand. environ: their variables, those of the run added.
        policy, records: what says that the gate is sure to stay shut.
        keep_going: whether later stages run all the same.
        write: takes the output of the programs; None lets them write where we do.
        grace_s: seconds to end in for a stage whose time is up.
        start: how a program is run to its end.
    """

    folder: Path
    environ: Mapping[str, str]
    policy: Policy
    records: Sequence[VerifiedRecord] = ()
    keep_going: bool = False
    write: Callable[[bytes], None] | None = None
    grace_s: float = GRACE_S
    clock: Clock = system_clock
    timer: Callable[[], float] = time.monotonic
    start: Start = run_program


def run_stages(
    lead: Lead, stages: Sequence[Stage], terms: Terms, hooks: Hooks | None = None
) -> str | None:
    """Run the stages that are not settled yet, each as a part of the run.

    After a stage that died although it is required, or by which the gate is sure to stay shut, the
    later ones are left out unless `keep_going` is set; those that need it are left out anyway.

    Returns:
        Why the run is not whole: a required stage died, or waits for one that did. None where it
        can be sealed.

    Raises:
        KeyboardInterrupt: we were interrupted, and the stage has ended.
        EvidenceError: the evidence cannot be written or read.
    """
    return _Round(lead, terms, hooks or Hooks()).run(stages)


class _Round:
    """One pass over the stages."""

    def __init__(self, lead: Lead, terms: Terms, hooks: Hooks) -> None:
        self._lead = lead
        self._terms = terms
        self._hooks = hooks
        self._stories = {story.spec.name: story for story in lead.staged().stories}
        # Left out because something died, each with the reason.
        self._waiting: dict[str, str] = {}
        self._shut = self._shut_now()

    def run(self, stages: Sequence[Stage]) -> str | None:
        stopped = next(filter(None, map(self._stop_after, self._settled())), "")
        for stage in stages:
            if self._stories[stage.name].settled:
                continue
            why = stage.left_out or stopped or self._blocked(stage)
            if why:
                self._lead.left_out(stage.name, why)
                self._hooks.on_left_out(stage, why)
                continue
            self._hooks.on_begin(stage)
            self._hooks.on_end(stage, self._attempt(stage))
            stopped = stopped or self._stop_after(self._stories[stage.name])
        return self._unfinished()

    def _settled(self) -> list[StageStory]:
        return [story for story in self._stories.values() if story.settled]

    def _stop_after(self, story: StageStory) -> str:
        """Why later stages are left out; empty where they are not."""
        if self._terms.keep_going or not story.attempts:
            return ""
        name, last = story.spec.name, story.attempts[-1]
        if last.shuts:
            return f"stage {name!r} shut the gate by {', '.join(last.shuts)}"
        if story.spec.required and (story.died or story.outcome is StageOutcome.REFUSED):
            return f"stage {name!r} did not go well: {last.why}"
        return ""

    def _blocked(self, stage: Stage) -> str:
        """Why a stage cannot run; empty where it can."""
        for need in stage.needs:
            story = self._stories[need]
            if story.went_well:
                continue
            why = f"it needs stage {need!r}, which did not go well"
            if story.died or need in self._waiting:
                self._waiting[stage.name] = why
            return why
        return ""

    def _unfinished(self) -> str | None:
        required = [story for story in self._stories.values() if story.spec.required]
        for story in required:
            if story.died:
                return f"stage {story.spec.name!r} died: {story.why}"
        for story in required:
            if story.spec.name in self._waiting:
                return f"stage {story.spec.name!r} waits: {self._waiting[story.spec.name]}"
        return None

    def _attempt(self, stage: Stage) -> StageAttempt:
        directory, before = self._lead.directory, spool_names(self._lead.directory)
        began = self._terms.timer()
        try:
            ended, trouble = self._programs(stage, began), ""
        except KeyboardInterrupt:
            with undisturbed():
                attempt = self._ended(stage, began, before)
                self._keep(replace(attempt, why="it was interrupted"))
            raise
        except OSError as error:
            ended, trouble = Ended(None), f"it cannot be started: {error.strerror}"
        attempt = self._ended(stage, began, before)
        if trouble:
            attempt = replace(attempt, why=trouble)
        else:
            spools = new_spools(directory, attempt.spools)
            outcome, why = outcome_of(
                stage, ended, spools, run_directory=directory, policy=self._terms.policy
            )
            attempt = replace(attempt, outcome=outcome, why=why, code=ended.code)
        shut = self._shut_now()
        attempt = replace(attempt, shuts=tuple(each for each in shut if each not in self._shut))
        self._shut = shut
        self._keep(attempt)
        self._lead.staged()  # whatever it wrote that is not its own ends the run here
        return attempt

    def _programs(self, stage: Stage, began: float) -> Ended:
        """Run a stage's programs; one that found something does not keep the next from looking."""
        around = Surroundings(
            {**self._terms.environ, **self._lead.run.environ, STAGE_VARIABLE: stage.name},
            self._terms.folder,
            (self._lead.presence,),
            self._terms.write,
        )
        worst = 0
        for command in stage.commands:
            left = stage.timeout_s - (self._terms.timer() - began)
            ended = self._terms.start(
                command.argv, around, timeout_s=max(left, 0.0), grace_s=self._terms.grace_s
            )
            if ended.code is None or ended.code > 1:
                return ended
            worst = max(worst, ended.code)
        return Ended(worst)

    def _ended(self, stage: Stage, began: float, before: frozenset[str]) -> StageAttempt:
        """The attempt as far as the clock and the files tell; it counts as dead until more is."""
        fresh = new_spools(self._lead.directory, spool_names(self._lead.directory) - before)
        # What an earlier stage left at work is no evidence of this one.
        names = tuple(each.name for each in fresh if stage_of(each) in (None, stage.name))
        return StageAttempt(
            stage.name,
            len(self._stories[stage.name].attempts) + 1,
            StageOutcome.DIED,
            "",
            round(self._terms.timer() - began, 3),
            spools=names,
            marks=marks_of(self._lead.directory, names),
            observations=observation_count(new_spools(self._lead.directory, names)),
        )

    def _keep(self, attempt: StageAttempt) -> None:
        self._lead.attempted(attempt)
        story = self._stories[attempt.stage]
        self._stories[attempt.stage] = replace(story, attempts=(*story.attempts, attempt))

    def _shut_now(self) -> tuple[str, ...]:
        terms = self._terms
        return shut_by(self._lead.directory, terms.policy, terms.records, terms.clock())
