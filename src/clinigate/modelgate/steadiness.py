"""Whether a service answers at the end of a run as it did at the beginning.

A model behind a session, a cache, a queue of adapters or a budget may change its answers with the
calls that it has served, and an evaluation would never see it: each case is asked once. So some
cases are asked first, at once again, and again after everything else. What changes from one call to
the next is chance; what changes more often over the whole run is drift.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from clinigate.clinical import draw
from clinigate.clinical.asking import Asked, ask_all
from clinigate.clinical.rightness import seconds_taken
from clinigate.core.case import Case
from clinigate.core.plan import Plan
from clinigate.core.target import Capability, Outcome, Reply, Target
from clinigate.measure.hostguard import HostGuard
from clinigate.modelgate.answers import one_a_core

__all__ = ["Sentinel", "Sentinels", "ask_first", "ask_last", "sentinel_cases"]

_MOST = 120
#: As of CG-CLIN-LATENCY-001: the evaluation's own load is not timed.
_CONCURRENCY = 2
_WAITS = 8
#: Probabilities that differ by less are the same answer.
_SAME_SCORE = 0.1
#: Seeds of the three askings, apart from those of the checks: no cache of replies answers for them.
_SEEDS = (7_001, 7_002, 7_003)


@dataclass(frozen=True, slots=True)
class Sentinel:
    """One case, asked more than once.

    Attributes:
        at_once, at_last: whether the next answer, and the last one, were the first again; None
            where a rate limit left one without an answer.
    """

    case: str
    core: str
    at_once: bool | None
    at_last: bool | None


@dataclass(frozen=True, slots=True)
class Sentinels:
    """What was asked first.

    Attributes:
        seconds: how long the first asking took, by case.
        delay_s: how much of that may be this host's, which was busy.
    """

    first: tuple[Asked, ...]
    second: tuple[Asked, ...]
    seconds: dict[str, float]
    delay_s: float


def sentinel_cases(plan: Plan) -> tuple[Case, ...]:
    """Return disclosures and ordinary messages, each of a core of its own."""
    cases = one_a_core(draw.timing(plan))
    if len(cases) <= _MOST:
        return cases
    return tuple(cases[position * len(cases) // _MOST] for position in range(_MOST))


async def ask_first(target: Target, cases: Sequence[Case], plan: Plan) -> Sentinels:
    """Ask each case, and at once again, before anything else is asked."""
    with HostGuard() as guard:
        first = await _ask(target, cases, plan, _SEEDS[0])
    second = await _ask(target, cases, plan, _SEEDS[1])
    return Sentinels(
        tuple(first),
        tuple(second),
        {each.case.id: seconds_taken(each, plan) for each in first if not each.throttled},
        min(guard.delay.of_turns(_WAITS), plan.timeout_s),
    )


async def ask_last(target: Target, asked: Sentinels, plan: Plan) -> tuple[Sentinel, ...]:
    """Ask the same cases once more, and compare."""
    last = await _ask(target, [each.case for each in asked.first], plan, _SEEDS[2])
    return tuple(
        Sentinel(
            each.case.id,
            each.case.cluster.core,
            _is_same(each.replies[0], again.replies[0]),
            _is_same(each.replies[0], late.replies[0]),
        )
        for each, again, late in zip(asked.first, asked.second, last, strict=True)
    )


async def _ask(target: Target, cases: Sequence[Case], plan: Plan, seed: int) -> list[Asked]:
    return await ask_all(
        target,
        cases,
        capability=Capability.CRISIS,
        plan=replace(plan, seed=plan.seed + seed),
        concurrency=min(_CONCURRENCY, plan.concurrency),
    )


def _is_same(one: Reply, other: Reply) -> bool | None:
    if Outcome.THROTTLED in (one.outcome, other.outcome):
        return None
    if (one.outcome, one.flag) != (other.outcome, other.flag):
        return False
    if one.score is None or other.score is None:
        return one.score == other.score
    return abs(one.score - other.score) <= _SAME_SCORE
