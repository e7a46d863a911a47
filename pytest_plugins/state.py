"""What one pytest process knows of its evaluation; loaded when the first check is asked for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pytest

from clinigate.config.loader import load_config
from clinigate.core.check import REGISTRY
from clinigate.core.measurement import Measurement
from clinigate.core.observation import Finding
from clinigate.core.plan import Profile
from clinigate.core.target import Target
from clinigate.core.verdict import Status, Verdict
from clinigate.errors import ClinigateError, ConfigError
from clinigate.gate.policy import Demand
from clinigate.pipeline.conclude import Conclusion, conclude
from clinigate.pipeline.evaluation import CheckResult, Evaluation
from clinigate.pipeline.keys import configured_signer
from clinigate.pipeline.reading import last_failed_cases
from clinigate.pipeline.recording import Recording, begin_recording, join_recording
from clinigate.pipeline.setup import Overrides, Setup, prepare
from clinigate.pytest_plugins.clinical import LIMITS, destination, selected_by_flag
from clinigate.reports.terminal import verdict_table

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["RUN_INPUT", "SessionState"]

#: Where an xdist worker finds what it needs to join the controller's run.
RUN_INPUT = "clinigate_run"

UNFINISHED = 2


class SessionState:
    """The evaluation of one pytest process.

    The process that begins a run ends and seals it: pytest's own, or under xdist the controller
    where our options say that an evaluation is meant. Without them each worker that assesses
    something has a run of its own.

    Attributes:
        conclusion: the sealed run, once there is one.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._inherited: dict[str, str] = getattr(config, "workerinput", {}).get(RUN_INPUT, {})
        self.conclusion: Conclusion | None = None
        self._setup: Setup | None = None
        self._evaluation: Evaluation | None = None
        self._recording: Recording | None = None
        self._results: dict[str, CheckResult] = {}
        self._stopped: str | None = None
        self._unreachable = False
        self.trouble: str | None = None

    def prepare(self) -> Setup:
        """Read configuration, policy and options once.

        Raises:
            pytest.UsageError: one of them cannot be meant; pytest ends with its usage exit code.
        """
        if self._setup is None:
            try:
                self._setup = self._read_setup()
            except ClinigateError as error:
                raise pytest.UsageError(f"clinigate: {error}") from None
        return self._setup

    def configured_target(self) -> Target:
        """Build the target that the configuration describes, or fail with one sentence."""
        from clinigate.targets.build import build_target

        loaded = self.prepare().config
        try:
            if loaded.config.target is None:
                raise ConfigError(
                    f"{loaded.source}: no [target]; write one with `clinigate init`, "
                    "or override the fixture clinical_target in conftest.py"
                )
            return build_target(loaded.config.target, base_dir=loaded.base_dir)
        except ClinigateError as error:
            pytest.fail(f"clinigate: {error}", pytrace=False)

    def share_run(self) -> dict[str, str]:
        """On an xdist controller: begin the run and return what a worker needs to join it."""
        recording = self._begin_recording()
        assert recording.run is not None
        return recording.run.environ()

    def begin(self, target: Target) -> None:
        """Start to evaluate. An unreachable target fails every check with one sentence."""
        from clinigate.targets.reach import check_reachable

        REGISTRY.load_entry_points()
        setup = self.prepare()
        recording = self._begin_recording()
        recording.describe(setup, target)
        self._evaluation = Evaluation(setup, target, recording)
        trouble = self._evaluation.ask(check_reachable)
        if trouble is not None:
            self._stopped, self._unreachable = trouble, True
            pytest.fail(f"clinigate: {trouble}", pytrace=False)

    def assess(self, check_id: str, item: pytest.Item) -> None:
        """Run a check, once a session, and let the test end as its verdicts say."""
        result = self._results.get(check_id)
        if result is None:
            assert self._evaluation is not None
            result = self._results[check_id] = self._evaluation.run(REGISTRY.get(check_id))
        for verdict in result.verdicts:
            item.user_properties.append((f"clinigate.{verdict.criterion}", verdict.status.value))
        if result.stopped is not None:
            self._stopped = result.stopped
            item.session.shouldstop = f"clinigate: {result.stopped}"
        self._end(item, result)

    def close(self) -> None:
        """Release the target's connections."""
        if self._evaluation is not None:
            self._evaluation.close()

    def end(self, *, interrupted: str | None) -> None:
        """Say that this process has written all that it will; seal the run if it began it."""
        self._stopped = self._stopped or interrupted
        if self._recording is None:
            return
        self._recording.finish(self._stopped)
        if self._recording.run is None:
            return
        try:
            signer = configured_signer(self.prepare().config)
            self.conclusion = conclude(self._recording.run.directory, signer=signer)
        except ClinigateError as error:
            self.trouble = f"the run was not sealed: {error}"

    def exit_status(self, status: int, *, meant: bool) -> int:
        """Return how the session ends, given how pytest would end it.

        A target that cannot be asked leaves the evaluation unfinished; one that was meant and
        assessed nothing does not end well.
        """
        if self._unreachable:
            return UNFINISHED
        assessed = self.conclusion is not None and any(
            verdict.status is not Status.NOT_ASSESSED
            for verdict in self.conclusion.results.verdicts
        )
        if status == pytest.ExitCode.OK and meant and not assessed:
            return pytest.ExitCode.TESTS_FAILED
        return status

    def summary(self) -> str:
        """The table of criteria and where the evidence is."""
        if self.conclusion is None:
            return self.trouble or ""
        results = self.conclusion.results
        about = [observation.about for observation in results.observations]
        table = verdict_table(
            results.verdicts,
            measurements=[item for item in about if isinstance(item, Measurement)],
            criteria=results.criteria,
            profile=results.plan.profile,
            interrupted=results.interrupted,
        )
        return f"{table}\nevidence: {self.conclusion.place}"

    def _begin_recording(self) -> Recording:
        if self._recording is None:
            if self._inherited:
                name = f"pytest-{self._config.workerinput['workerid']}"  # type: ignore[attr-defined]
                self._recording = join_recording(self._inherited, producer=name)
            else:
                setup = self.prepare()
                signer = configured_signer(setup.config)
                self._recording = begin_recording(setup, producer="pytest", signer=signer)
        return self._recording

    def _read_setup(self) -> Setup:
        option = self._config.getoption
        path: Path | None = option("clinigate_config")
        loaded = load_config(path, start=self._config.invocation_params.dir)
        profile = option("clinigate_profile")
        rerun = option("clinigate_rerun_failed")
        return prepare(
            loaded,
            Overrides(
                limits=self._limits(),
                confidence=option(destination("confidence")),
                seed=option("clinigate_seed"),
                profile=None if profile is None else Profile(profile),
                only_cases=last_failed_cases(loaded.root) if rerun else frozenset(),
                safety_critical=option(destination("safety-critical")),
                environment=option("clinigate_environment"),
            ),
        )

    def _limits(self) -> dict[str, float]:
        given = {name: self._config.getoption(destination(name)) for name in LIMITS}
        return {
            LIMITS[name][0]: value * LIMITS[name][1]
            for name, value in given.items()
            if value is not None
        }

    def _end(self, item: pytest.Item, result: CheckResult) -> None:
        """End the test as the verdicts and the flags say."""
        strict = self._config.getoption(destination("clinical-grade")) or selected_by_flag(item)
        failed = [v for v in result.verdicts if v.status in (Status.FAIL, Status.ERROR)]
        unsettled = [
            verdict
            for verdict in result.verdicts
            if verdict.status in (Status.INCONCLUSIVE, Status.NOT_ASSESSED)
            and self._demand(verdict) is Demand.REQUIRED
        ]
        if failed or (strict and unsettled) or result.stopped:
            pytest.fail(_explain([*failed, *unsettled], result), pytrace=False)
        passed = any(verdict.status is Status.PASS for verdict in result.verdicts)
        if unsettled or not passed:
            pytest.skip(_reasons(unsettled or result.verdicts))

    def _demand(self, verdict: Verdict) -> Demand | None:
        return self.prepare().policy.demand_of(verdict.criterion)


def _reasons(verdicts: Iterable[Verdict]) -> str:
    return "; ".join(f"{v.status} {v.criterion}: {v.reason}" for v in verdicts)


def _explain(verdicts: Iterable[Verdict], result: CheckResult) -> str:
    """Every verdict that counts, then the first cases that show it."""
    lines = [f"{v.status} {v.criterion}: {v.reason}" for v in verdicts]
    if result.stopped:
        lines.insert(0, f"CRITICAL {result.stopped}")
    metrics = {verdict.metric for verdict in verdicts}
    found = [o.about for o in result.observations if isinstance(o.about, Finding)]
    shown = [finding for finding in found if finding.metric in metrics][:SHOWN_FINDINGS]
    lines += [f"  {f.where or ''} case {f.case_id}: {f.message}" for f in shown]
    if shown:
        lines.append(f"  see one with: clinigate repro {shown[0].case_id}")
    return "\n".join(lines)


SHOWN_FINDINGS = 5
