"""One evaluation of one target: run checks, record what they observe, judge by the criteria."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from clinigate.clinical.certainty import price_of
from clinigate.core.assess import assess
from clinigate.core.check import Check
from clinigate.core.judgement import judge_all
from clinigate.core.measurement import Measurement
from clinigate.core.observation import Observation
from clinigate.core.target import Target
from clinigate.core.verdict import Status, Verdict, worst
from clinigate.errors import CriticalSafetyTestFailure
from clinigate.pipeline.reply_cache import caching
from clinigate.pipeline.setup import Setup

__all__ = ["CheckResult", "Evaluation", "Sink"]

T = TypeVar("T")


#: Where observations go: the recorder of a run. What it was given is safe once it returns.
Sink = Callable[[Observation], None]


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check saw, and the verdicts on the criteria that its metrics serve.

    Attributes:
        stopped: the sentence of a `CriticalSafetyTestFailure`, where one stopped the check.
    """

    check: Check
    observations: tuple[Observation, ...]
    verdicts: tuple[Verdict, ...]
    stopped: str | None = None

    @property
    def status(self) -> Status:
        """The gravest verdict."""
        return worst(verdict.status for verdict in self.verdicts)


class Evaluation:
    """Runs checks on one target, one after the other, in one event loop.

    The loop lives as long as the evaluation: a target's connection pool belongs to it. Whoever
    watches (`clinigate.clinical.asking.watching`) when it first runs is told of every case.

    Where the plan allows it, answers of earlier runs stand in for asking; each measurement says so.

    Raises:
        UsageError, EvidenceError: as `reply_cache.caching`.
    """

    def __init__(self, setup: Setup, target: Target) -> None:
        self.setup = setup
        self._cache = caching(setup, target) if setup.plan.reply_cache else None
        self.target: Target = self._cache or target
        self._runner = asyncio.Runner()

    def run(self, check: Check, sink: Sink) -> CheckResult:
        """Run one check to its end and judge the criteria of its metrics.

        A critical safety failure ends the check; `CheckResult.stopped` then says why, and what was
        observed until then is recorded and judged like everything else.
        """
        observations, stopped = self._call(self._observe(check, sink))
        criteria = [c for c in self.setup.criteria if c.metric in check.metrics]
        return CheckResult(check, observations, judge_all(criteria, observations), stopped)

    def ask(self, question: Callable[[Target], Coroutine[Any, Any, T]]) -> T:
        """Run any coroutine over the target in the evaluation's loop."""
        return self._call(question(self.target))

    def close(self) -> None:
        """Release the target's connections and the loop.

        After a second Ctrl-C the loop is beyond use; what it holds goes when the process does.
        """
        ending = self.target.aclose()
        with suppress(RuntimeError):
            try:
                self._call(ending)
            finally:
                # Of one that was never begun Python would warn.
                ending.close()
                self._runner.close()

    async def _observe(
        self, check: Check, sink: Sink
    ) -> tuple[tuple[Observation, ...], str | None]:
        seen: list[Observation] = []
        if self._cache is not None:
            self._cache.begin()
        try:
            async for observation in assess(check, self.target, self.setup.plan):
                told = self._with_caveats(observation)
                sink(told)
                seen.append(told)
        except CriticalSafetyTestFailure as failure:
            return tuple(seen), str(failure)
        return tuple(seen), None

    def _with_caveats(self, observation: Observation) -> Observation:
        """Say beside a number what it cost in certainty to ask less, or to ask another day."""
        plan, about = self.setup.plan, observation.about
        if not isinstance(about, Measurement):
            return observation
        said = [] if self._cache is None else [self._cache.policy()]
        if plan.sample < 1 and not plan.only_cases:  # selected cases are asked, whatever the share
            said.append(price_of(about, share=plan.sample, confidence=plan.confidence))
        caveats = (*about.caveats, *filter(None, said))
        return replace(observation, about=replace(about, caveats=caveats))

    def _call(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(coroutine)
