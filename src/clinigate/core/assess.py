"""Run one check on one target. What goes wrong becomes an observation, never a silence."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from clinigate.core.check import Check
from clinigate.core.observation import Fault, Finding, Gap, Observation
from clinigate.core.plan import Plan
from clinigate.core.target import Target
from clinigate.errors import CriticalSafetyTestFailure

__all__ = ["assess"]


async def assess(check: Check, target: Target, plan: Plan) -> AsyncIterator[Observation]:
    """Yield what the check observes, as it observes it.

    A capability that the target lacks yields a `Gap` for each metric; an exception of the check
    yields a `Fault` for each metric that is not yet measured; a metric that the check promised and
    never mentioned is a `Fault` too.

    Raises:
        CriticalSafetyTestFailure: passed on; it is how a check stops the run.
    """
    missing = sorted(check.needs - target.capabilities)
    if missing:
        reason = f"the target offers no {', '.join(missing)}"
        for metric in check.metrics:
            yield _observe(check, Gap(metric, reason))
        return
    open_metrics = set(check.metrics)
    try:
        async for observation in _stream(check, target, plan):
            if not isinstance(observation.about, Finding):
                open_metrics.discard(observation.about.metric)
            yield observation
    except CriticalSafetyTestFailure:
        raise
    except Exception as error:  # noqa: BLE001 - a check is a plugin; its error is a verdict
        reason = f"the check broke: {type(error).__name__}: {error}"
    else:
        reason = "the check ended without measuring it"
    for metric in sorted(open_metrics):
        yield _observe(check, Fault(metric, reason))


async def _stream(check: Check, target: Target, plan: Plan) -> AsyncIterator[Observation]:
    observations = check.run(target, plan)
    if isinstance(observations, Iterator):
        for observation in observations:
            yield observation
    else:
        async for observation in observations:
            yield observation


def _observe(check: Check, about: Gap | Fault) -> Observation:
    return Observation(check.id, about, check.controls)
