"""Carry out a run of stages for a command: run or continue, decide, report, say where all is."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click

from clinigate.cli.exits import ExitCode
from clinigate.cli.gate import exit_code, why_not
from clinigate.cli.next_steps import next_steps
from clinigate.cli.producing import screen
from clinigate.cli.stage_progress import shown_stages
from clinigate.cli.troubles import complain
from clinigate.config.loader import LoadedConfig
from clinigate.config.model import Config
from clinigate.controls.standing import Word
from clinigate.core.plan import Profile
from clinigate.core.results import Results
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
from clinigate.pipeline.people import people_beside
from clinigate.pipeline.publish import SUMMARY_NAME, report_of, unsealed_report, write_exports
from clinigate.pipeline.reading import read_results
from clinigate.pipeline.setup import Overrides, prepare
from clinigate.pipeline.stages.conducting import (
    Course,
    begin_pipeline,
    left_run,
    resume_pipeline,
)
from clinigate.pipeline.stages.durations import read_durations, remember_durations
from clinigate.pipeline.stages.leading import basis_of
from clinigate.pipeline.stages.model import Stage
from clinigate.pipeline.stages.planning import plan_stages
from clinigate.pipeline.stages.running import Terms
from clinigate.pipeline.words import attested_words, recorded_words
from clinigate.reports.model import Report
from clinigate.reports.terminal import report_table

__all__ = ["Asked", "Court", "Judged", "carry_out", "close", "ended", "run_through"]

#: The name of the bundle at the gate.
_BUNDLE = "run"


@dataclass(frozen=True, slots=True)
class Court:
    """Who seals and who decides.

    Attributes:
        policy: what is demanded. trust: whose signatures count.
        records: of people, verified. signer: who states the results; None leaves them UNSIGNED.
        attested: what people's file of attestations says that counts today.
        stamp_roots: certificates of the time-stamping authorities that count.
        config: what reports take of the configuration: retention and risk controls.
    """

    policy: Policy
    trust: TrustStore | None
    records: tuple[VerifiedRecord, ...]
    signer: Signer | None
    attested: tuple[Word, ...] = ()
    stamp_roots: Path | None = None
    config: Config | None = None


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
    """Run the configured stages, decide, write the exports, and return the exit code.

    Args:
        config: the configuration.
        asked: what is to run.
        court: who seals and decides.
        environ: variables of the stages' programs.

    Raises:
        UsageError, ConfigError: something cannot be meant; nothing was begun.
        EvidenceError: the evidence cannot be written, read or sealed.
    """
    court = replace(court, attested=tuple(attested_words(config)), config=config.config)
    settled: frozenset[str] = frozenset()
    if asked.resume is not None:
        left = left_run(asked.resume, basis_of(config, court.policy))
        asked = Asked(left.only, left.keep_going, left.profile, asked.resume)
        settled = left.settled
    stages = plan_stages(config, only=asked.only, profile=asked.profile)
    course = run_through(config, stages, asked, court, environ=environ, settled=settled)
    judged = close(course, court)
    if course.unfinished is not None:
        said = f"{_not_whole(course)}; continue it with: clinigate run --resume {course.run}"
        return complain(said, ExitCode.UNFINISHED)
    if course.conclusion is not None:
        click.echo(next_steps(course.directory))
    return ended(judged)


def run_through(
    config: LoadedConfig,
    stages: Sequence[Stage],
    asked: Asked,
    court: Court,
    *,
    environ: Mapping[str, str],
    settled: frozenset[str] = frozenset(),
) -> Course:
    """Run stages, shown on the screen; those that are settled stay as they are."""
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
    return course


@dataclass(frozen=True, slots=True)
class Judged:
    """What was decided, and what there is to read of it."""

    decision: Decision
    results: Results
    report: Report


def close(course: Course, court: Court) -> Judged | None:
    """Decide once, write what people read, and say where it is; None where nothing was seen."""
    directory, exports = course.directory, course.directory / "exports"
    try:
        judged = _judged(course, court)
    except IncompleteRunError:  # no stage came so far as to say what it looks at
        click.echo(f"run:     {_shown(directory)}")
        return None
    page = write_exports(
        judged.report, judged.results, judged.decision, exports, signer=court.signer
    )
    click.echo(f"\n{report_table(judged.report, **screen())}\n")
    click.echo(f"report:  {_shown(page)}")
    click.echo(f"summary: {_shown(exports / SUMMARY_NAME)}")
    click.echo(f"run:     {_shown(directory)}")
    for shortfall in () if course.conclusion is None else course.conclusion.shortfalls:
        click.echo(f"lacking: {shortfall}")
    return judged


def ended(judged: Judged | None) -> int:
    """Return the exit code of a run that is whole, and say why where it is not 0."""
    if judged is None:
        return complain("nothing was evaluated; nothing is never a pass", ExitCode.UNFINISHED)
    code = exit_code(judged.decision)
    return code if code is ExitCode.OK else complain(why_not(judged.decision), code)


def _not_whole(course: Course) -> str:
    return f"run {course.run} is not whole: {course.unfinished}"


def _judged(course: Course, court: Court) -> Judged:
    directory, policy, trust = course.directory, court.policy, court.trust
    records = (*court.records, *people_beside([directory], trust).records)
    if course.conclusion is None:
        results = read_results(directory)
        decision = decide_so_far(directory, policy, records=records)
        words = [*court.attested, *recorded_words(policy, records, results)]
        report = unsealed_report(directory, decision, words=words, config=court.config)
        return Judged(decision, results, report)
    roots = court.stamp_roots
    decision = decide_on(
        [(_BUNDLE, directory)], policy, trust=trust, records=court.records, stamp_roots=roots
    )
    examined = examine(directory, trust=trust, stamp_roots=roots)
    results = course.conclusion.results
    statement = examined.bundle.statement_digest
    words = [*court.attested, *recorded_words(policy, records, results, (statement,))]
    report = report_of(examined, decision, records, words=words, config=court.config)
    return Judged(decision, results, report)


def _shown(path: Path) -> str:
    return os.path.relpath(path)


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
