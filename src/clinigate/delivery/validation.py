"""Production is what staging passed: asked in minutes, read-only, and taken back where it is not.

1. The gate opens on staging's bundles, now, and the deployed digests are those that they speak of.
   Where either is not so nothing is asked: answers of another build would mean nothing.
2. The same small sample that staging was asked, and how it answers compared with that.
3. Crises, if and only if a diversion is proven.
4. The first FAIL takes the roll-out back at once, and nothing more is asked; whatever else is not
   PASS waits for a person.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from clinigate.config.loader import LoadedConfig
from clinigate.config.production import ProductionTable
from clinigate.config.target import HttpSpec, OpenAISpec, TargetSpec
from clinigate.core.criterion import Criterion
from clinigate.core.judgement import judge_all
from clinigate.core.measurement import Kind, Measurement
from clinigate.core.observation import Fault, Finding, Gap, Observation
from clinigate.core.plan import Plan
from clinigate.core.target import Target
from clinigate.core.verdict import Status, Verdict
from clinigate.delivery import comparing, deployed, diversion
from clinigate.delivery.deployed import Told
from clinigate.delivery.rollback import RolledBack, roll_back
from clinigate.delivery.sample import Answers, Question, Sample, ask, sample
from clinigate.delivery.service import at
from clinigate.delivery.staging import Staging
from clinigate.errors import ConfigError
from clinigate.evidence.recorder import Recorder
from clinigate.quality.criteria import (
    ACCURACY_LOSS,
    CARE_LOSS,
    CRISIS_MISSED,
    DIGESTS,
    LATENCY_RATIO,
    PRODUCTION_CONTROLS,
    STAGING,
    criterion,
)
from clinigate.targets import build_target

__all__ = ["Check", "Outcome", "Validation", "Wanted", "outcome_of"]

CHECK = "CG-QUAL-PRODUCTION-001"
#: Topic of the note that says how the roll-back went.
ROLLBACK = "rollback"
_NOT_STARTED = "nothing was asked: {}"


class Check(StrEnum):
    """What a validation may look at."""

    ACCURACY = "accuracy"
    SAFETY = "safety"
    PERFORMANCE = "performance"


class Outcome(StrEnum):
    """What becomes of the roll-out."""

    PASSED = "passed"
    FAILED = "failed"
    HELD = "held"


_METRICS = {
    Check.ACCURACY: (ACCURACY_LOSS,),
    Check.SAFETY: (CARE_LOSS, CRISIS_MISSED),
    Check.PERFORMANCE: (LATENCY_RATIO,),
}
#: Whose check a question serves, beside that of the time which it takes.
_ASKED_FOR = {Question.EMOTION: Check.ACCURACY, Question.CARE: Check.SAFETY}
_LOSSES = {Question.EMOTION: ACCURACY_LOSS, Question.CARE: CARE_LOSS}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of a validation.

    Attributes:
        checks: what to look at beside the digests.
        digests: what the pipeline knows to be deployed, as `{"image": "sha256:…"}`.
        rollback: the command that takes the roll-out back; None leaves it to whoever called.
    """

    checks: frozenset[Check]
    digests: Mapping[str, str] = field(default_factory=dict)
    rollback: tuple[str, ...] | None = None

    @property
    def criteria(self) -> tuple[Criterion, ...]:
        """What will be judged, at the limits that Clinigate ships."""
        metrics = [STAGING, DIGESTS]
        for check in Check:
            metrics += _METRICS[check] if check in self.checks else ()
        return tuple(criterion(metric) for metric in metrics)


def outcome_of(verdicts: Sequence[Verdict], *, waits_for: Callable[[str], bool]) -> Outcome:
    """Return what the verdicts mean for the roll-out; nothing at all holds it.

    Args:
        verdicts: on the criteria of the validation.
        waits_for: whether a criterion that was NOT_ASSESSED holds the roll-out too. Of the crises
            that is so where the configuration says that they must be sent.
    """
    statuses = {
        verdict.status
        for verdict in verdicts
        if verdict.status is not Status.NOT_ASSESSED or waits_for(verdict.criterion)
    }
    if Status.FAIL in statuses:
        return Outcome.FAILED
    return Outcome.PASSED if statuses == {Status.PASS} else Outcome.HELD


@dataclass(slots=True)
class Validation:
    """One validation, ready to be done.

    Attributes:
        config: where production is. wanted: what is asked. staging: what it is compared with.
        criteria: at the policy's limits. confidence: of the bounds. plan: draws the sample.
        waits_for: as `outcome_of`. say: tells a person what happens.
        rolled_back: how the roll-back went, once there was one.
    """

    config: LoadedConfig
    wanted: Wanted
    staging: Staging
    criteria: Sequence[Criterion]
    confidence: float
    plan: Plan
    waits_for: Callable[[str], bool]
    say: Callable[[str], None] = lambda _text: None
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    rolled_back: RolledBack | None = None

    def work(self, recorder: Recorder, _environ: Mapping[str, str]) -> None:
        """Look, record each thing that is seen, and take the roll-out back where it failed.

        Raises:
            ConfigError: production cannot be asked as it is configured.
        """
        looking = self._observations()
        for observation in looking:
            recorder.observation(observation)
            if self._fails(observation) and self.wanted.rollback is not None:
                # At once: what else could be seen is not worth a minute of patients' time.
                looking.close()
                self._take_back(recorder, observation.about.metric)
                return

    def _fails(self, observation: Observation) -> bool:
        return any(each.status is Status.FAIL for each in judge_all(self.criteria, [observation]))

    def _take_back(self, recorder: Recorder, metric: str) -> None:
        assert self.wanted.rollback is not None
        self.say(f"production FAILS ({metric}): taking the roll-out back")
        done = roll_back(self.wanted.rollback, timeout_s=self._table.rollback_timeout_s)
        self.rolled_back = done
        recorder.note(ROLLBACK, _plain(done))
        recorder.observation(_observe(Finding(metric, str(done))))

    @property
    def _table(self) -> ProductionTable:
        return self.config.config.production

    @property
    def _spec(self) -> TargetSpec:
        spec = self.config.config.target
        if spec is None:
            raise ConfigError(f"{self.config.source}: has no [target]; say where production is")
        return at(spec, self._table.base_url)

    def _observations(self) -> Generator[Observation, None, None]:
        yield from map(_observe, self._staging())
        if not self.staging.opens:
            yield from self._gaps(DIGESTS, *self._asked, why="the gate does not open on staging")
            return
        told = self._told()
        digests = deployed.compared(DIGESTS, self.staging.digests, told)
        for sentence in digests.caveats:
            yield _observe(Finding(DIGESTS, sentence))
        yield _observe(digests)
        if judge_all([criterion(DIGESTS)], [_observe(digests)])[0].status is not Status.PASS:
            why = "what is deployed is not known to be what was evaluated"
            yield from self._gaps(*self._asked, why=why)
            return
        with asyncio.Runner() as runner:
            yield from map(_observe, self._ask(runner))

    @property
    def _asked(self) -> tuple[str, ...]:
        return tuple(metric for check in sorted(self.wanted.checks) for metric in _METRICS[check])

    def _gaps(self, *metrics: str, why: str) -> Iterator[Observation]:
        for metric in metrics:
            yield _observe(Gap(metric, _NOT_STARTED.format(why)))

    def _staging(self) -> Iterator[Measurement | Finding]:
        reasons = self.staging.reasons
        for reason in reasons:
            yield Finding(STAGING, reason)
        yield Measurement(
            STAGING,
            Kind.CENSUS,
            float(len(reasons)),
            max(len(self.staging.bundles), 1 if reasons else 0),
            unit="reasons",
            events=min(len(reasons), len(self.staging.bundles)),
        )

    def _told(self) -> tuple[Told, ...]:
        table, spec, base = self._table, self._spec, self.config.base_dir
        told = [Told(name, "the pipeline", digest) for name, digest in self.wanted.digests.items()]
        if table.version is not None and isinstance(spec, HttpSpec | OpenAISpec):
            told += deployed.of_service(spec, table.version, base_dir=base)
        if table.workload is not None:
            told += deployed.of_cluster(table.workload, base_dir=base)
        return tuple(told)

    def _ask(self, runner: asyncio.Runner) -> Iterator[Measurement | Gap | Fault]:
        """Ask one question after the other, and yield what came of each before the next."""
        answers: dict[Question, Answers | str] = {}
        target = build_target(self._spec, base_dir=self.config.base_dir, environ=self.environ)
        try:
            for question, check in _ASKED_FOR.items():
                if {check, Check.PERFORMANCE}.isdisjoint(self.wanted.checks):
                    continue
                answers[question] = self._answers(runner, target, question)
                if check in self.wanted.checks:
                    yield self._compare(_LOSSES[question], answers[question])
        finally:
            runner.run(target.aclose())
        if Check.SAFETY in self.wanted.checks:
            yield self._crises(runner)
        if Check.PERFORMANCE in self.wanted.checks:
            yield from self._slowdowns(answers)

    def _answers(self, runner: asyncio.Runner, target: Target, question: Question) -> Answers | str:
        """Production's answers to a question, or why there are none to compare."""
        before = self.staging.answers.get(question)
        if before is None:
            return (
                f"staging's bundle remembers no answers to the sample {question}; record them with "
                "`clinigate validate-production --record-staging`"
            )
        asked = sample(question, self.plan, self._table.sample)
        if (asked.digest, len(asked.cases)) != (before.digest, len(before.right)):
            return (
                f"staging was asked another sample {question} than this configuration draws; keep "
                "[run] seed, [packs] and [production] sample as they were there"
            )
        if asked.needs not in target.capabilities:
            return f"production offers no {asked.needs}"
        self.say(f"asking production {len(asked.cases)} times: {question}")
        return runner.run(ask(target, asked, self.plan))

    def _compare(self, metric: str, now: Answers | str) -> Measurement | Gap:
        if isinstance(now, str):
            return Gap(metric, now)
        before = self.staging.answers[now.question]
        return comparing.loss(metric, before, now, self.confidence)

    def _slowdowns(self, answers: Mapping[Question, Answers | str]) -> Iterator[Measurement | Gap]:
        told = [each for each in answers.values() if isinstance(each, Answers)]
        if not told:
            yield Gap(LATENCY_RATIO, next(str(each) for each in answers.values()))
        for now in told:
            before = self.staging.answers[now.question]
            yield comparing.slowdown(LATENCY_RATIO, before, now, self.confidence)

    def _crises(self, runner: asyncio.Runner) -> Measurement | Gap | Fault:
        """Ask about crises, or say why that could page a clinician."""
        table, spec = self._table.diversion, self._spec
        if table is None or not isinstance(spec, HttpSpec | OpenAISpec):
            why = "without [production.diversion] a clinician would be paged"
            return Gap(CRISIS_MISSED, f"no crisis was sent: {why}")
        proof = diversion.prove(spec, table, base_dir=self.config.base_dir, environ=self.environ)
        if not proof.holds:
            return Gap(CRISIS_MISSED, f"no crisis was sent: {proof.trouble}")
        target = build_target(
            diversion.marked(spec, table), base_dir=self.config.base_dir, environ=self.environ
        )
        crises: Sample = sample(Question.CRISIS, self.plan, self._table.sample)
        try:
            if crises.needs not in target.capabilities:
                return Gap(CRISIS_MISSED, f"production offers no {crises.needs}")
            self.say(f"asking production {len(crises.cases)} times: crises, diverted")
            answers = runner.run(ask(target, crises, self.plan))
        finally:
            runner.run(target.aclose())
        proof = diversion.prove(spec, table, base_dir=self.config.base_dir, environ=self.environ)
        if not proof.holds:
            why = f"the diversion ended while crises were sent: {proof.trouble}"
            return Fault(CRISIS_MISSED, f"{why}; ask at once whether somebody was paged")
        return comparing.missed(CRISIS_MISSED, answers)


def _observe(about: Measurement | Finding | Gap | Fault) -> Observation:
    return Observation(CHECK, about, PRODUCTION_CONTROLS)


def _plain(done: RolledBack) -> dict[str, object]:
    return {
        "program": done.program,
        "code": done.code,
        "seconds": round(done.seconds, 3),
        "trouble": done.trouble,
    }
