"""Run one check on one target. What goes wrong becomes an observation, never a silence."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from clinigate.core.blame import blame
from clinigate.core.canonical import canonical_text
from clinigate.core.check import Check
from clinigate.core.codec import to_plain
from clinigate.core.exhibit import Exhibit
from clinigate.core.observation import Fault, Finding, Gap, Observation
from clinigate.core.plan import Plan
from clinigate.core.target import Target
from clinigate.errors import CheckDefinitionError, ClinigateError, CriticalSafetyTestFailure

__all__ = ["assess"]


async def assess(check: Check, target: Target, plan: Plan) -> AsyncIterator[Observation]:
    """Yield what the check observes, as it observes it.

    A capability that the target lacks yields a `Gap` for each metric. An exception of the check
    yields a `Fault` for each metric, measured or not: what it had still to say, of another scope or
    against what it said, nobody knows. A metric that the check promised and never mentioned is a
    `Fault` too.

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
            _refuse_unwritable(observation)
            if not isinstance(observation.about, Finding | Exhibit):
                open_metrics.discard(observation.about.metric)
            yield observation
    except CriticalSafetyTestFailure:
        raise
    except Exception as error:  # noqa: BLE001 - a check is a plugin; its error is a verdict
        open_metrics = set(check.metrics)
        reason = f"the check broke: {_said(error)}"
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


def _refuse_unwritable(observation: Observation) -> None:
    """Raise where evidence cannot hold what was observed: better here, by the name of the check."""
    try:
        canonical_text(to_plain(observation))
    except (TypeError, ValueError) as error:
        raise CheckDefinitionError(
            f"it yields what does not go into JSON ({type(error).__name__})"
        ) from error


def _said(error: Exception) -> str:
    """Our own errors say nothing that may not be read; others may quote what somebody said."""
    return str(error) if isinstance(error, ClinigateError) else blame(error)


def _observe(check: Check, about: Gap | Fault) -> Observation:
    return Observation(check.id, about, check.controls)
