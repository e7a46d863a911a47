"""Whether a target can be asked at all, said in one sentence before a run begins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from clinigate.core.case import Turn
from clinigate.core.scoring import FORMS, Scorer
from clinigate.core.target import Capability, Outcome, Reply, Target
from clinigate.targets.answer import ESSENTIAL

__all__ = ["check_reachable", "probe"]

_GREETING = (Turn("user", "Hello, how are you today?"),)
_UNUSABLE = frozenset({Outcome.ERROR, Outcome.TIMEOUT, Outcome.THROTTLED, Outcome.UNPARSABLE})


@runtime_checkable
class _KnowsItself(Protocol):
    async def check_reachable(self) -> str | None: ...


async def probe(target: Target, *, timeout_s: float = 30.0) -> Mapping[Capability, Reply]:
    """Say hello once to each capability that takes a conversation, and return the replies."""
    return {
        capability: await target.ask(_GREETING, capability=capability, timeout_s=timeout_s)
        for capability in ESSENTIAL
        if capability in target.capabilities
    }


async def check_reachable(target: Target, *, timeout_s: float = 30.0) -> str | None:
    """Return in one sentence why the target cannot be asked or understood, or None.

    It is greeted once for each capability, and has the lowest sheet of one questionnaire scored
    where it scores any. An empty reply and a refusal are left to the checks: they are how a system
    behaves, not a sign that nobody is there.

    Raises:
        ConfigError: the target is configured in a way that shows only now.
    """
    if isinstance(target, _KnowsItself):
        return await target.check_reachable()
    for capability, reply in (await probe(target, timeout_s=timeout_s)).items():
        if reply.outcome in _UNUSABLE:
            return f"{target.name}, {capability}: {reply.error or reply.outcome}"
    return await _scoring_trouble(target, timeout_s)


async def _scoring_trouble(target: Target, timeout_s: float) -> str | None:
    if Capability.SCORING not in target.capabilities or not isinstance(target, Scorer):
        return None
    instrument = next(iter(target.instruments))
    (scored,) = await target.score(instrument, [FORMS[instrument].floor], timeout_s=timeout_s)
    if scored.outcome in _UNUSABLE:
        return f"{target.name}, scoring: {scored.error or scored.outcome}"
    return None
