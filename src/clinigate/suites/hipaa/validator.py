"""HIPAA's safeguards from Python: run the tests of some kinds, and read what came of each."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from clinigate.config.loader import LoadedConfig, load_config
from clinigate.core.verdict import Status
from clinigate.errors import ModelValidationError, UsageError
from clinigate.evidence.recorder import Recorder
from clinigate.evidence.runs import RUN_VARIABLE
from clinigate.gate.policy import Demand, Policy, nearest
from clinigate.hipaa.criteria import builtin_criteria
from clinigate.hipaa.named import NAMED, Named, Safeguard
from clinigate.hipaa.premises import Premises, opened
from clinigate.hipaa.run import run_named
from clinigate.pipeline.keys import configured_signer
from clinigate.pipeline.producing import Produced, produce_into_run
from clinigate.pipeline.setup import prepare_producer
from clinigate.pipeline.showing import results_table

__all__ = ["HIPAAComplianceResults", "HIPAAComplianceValidator", "HIPAATestResult"]

_ALL = tuple(str(each) for each in Safeguard)


@dataclass(frozen=True, slots=True)
class HIPAATestResult:
    """What came of one test.

    Attributes:
        test: its name, as `audit_trail`. safeguard: its kind, as `technical`.
        title: what must hold. clauses: those that it speaks to.
        verdict: as it came out. reason: why, in a sentence.
        required: whether the policy lets nothing but a PASS through.
    """

    test: str
    safeguard: str
    title: str
    clauses: tuple[str, ...]
    verdict: Status
    reason: str
    required: bool


@dataclass(frozen=True, slots=True)
class HIPAAComplianceResults:
    """What came of all of them. `tests`: each in its order. `produced`: the run."""

    tests: tuple[HIPAATestResult, ...]
    produced: Produced

    @property
    def overall_passed(self) -> bool:
        """Whether every test that counts is PASS, one at least, in a run that came to its end.

        It says that these tests found nothing, not that the organisation complies.
        """
        passed = any(each.verdict is Status.PASS for each in self.tests)
        return passed and self.produced.stopped is None and not self.shortfalls()

    @property
    def evidence(self) -> Path | None:
        """The directory of the sealed bundle; None in a run that somebody else seals."""
        conclusion = self.produced.conclusion
        return None if conclusion is None else conclusion.bundle.path

    def shortfalls(self) -> tuple[HIPAATestResult, ...]:
        """Return the tests that keep the suite from passing."""
        return tuple(
            each for each in self.tests if each.required and each.verdict is not Status.PASS
        )

    def of(self, test: str) -> HIPAATestResult:
        """Return what came of a test, by its name.

        Raises:
            UsageError: it was not run.
        """
        for each in self.tests:
            if each.test == test:
                return each
        raise UsageError(f"no test {test!r} here; {nearest(test, [t.test for t in self.tests])}")

    def by_clause(self) -> Mapping[str, tuple[HIPAATestResult, ...]]:
        """Return the tests that speak to each clause."""
        found: dict[str, list[HIPAATestResult]] = {}
        for each in self.tests:
            for clause in each.clauses:
                found.setdefault(clause, []).append(each)
        return {clause: tuple(tests) for clause, tests in sorted(found.items())}

    def summary(self, *, width: int = 110) -> str:
        """Return the table of verdicts with a reason for every one that is not PASS."""
        produced = self.produced
        table = results_table(produced.results, verdicts=produced.verdicts, width=width)
        word = "yes" if self.overall_passed else "no"
        where = self.evidence or f"run {produced.run}, which somebody else seals"
        return f"{table}\noverall passed: {word}\nevidence: {where}"


class HIPAAComplianceValidator:
    """Runs the tests of HIPAA's safeguards on what the configuration describes."""

    def __init__(
        self,
        *,
        config: LoadedConfig | Path | str | None = None,
        environment: str | None = None,
        allow_destructive: bool = False,
        premises: Premises | None = None,
    ) -> None:
        """Read the configuration; nothing is asked yet.

        Args:
            config: the configuration, or its path; left out, the nearest `clinigate.toml`.
            environment: of the policy to judge by; left out, the configuration's.
            allow_destructive: whether probes may lock an account of their own, or alter a record
                of their own; in production nothing of it is done whatever stands here.
            premises: what to look at in place of what `[target]` and `[hipaa]` name.

        Raises:
            ConfigError, PolicyError: configuration or policy is wrong.
        """
        path = Path(config) if isinstance(config, str) else config
        self._config = path if isinstance(path, LoadedConfig) else load_config(path)
        self._environment = environment
        self._allow_destructive = allow_destructive
        self._premises = premises
        self._policy = prepare_producer(self._config, (), environment=environment).policy

    def run_full_compliance_suite(self, safeguards: Sequence[str] = _ALL) -> HIPAAComplianceResults:
        """Run the tests of these kinds, seal the evidence, and return what was found.

        Args:
            safeguards: some of `technical`, `administrative`, `physical` and `privacy`.

        Raises:
            UsageError: there is no such kind, or none is given.
            ConfigError: what the configuration names is missing; nothing was begun.
            EvidenceError: the evidence cannot be written.
        """
        tests = _tests_of(safeguards)
        with self._looked_at(""):
            pass  # what is missing is told before a run is begun

        def work(recorder: Recorder, environ: Mapping[str, str]) -> None:
            with self._looked_at(Path(environ[RUN_VARIABLE]).name) as premises:
                run_named(recorder, premises, tests=tests)

        metrics = {named.metric for named in tests}
        produced = produce_into_run(
            self._config,
            producer="hipaa",
            target=f"HIPAA suite of {self._config.config.subject.name}",
            criteria=[each for each in builtin_criteria() if each.metric in metrics],
            work=work,
            signer=configured_signer(self._config),
            environment=self._environment,
        )
        return HIPAAComplianceResults(_results_of(tests, produced, self._policy), produced)

    def validate(self, safeguards: Sequence[str] = _ALL) -> HIPAAComplianceResults:
        """Run, and return the results of a suite that passed.

        Raises:
            ModelValidationError: it did not; each test that kept it from passing is named.
            ClinigateError: as `run_full_compliance_suite`.
        """
        results = self.run_full_compliance_suite(safeguards)
        if not results.overall_passed:
            reasons = "; ".join(
                f"{each.verdict} {each.test}: {each.reason}" for each in results.shortfalls()
            )
            raise ModelValidationError(
                f"{type(self).__name__}: {reasons or 'nothing was shown'}; "
                f"evidence: {results.evidence or results.produced.run}"
            )
        return results

    @contextmanager
    def _looked_at(self, run: str) -> Iterator[Premises]:
        if self._premises is not None:
            yield self._premises
            return
        with opened(
            self._config,
            today=datetime.now().astimezone().date(),
            environ=os.environ,
            allow_destructive=self._allow_destructive,
            run=run,
        ) as premises:
            yield premises


def _tests_of(safeguards: Sequence[str]) -> tuple[Named, ...]:
    if isinstance(safeguards, str):
        raise UsageError(f"safeguards is the text {safeguards!r}; give a list, as ['technical']")
    unknown = [each for each in safeguards if each not in _ALL]
    if unknown:
        raise UsageError(f"no safeguard {unknown[0]!r}; {nearest(unknown[0], _ALL)}")
    tests = tuple(named for named in NAMED.values() if named.safeguard in safeguards)
    if not tests:
        raise UsageError(f"no safeguard is given; there are {', '.join(_ALL)}")
    return tests


def _results_of(
    tests: Sequence[Named], produced: Produced, policy: Policy
) -> tuple[HIPAATestResult, ...]:
    verdicts = {each.criterion: each for each in produced.verdicts}
    found = []
    for named in tests:
        verdict = verdicts[named.metric]
        required = policy.demand_of(verdict.criterion) in (None, Demand.REQUIRED)
        no_fail = policy.demand_of(verdict.criterion) is Demand.NO_FAIL
        broken = verdict.status in (Status.FAIL, Status.ERROR)
        found.append(
            HIPAATestResult(
                named.name,
                str(named.safeguard),
                named.title,
                named.controls,
                verdict.status,
                verdict.reason,
                required or (no_fail and broken),
            )
        )
    return tuple(found)
