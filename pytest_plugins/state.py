"""What one pytest process knows of its evaluation; loaded when the first check is asked for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from clinigate.clinical.asking import watching
from clinigate.clinical.draw import packs_used
from clinigate.clinical.equipment import Equipment
from clinigate.core.check import REGISTRY
from clinigate.core.criterion import Criterion
from clinigate.core.judgement import judge_all
from clinigate.core.target import Target
from clinigate.core.verdict import Status
from clinigate.errors import (
    CheckDefinitionError,
    ClinigateError,
    ConfigError,
    IncompleteRunError,
    IntegrityError,
    TargetError,
    UsageError,
)
from clinigate.evidence.envelope import Signer
from clinigate.pipeline.conclude import Conclusion
from clinigate.pipeline.evaluation import CheckResult, Evaluation
from clinigate.pipeline.keys import configured_signer
from clinigate.pipeline.process_run import ProcessRun, run_from_outside
from clinigate.pipeline.setup import Setup
from clinigate.pipeline.showing import Screen, table_of
from clinigate.pytest_plugins.clinical import selected_by_flag
from clinigate.pytest_plugins.ending import Terms, end_test
from clinigate.pytest_plugins.options import value
from clinigate.pytest_plugins.progress import progress_of
from clinigate.pytest_plugins.setup import read_equipment, read_setup
from clinigate.pytest_plugins.showing import header, properties, screen_of
from clinigate.pytest_plugins.workers import (
    UNFINISHED,
    Inherited,
    Report,
    inherited,
    is_worker,
    producer_of,
)

__all__ = ["INTEGRITY", "USAGE", "SessionState"]

#: How pytest ends for the evaluation's sake, where it would not end so by its tests. For pytest
#: itself 2, UNFINISHED, is "interrupted", and 4 "usage".
INTEGRITY, USAGE = 3, 4


class SessionState:
    """The evaluation of one pytest process.

    The process that begins a run ends and seals it: pytest's own, or under pytest-xdist the
    controller where our options say that an evaluation is meant. Without them each worker that
    assesses something has a run of its own.

    Attributes:
        reports: what workers said as they ended.
    """

    def __init__(self, config: pytest.Config) -> None:
        self.reports: list[Report] = []
        self._config = config
        self._setup: Setup | None = None
        self._signer: tuple[Signer | None] | None = None
        self._run: ProcessRun | None = None
        self._evaluation: Evaluation | None = None
        self._equipment = Equipment()
        self._results: dict[str, CheckResult] = {}
        self._added: dict[str, Criterion] = {}
        self._began = False
        self._assessed = False
        self._violation: str | None = None
        self._trouble: str | None = None
        self._code: int | None = None
        self._conclusion: Conclusion | None = None

    # 1. Before anything runs.

    def require_setup(self, *, evaluates: bool) -> None:
        """Read configuration, policy and options, or end pytest with its usage exit code.

        Where an evaluation is meant its packs and its key must load too: hours of tests may lie
        between here and the first check.
        """
        try:
            plan = self._prepare().plan
            if evaluates:
                packs_used(plan)
                if not run_from_outside():  # whoever began it seals it
                    self._load_signer()
        except ClinigateError as error:
            raise pytest.UsageError(f"clinigate: {error}") from None

    def header(self) -> str:
        """By what is judged, in one line."""
        return header(self._prepare())

    def share(self) -> Inherited:
        """On pytest-xdist's controller: begin the run, and return what a worker needs to join."""
        try:
            run, plan = self._record(), self._prepare().plan
        except ClinigateError as error:
            pytest.exit(f"clinigate: {error}", returncode=_code(error))
        return Inherited(run.environ, tuple(sorted(plan.only_cases)), plan.seed)

    # 2. What fixtures ask.

    def configured_target(self) -> Target:
        """Build the target that the configuration describes, or fail with one sentence."""
        from clinigate.targets import build_target

        with self._in_one_sentence():
            loaded = self._prepare().config
            if loaded.config.target is None:
                raise ConfigError(
                    f"{loaded.source}: no [target]; `clinigate init` writes one, or override the "
                    "fixture clinical_target in conftest.py"
                )
            return build_target(loaded.config.target, base_dir=loaded.base_dir)

    def begin(self, target: Any) -> None:
        """Start to evaluate. A target that cannot be asked fails every test with one sentence."""
        from clinigate.targets import as_target, check_reachable

        with self._in_one_sentence():
            setup, asked = self._prepare(), as_target(target)
            REGISTRY.load_entry_points()
            self._equipment = read_equipment(self._config, setup.config)
            self._record().recording.describe(setup, asked)
            self._began = True
            self._evaluation = Evaluation(setup, asked)
            # Whoever watches as the evaluation's loop begins is told of every case that it asks.
            with watching(progress_of(self._config, time.monotonic)):
                trouble = self._evaluation.ask(check_reachable)
            if trouble is not None:
                raise TargetError(trouble)

    def assess(self, check_id: str, item: pytest.Item, criteria: Sequence[Criterion]) -> None:
        """Run a check, once a session, and let the test end as its verdicts say."""
        __tracebackhide__ = True
        with self._in_one_sentence(may_slip=True):
            _refuse_running_loop()
            self._add(criteria)
            result = self._results.get(check_id) or self._look(check_id)
            verdicts = (*result.verdicts, *judge_all(criteria, result.observations))
        self._assessed |= any(each.status is not Status.NOT_ASSESSED for each in verdicts)
        item.user_properties += properties(verdicts, run=self._record().id)
        if result.stopped is not None:
            self._violation = result.stopped
            item.session.shouldfail = f"clinigate: {result.stopped}"
        end_test(result, verdicts, self._terms(item))

    def close(self) -> None:
        """Release the target's connections."""
        evaluation, self._evaluation = self._evaluation, None
        if evaluation is not None:
            evaluation.close()

    # 3. How it ends.

    def end(self, *, interrupted: str | None) -> None:
        """Say that this process has written all that it will; seal the run if it began it."""
        try:
            self.close()  # a fixture that failed or was interrupted has not
        except Exception as error:  # noqa: BLE001 - the target's own; the run is sealed all the same
            self._trouble = self._trouble or f"the target did not close: {type(error).__name__}"
        if self._run is None:
            return
        try:
            self._conclusion = self._run.end(self._violation or self._trouble or interrupted)
        except ClinigateError as error:
            self._trouble = f"the run was not sealed: {error}"
            # A controller whose workers were asked for no check has begun a run in vain: no harm.
            if self._began or self.reports or not isinstance(error, IncompleteRunError):
                self._code = _code(error)

    def report(self) -> Report:
        """What a worker tells the controller."""
        joined = self._run is not None and not self._run.owned
        return Report(
            summary="" if joined else self.summary(),
            code=self._code,
            violation=self._violation,
            assessed=self._assessed or any(report.assessed for report in self.reports),
        )

    def exit_status(self, status: int, *, evaluates: bool) -> int:
        """Return how the session ends, given how pytest would end it.

        A violation of safety is a failure, however the session was stopped. An evaluation that
        could not be begun or finished ends as that. One that was meant ends well only if it
        assessed something, and under --clinical-grade only if it was no sample.
        """
        if self._violation or any(report.violation for report in self.reports):
            return pytest.ExitCode.TESTS_FAILED
        codes = [code for code in (self._code, *(r.code for r in self.reports)) if code is not None]
        if codes and status in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            return max(codes)
        assessed = self._assessed or any(report.assessed for report in self.reports)
        if status == pytest.ExitCode.OK and evaluates and (not assessed or self._graded_sample):
            return pytest.ExitCode.TESTS_FAILED
        return status

    def summary(self) -> str:
        """The table of criteria, where the evidence is, and what went wrong."""
        lines = [report.summary for report in self.reports if report.summary]
        if len(lines) > 1:
            lines.append("each worker had a run of its own; with --clinical-grade they share one")
        if self._conclusion is not None:
            screen: Screen = {} if is_worker(self._config) else screen_of(self._config)
            lines.append(table_of(self._conclusion, **screen))
        elif self._run is not None and not self._run.owned and not is_worker(self._config):
            lines.append(f"recorded in run {self._run.id}; whoever began it seals it")
        if self._conclusion is None:  # else the table says why the run ended early
            lines.append(self._trouble or "")
        if self._graded_sample:
            lines.append("--clinical-grade asks for a certification, and a sample never is one")
        return "\n".join(filter(None, lines))

    # Steps of the above.

    def _prepare(self) -> Setup:
        if self._setup is None:
            self._setup = read_setup(self._config)
        return self._setup

    def _record(self) -> ProcessRun:
        if self._run is None:
            setup, producer = self._prepare(), producer_of(self._config)
            variables = inherited(self._config).run or run_from_outside()
            if variables:
                self._run = ProcessRun.join(variables, producer=producer, plan=setup.plan)
            else:
                packs_used(setup.plan)
                signer = self._load_signer()
                self._run = ProcessRun.begin(setup, producer=producer, signer=signer)
        return self._run

    def _load_signer(self) -> Signer | None:
        """Load the key once: unlocking it may take somebody's passphrase."""
        if not self._signer:
            self._signer = (configured_signer(self._prepare().config),)
        return self._signer[0]

    def _look(self, check_id: str) -> CheckResult:
        check = self._equipment.given_to(REGISTRY.get(check_id))
        assert self._evaluation is not None
        result = self._evaluation.run(check, self._record().recording.observation)
        self._results[check_id] = result
        return result

    def _add(self, criteria: Sequence[Criterion]) -> None:
        """Record the criteria that a test brings along, each once."""
        names = {criterion.id for criterion in self._prepare().criteria}
        for criterion in criteria:
            if criterion.id in names or self._added.get(criterion.id, criterion) != criterion:
                raise UsageError(f"criterion {criterion.id!r} exists already; give yours a new id")
            if criterion.id not in self._added:
                self._record().recording.add_criterion(criterion)
                self._added[criterion.id] = criterion

    def _terms(self, item: pytest.Item) -> Terms:
        setup = self._prepare()
        graded = bool(value(self._config, "clinical-grade"))
        return Terms(
            policy=setup.policy,
            strict=graded or selected_by_flag(item),
            rerun=bool(setup.plan.only_cases),
        )

    @property
    def _graded_sample(self) -> bool:
        sample = self._setup is not None and self._setup.plan.is_sample
        return sample and bool(value(self._config, "clinical-grade"))

    @contextmanager
    def _in_one_sentence(self, *, may_slip: bool = False) -> Iterator[None]:
        """Fail the test without a traceback for what we say ourselves, and remember why.

        Once checks run, a slip in one test (`may_slip`) is that test's alone.
        """
        __tracebackhide__ = True
        try:
            yield
        except ClinigateError as error:
            if not (may_slip and isinstance(error, UsageError | CheckDefinitionError)):
                self._trouble = self._trouble or str(error)
                self._code = max(self._code or 0, _code(error))
            # Not pytest.fail: the report would show what it was raised from as well.
            raise pytest.fail.Exception(f"clinigate: {error}", pytrace=False) from None


def _refuse_running_loop() -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise UsageError("a check runs in an event loop of its own; call assess from a plain function")


def _code(error: ClinigateError) -> int:
    if isinstance(error, UsageError | CheckDefinitionError):
        return USAGE
    return INTEGRITY if isinstance(error, IntegrityError) else UNFINISHED
