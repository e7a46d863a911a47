"""One release of a model, from its first question to its sealed evidence and the decision.

1. What could make the comparison mean nothing is refused, before anything is asked.
2. The sentinels are asked.
3. The clinical checks ask all that they ask; what is answered is remembered.
4. The release's own check asks the sentinels again, rules and compares, and leaves the answers.
5. The run is sealed, and the decision follows from its verdicts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from clinigate.clinical.draw import packs_used
from clinigate.clinical.equipment import equipment_of
from clinigate.config.loader import LoadedConfig
from clinigate.core.check import Check
from clinigate.core.results import Results
from clinigate.core.target import Capability, Target
from clinigate.core.verdict import Verdict
from clinigate.errors import ConfigError, TargetError
from clinigate.evidence.envelope import Signer
from clinigate.evidence.trust import TrustStore
from clinigate.modelgate.answers import questions
from clinigate.modelgate.baseline import Asking, Baseline, read_baseline
from clinigate.modelgate.check import ReleaseCheck
from clinigate.modelgate.decision import Decision, decide_release
from clinigate.modelgate.files import with_digests
from clinigate.modelgate.steadiness import Sentinels, ask_first, sentinel_cases
from clinigate.modelgate.watched import WATCHED, Watched
from clinigate.pipeline.conclude import Conclusion
from clinigate.pipeline.evaluate import all_checks
from clinigate.pipeline.evaluation import CheckResult, Evaluation
from clinigate.pipeline.interrupts import undisturbed
from clinigate.pipeline.process_run import ProcessRun, run_from_outside
from clinigate.pipeline.reading import read_results
from clinigate.pipeline.setup import Overrides, Setup, prepare
from clinigate.quality.model_criteria import MODEL_CRITERIA
from clinigate.targets import build_target, check_reachable

__all__ = ["Release", "Released", "gate_model", "prepare_release"]

PRODUCER = "model-gate"
#: The checks of what a model says; how a service keeps its records is not its model's doing.
_CLINICAL = ("CG-CLIN-", "CG-INST-")


@dataclass(frozen=True, slots=True)
class Released:
    """What came of a release.

    Attributes:
        run: the run's id. results: of it. verdicts: on the criteria that the decision speaks of.
        conclusion: the sealed run; None where whoever began it seals it.
        decision: whether the release may go.
        stopped: why the run ended early, if it did.
    """

    run: str
    results: Results
    verdicts: tuple[Verdict, ...]
    conclusion: Conclusion | None
    decision: Decision
    stopped: str | None


@dataclass(frozen=True, slots=True)
class Release:
    """A release, decided in every respect before anything is asked.

    Attributes:
        setup: the evaluation, with the criteria of a release among its own.
        asking: what will be asked. checks: that ask it.
        digests: names of the digests that must be there.
        baseline: what it is held against; None holds it against nothing.
    """

    setup: Setup
    asking: Asking
    checks: tuple[Check, ...]
    digests: tuple[str, ...]
    baseline: Baseline | None = None

    def against(self, bundle: Path, *, trust: TrustStore | None) -> Release:
        """Return it held against a baseline; raises as `read_baseline`."""
        found = read_baseline(bundle, self.asking, trust=trust, policy=self.setup.policy)
        return replace(self, baseline=found)

    def run(
        self,
        target: Target,
        *,
        signer: Signer | None,
        outside: Mapping[str, str] | None = None,
        on_begin: Callable[[Check], None] = lambda _check: None,
        on_end: Callable[[CheckResult], None] = lambda _result: None,
        on_sealed: Callable[[Released], None] = lambda _released: None,
    ) -> Released:
        """Ask, compare, seal and decide. What was recorded is sealed in every case.

        Args:
            target: the release; closed at the end.
            signer: who states the results; None leaves them UNSIGNED.
            outside: variables of a run to join; by default those of this process.
            on_begin: told of each check before it runs.
            on_end: told of each check's outcome.
            on_sealed: told of what came of it, before an error is raised again.

        Raises:
            TargetError: the target cannot be asked; nothing was begun.
            EvidenceError: the evidence cannot be written, or the run to join is gone.
        """
        watched = Watched(target)
        evaluation = Evaluation(self.setup, watched)
        try:
            trouble = evaluation.ask(lambda _: check_reachable(target))
            if trouble is not None:
                raise TargetError(trouble)
            run = self._begin(signer, run_from_outside() if outside is None else outside)
            stopped: str | None = "the run was interrupted"
            try:
                run.recording.describe(self.setup, target)
                stopped = self._ask(evaluation, watched, run, on_begin, on_end)
            except Exception as error:
                stopped = f"the model gate broke with {type(error).__name__}"
                raise
            finally:
                with undisturbed():
                    released = self._ended(run, stopped)
                    on_sealed(released)
        finally:
            evaluation.close()
        return released

    def _begin(self, signer: Signer | None, outside: Mapping[str, str]) -> ProcessRun:
        if outside:
            return ProcessRun.join(outside, producer=PRODUCER, plan=self.setup.plan)
        return ProcessRun.begin(self.setup, producer=PRODUCER, signer=signer)

    def _ask(
        self,
        evaluation: Evaluation,
        watched: Watched,
        run: ProcessRun,
        on_begin: Callable[[Check], None],
        on_end: Callable[[CheckResult], None],
    ) -> str | None:
        """Run the checks; return why they ended early, if they did."""
        sentinels = self._sentinels(evaluation, watched.inner)
        own = ReleaseCheck(
            asking=self.asking,
            watched=watched,
            sentinels=sentinels,
            digests=self.digests,
            baseline=self.baseline,
            store=run.recording.recorder.blob,
        )
        for check in (*self.checks, own.as_check()):
            on_begin(check)
            evaluation.target = watched if check.needs <= WATCHED else watched.inner
            result = evaluation.run(check, run.recording.observation)
            on_end(result)
            if result.stopped is not None:
                return result.stopped
        return None

    def _sentinels(self, evaluation: Evaluation, target: Target) -> Sentinels | None:
        if Capability.CRISIS not in target.capabilities:
            return None
        plan = self.setup.plan
        return evaluation.ask(lambda _: ask_first(target, sentinel_cases(plan), plan))

    def _ended(self, run: ProcessRun, stopped: str | None) -> Released:
        conclusion = run.end(stopped)
        results = read_results(run.directory) if conclusion is None else conclusion.results
        own = {criterion.id for criterion in self.setup.criteria}
        verdicts = tuple(each for each in results.verdicts if each.criterion in own)
        decision = decide_release(
            self.setup.policy, self.setup.criteria, verdicts, self.setup.plan, stopped=stopped
        )
        return Released(run.id, results, verdicts, conclusion, decision, stopped)


def gate_model(
    config: LoadedConfig,
    target: Target | None = None,
    *,
    baseline: Path | None,
    trust: TrustStore | None = None,
    signer: Signer | None = None,
    overrides: Overrides | None = None,
) -> Released:
    """Judge a model's release in one call; `Released.decision` says whether it may go.

    Args:
        config: names the release's digests, and its target.
        target: the release, where it is not `[target]`.
        baseline: bundle of the model in use; None leaves everything relative unassessed, so that
            the release may not go, but its answers are remembered.
        trust: the keys whose signatures count on the baseline.
        signer: who states the results; None leaves them UNSIGNED.
        overrides: what options add.

    Raises:
        ClinigateError: as `prepare_release`, `Release.against` and `Release.run`.
    """
    loaded = with_digests(config)
    release = prepare_release(loaded, loaded.config.model_gate.digests, overrides)
    if baseline is not None:
        release = release.against(baseline, trust=trust)
    if target is None:
        if loaded.config.target is None:
            raise ConfigError(f"{loaded.source}: has no [target]; say where the release answers")
        target = build_target(loaded.config.target, base_dir=loaded.base_dir)
    return release.run(target, signer=signer)


def prepare_release(
    config: LoadedConfig, digests: Sequence[str], overrides: Overrides | None = None
) -> Release:
    """Combine configuration, policy and options into what a release will be asked.

    Raises:
        ConfigError, PolicyError, PackError: one of these is wrong.
        CheckDefinitionError: a check does not load.
        UsageError: an option is looser than the policy.
    """
    # A release answers for itself: what an earlier run was told is no answer of it.
    given = replace(overrides or Overrides(), reply_cache=False)
    setup = prepare(config, given)
    demanded = {
        each.id: each for each in setup.policy.criteria(MODEL_CRITERIA, elsewhere=lambda _id: True)
    }
    own = tuple(
        demanded.get(each.id, each).tightened(confidence=given.confidence)
        for each in MODEL_CRITERIA
    )
    plan = setup.plan
    asked = max((each.confidence for each in own), default=plan.confidence)
    plan = replace(plan, confidence=max(plan.confidence, asked))
    setup = replace(setup, plan=plan, criteria=(*setup.criteria, *own))
    asking = Asking(setup.subject, plan, packs_used(plan), questions(plan))
    equipment = equipment_of(config)
    checks = tuple(
        equipment.given_to(check) for check in all_checks() if check.id.startswith(_CLINICAL)
    )
    return Release(setup, asking, checks, tuple(digests))
