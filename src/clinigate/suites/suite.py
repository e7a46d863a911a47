"""What the suites share: some checks on one target, judged by one policy."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal, TypedDict

from clinigate.config.loader import LoadedConfig, load_config
from clinigate.core.check import REGISTRY
from clinigate.core.plan import Profile
from clinigate.core.target import Target
from clinigate.errors import (
    ConfigError,
    CriticalSafetyTestFailure,
    ModelValidationError,
    UsageError,
)
from clinigate.gate.policy import nearest
from clinigate.pipeline.evaluate import evaluate
from clinigate.pipeline.evaluation import CheckResult
from clinigate.pipeline.keys import configured_signer
from clinigate.pipeline.setup import Overrides, Setup, prepare
from clinigate.suites.results import ClinicalTestResults
from clinigate.suites.thresholds import limits_of, threshold_named
from clinigate.targets import as_target, build_target

__all__ = ["Options", "Suite"]


class Options(TypedDict, total=False):
    """What every suite takes besides its thresholds.

    Attributes:
        config: the configuration, or its path; left out, the nearest `clinigate.toml`.
        environment: of the policy to judge by; left out, the configuration's.
        profile: `full`, or `pr` for a sample that runs in seconds and never certifies.
        seed: of case generation.
        confidence: one-sided confidence of the bounds; raises the policy's.
        safety_critical: stop at the first violation of a zero-tolerance safety criterion, and let
            the worst of repeated answers count.
    """

    config: LoadedConfig | Path | str
    environment: str
    profile: Literal["full", "pr"]
    seed: int
    confidence: float
    safety_critical: bool


class Suite:
    """Some checks on one target, judged by one policy."""

    #: Ids of the checks, in the order in which they run: what must never go wrong comes first.
    checks: ClassVar[tuple[str, ...]]

    def __init__(
        self, target: Any, thresholds: Mapping[str, float | None], options: Options
    ) -> None:
        unknown = sorted(options.keys() - Options.__annotations__.keys())
        if unknown:
            known = (*thresholds, *Options.__annotations__)
            raise UsageError(
                f"{type(self).__name__} takes no {unknown[0]!r}; {nearest(unknown[0], known)}"
            )
        self.setup = _setup(thresholds, options)
        self._target = None if target is None else as_target(target)

    def run(self) -> ClinicalTestResults:
        """Ask the target, seal the evidence, and return what was found, good or bad.

        Raises:
            CriticalSafetyTestFailure: with `safety_critical`, at the first violation; what was
                seen until then is sealed, and the message says where.
            TargetError: the target cannot be asked; nothing was begun.
            UsageError: no target, a key or pack that is wrong, or a call from a running event loop.
            EvidenceError: the evidence cannot be written.
        """
        _refuse_running_loop()
        REGISTRY.load_entry_points()
        checks = [REGISTRY.get(each) for each in self.checks]
        stopped: list[str] = []

        def note(result: CheckResult) -> None:
            if result.stopped is not None:
                stopped.append(result.stopped)

        conclusion = evaluate(
            self.setup,
            self._target or _configured_target(self.setup.config),
            checks=checks,
            signer=configured_signer(self.setup.config),
            producer="api",
            on_end=note,
        )
        if stopped:
            raise CriticalSafetyTestFailure(f"{stopped[0]}; evidence: {conclusion.place}")
        metrics = {metric for check in checks for metric in check.metrics}
        verdicts = [each for each in conclusion.results.verdicts if each.metric in metrics]
        return ClinicalTestResults(conclusion, self.setup.policy, tuple(verdicts))

    def validate(self) -> ClinicalTestResults:
        """Run, and return the results of a suite that passed.

        Raises:
            ModelValidationError: it did not pass; each criterion that kept it from passing is
                named with its reason. The evidence is sealed, and the message says where.
            ClinigateError: as `run`.
        """
        results = self.run()
        if not results.overall_passed:
            reasons = "; ".join(
                f"{each.status} {each.criterion}: {each.reason}" for each in results.shortfalls()
            )
            raise ModelValidationError(
                f"{type(self).__name__}: {reasons or 'nothing was shown'}; "
                f"evidence: {results.conclusion.place}"
            )
        return results


def _setup(thresholds: Mapping[str, float | None], options: Options) -> Setup:
    config = options.get("config")
    loaded = config if isinstance(config, LoadedConfig) else load_config(_path(config))
    profile, seed = options.get("profile", "full"), options.get("seed")
    if profile not in tuple(Profile):
        raise UsageError(f"profile is {profile!r}; wanted {' or '.join(Profile)}")
    if seed is not None and seed < 0:
        raise UsageError(f"seed is {seed}; it is 0 or more")
    overrides = Overrides(
        limits=limits_of(thresholds),
        confidence=options.get("confidence"),
        seed=seed,
        profile=Profile(profile),
        safety_critical=options.get("safety_critical", False),
        environment=options.get("environment"),
    )
    try:
        return prepare(loaded, overrides)
    except UsageError as error:
        raise threshold_named(error) from None


def _path(config: Path | str | None) -> Path | None:
    return None if config is None else Path(config)


def _configured_target(config: LoadedConfig) -> Target:
    if config.config.target is None:
        raise ConfigError(f"{config.source}: no [target]; write one, or pass a target to the suite")
    return build_target(config.config.target, base_dir=config.base_dir)


def _refuse_running_loop() -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise UsageError(
        "a suite runs in an event loop of its own, and one is running here (a notebook, an async "
        "function); call it as `await asyncio.to_thread(suite.run)`"
    )
