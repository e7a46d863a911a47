"""The HIPAA part of a pytest session; loaded when the first of its tests is set up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from clinigate.core.check import Check
from clinigate.core.judgement import judge_all
from clinigate.core.observation import Observation
from clinigate.core.plan import Plan
from clinigate.core.target import Target
from clinigate.core.verdict import Status
from clinigate.errors import ClinigateError, UsageError
from clinigate.evidence.runs import RUN_VARIABLE
from clinigate.gate.policy import nearest
from clinigate.hipaa.criteria import builtin_criteria
from clinigate.hipaa.named import NAMED, Named
from clinigate.hipaa.premises import Premises, opened
from clinigate.hipaa.run import look
from clinigate.pipeline.evaluation import CheckResult
from clinigate.pipeline.process_run import ProcessRun
from clinigate.pipeline.setup import prepare_producer
from clinigate.pytest_plugins.ending import Terms, end_test
from clinigate.pytest_plugins.hipaa import selected_by_flag
from clinigate.pytest_plugins.options import value
from clinigate.pytest_plugins.session import state_of
from clinigate.pytest_plugins.setup import read_setup
from clinigate.pytest_plugins.showing import properties
from clinigate.pytest_plugins.workers import Report

__all__ = ["HipaaSession", "configured_premises"]


@contextmanager
def configured_premises(config: pytest.Config) -> Iterator[Premises]:
    """Prepare what the configuration names."""
    with _in_one_sentence():
        setup = read_setup(config)
        today = datetime.now(UTC).date()
        with opened(setup.config, today=today):
            pass  # what is missing is told before a run is begun
        context = opened(
            setup.config,
            today=today,
            seed=setup.plan.seed,
            allow_destructive=bool(value(config, "allow-destructive")),
            run=Path(state_of(config).share().run[RUN_VARIABLE]).name,
        )
        premises = context.__enter__()
    try:
        yield premises
    finally:
        context.__exit__(None, None, None)


class HipaaSession:
    """Runs named tests and records what they see in the session's run, each once."""

    def __init__(self, config: pytest.Config, premises: Premises) -> None:
        """Begin the session's run, or join it."""
        self._config = config
        self._premises = premises
        self._results: dict[str, CheckResult] = {}
        self._assessed = False
        with _in_one_sentence():
            self._setup = prepare_producer(
                read_setup(config).config,
                builtin_criteria(),
                environment=value(config, "clinigate-environment"),
            )
            shared = state_of(config).share()
            self._run = ProcessRun.join(shared.run, producer="hipaa", plan=self._setup.plan)
            self._run.recording.announce(_name_of(premises), self._setup.criteria)

    def assess(self, name: str, item: pytest.Item) -> None:
        """Run a test and let it end as its verdict says."""
        __tracebackhide__ = True
        with _in_one_sentence():
            named = _named(name)
            result = self._results.get(name) or self._look(named)
        self._count(result)
        item.user_properties += properties(result.verdicts, run=self._run.id)
        graded = bool(value(self._config, "clinical-grade"))
        terms = Terms(self._setup.policy, graded or selected_by_flag(item), rerun=False)
        end_test(result, result.verdicts, terms)

    def close(self) -> None:
        """End this part of the run."""
        self._run.end(None)

    def _count(self, result: CheckResult) -> None:
        """Tell the session once that it assessed something, without which none ends well."""
        if not self._assessed and result.status is not Status.NOT_ASSESSED:
            self._assessed = True
            state_of(self._config).reports.append(Report(assessed=True))

    def _look(self, named: Named) -> CheckResult:
        seen: list[Observation] = []
        for observation in look(named, self._premises):
            self._run.recording.observation(observation)
            seen.append(observation)
        criteria = [each for each in self._setup.criteria if each.metric == named.metric]
        result = CheckResult(
            _check_of(named, self._premises), tuple(seen), judge_all(criteria, seen)
        )
        self._results[named.name] = result
        return result


def _named(name: str) -> Named:
    try:
        return NAMED[name]
    except KeyError:
        raise UsageError(f"no HIPAA test is named {name!r}; {nearest(name, NAMED)}") from None


def _check_of(named: Named, premises: Premises) -> Check:
    """The named test as a check: what it looks at is the premises, whatever the target."""

    def run(_target: Target, _plan: Plan) -> Iterator[Observation]:
        return look(named, premises)

    return Check(named.check, run, (named.metric,), frozenset(), named.controls)


def _name_of(premises: Premises) -> str:
    return "its attestations" if premises.service is None else premises.service.name


@contextmanager
def _in_one_sentence() -> Iterator[None]:
    """Fail without a traceback for what we say ourselves."""
    __tracebackhide__ = True
    try:
        yield
    except ClinigateError as error:
        raise pytest.fail.Exception(f"clinigate: {error}", pytrace=False) from None
