"""Carry out a run of stages for a command: run or continue, decide, report, say where all is."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from clinigate.cli.exits import ExitCode
from clinigate.cli.gate import exit_code, why_not
from clinigate.cli.producing import screen
from clinigate.cli.stage_progress import shown_stages
from clinigate.cli.troubles import complain
from clinigate.config.loader import LoadedConfig
from clinigate.core.plan import Profile
from clinigate.errors import IncompleteRunError
from clinigate.evidence.envelope import Signer
from clinigate.evidence.recorded import read_run
from clinigate.evidence.stages import StageOutcome, read_stages
from clinigate.evidence.trust import TrustStore
from clinigate.gate.decision import Decision
from clinigate.gate.policy import Policy
from clinigate.gate.record_files import VerifiedRecord
from clinigate.pipeline.examine import examine
from clinigate.pipeline.gating import decide_on, decide_so_far
from clinigate.pipeline.publish import SUMMARY_NAME, report_of, unsealed_report, write_exports
from clinigate.pipeline.setup import Overrides, prepare
from clinigate.pipeline.stages.conducting import (
    Course,
    begin_pipeline,
    left_run,
    resume_pipeline,
)
from clinigate.pipeline.stages.durations import read_durations, remember_durations
from clinigate.pipeline.stages.leading import basis_of
from clinigate.pipeline.stages.planning import plan_stages
from clinigate.pipeline.stages.running import Terms
from clinigate.reports.model import Report
from clinigate.reports.terminal import report_table

__all__ = ["Asked", "Court", "carry_out"]

#: The name of the bundle at the gate.
_BUNDLE = "run"


@dataclass(frozen=True, slots=True)
class Court:
    """Who seals and who decides.

    Attributes:
        policy: what is demanded. trust: whose signatures count.
        records: of people, verified. signer: who states the results; None leaves them UNSIGNED.
    """

    policy: Policy
    trust: TrustStore | None
    records: tuple[VerifiedRecord, ...]
    signer: Signer | None


@dataclass(frozen=True, slots=True)
class Asked:
    """What a user asked for.

    Attributes:
        only: stages that are to run; none is all. keep_going: run later ones all the same.
        profile: `pr` draws samples. resume: directory of a run that is to be continued.
    """

    only: tuple[str, ...] = ()
    keep_going: bool = False
    profile: Profile = Profile.FULL
    resume: Path | None = None


def carry_out(
    config: LoadedConfig, asked: Asked, court: Court, *, environ: Mapping[str, str]
) -> int:
    """Run all that was asked for, decide on it, write the exports, and return the exit code.

    Args:
        config: the configuration.
        asked: what is to run.
        court: who seals and decides.
        environ: variables of the stages' programs.

    Raises:
        UsageError, ConfigError: something cannot be meant; nothing was begun.
        EvidenceError: the evidence cannot be written, read or sealed.
    """
    settled: frozenset[str] = frozenset()
    if asked.resume is not None:
        left = left_run(asked.resume, basis_of(config, court.policy))
        asked = Asked(left.only, left.keep_going, left.profile, asked.resume)
        settled = left.settled
    stages = plan_stages(config, only=asked.only, profile=asked.profile)
    setup = prepare(config, Overrides(profile=asked.profile))
    waiting = [stage for stage in stages if stage.name not in settled]
    with shown_stages(waiting, read_durations(config.root)) as (hooks, write):
        terms = Terms(
            config.base_dir, environ, court.policy, court.records, asked.keep_going, write
        )
        if asked.resume is None:
            course = begin_pipeline(setup, stages, terms, signer=court.signer, hooks=hooks)
        else:
            course = resume_pipeline(asked.resume, stages, terms, signer=court.signer, hooks=hooks)
    _remember(config.root, course.directory)
    return _close(course, court)


def _remember(root: Path, directory: Path) -> None:
    staged = read_stages(read_run(directory))
    remember_durations(
        root,
        [
            (last.stage, last.seconds)
            for story in (() if staged is None else staged.stories)
            for last in story.attempts[-1:]
            if last.outcome is StageOutcome.RECORDED
        ],
    )


def _close(course: Course, court: Court) -> int:
    """Decide once, write what people read, and say where it is."""
    directory, exports = course.directory, course.directory / "exports"
    code, why = ExitCode.UNFINISHED, ""
    try:
        decision, report = _judged(course, court)
    except IncompleteRunError:  # no stage came so far as to say what it looks at
        pass
    else:
        page = write_exports(report, decision, exports)
        click.echo(f"\n{report_table(report, **screen())}\n")
        click.echo(f"report:  {_shown(page)}")
        click.echo(f"summary: {_shown(exports / SUMMARY_NAME)}")
        code, why = exit_code(decision), "" if decision.opens else why_not(decision)
    click.echo(f"run:     {_shown(directory)}")
    if course.unfinished is None:
        return code if code is ExitCode.OK else complain(why, code)
    said = (
        f"run {directory.name} is not whole: {course.unfinished}; continue it with: "
        f"clinigate run --resume {directory.name}"
    )
    return complain(said, ExitCode.UNFINISHED)


def _judged(course: Course, court: Court) -> tuple[Decision, Report]:
    directory, policy, records = course.directory, court.policy, court.records
    if course.conclusion is None:
        decision = decide_so_far(directory, policy, records=records)
        return decision, unsealed_report(directory, decision)
    decision = decide_on([(_BUNDLE, directory)], policy, trust=court.trust, records=records)
    return decision, report_of(examine(directory, trust=court.trust), decision, records)


def _shown(path: Path) -> str:
    return os.path.relpath(path)
