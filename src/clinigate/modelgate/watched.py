"""A target that remembers what it answered: what the checks ask need not be asked twice."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType

from clinigate.clinical.asking import Asked
from clinigate.core.case import Case, Turn
from clinigate.core.plan import Plan
from clinigate.core.target import Capability, Reply, Target
from clinigate.targets.wrapped import WrappedTarget

__all__ = ["WATCHED", "Watched"]

#: What is asked with conversations; a check that needs anything else has the target itself.
WATCHED = frozenset({Capability.CHAT, Capability.CRISIS, Capability.EMOTION})

_Key = tuple[Capability, bytes, int | None]


class Watched(WrappedTarget):
    """Passes everything on to a target, and keeps the first reply to each question."""

    def __init__(self, inner: Target) -> None:
        super().__init__(inner)
        self._heard: dict[_Key, Reply] = {}

    async def ask(
        self,
        turns: Sequence[Turn],
        *,
        capability: Capability,
        timeout_s: float,
        seed: int | None = None,
    ) -> Reply:
        """Ask the target behind."""
        reply = await super().ask(turns, capability=capability, timeout_s=timeout_s, seed=seed)
        # The parsed answer is for the evidence of the check that asked; kept too, it would be most
        # of what this process holds.
        self._heard.setdefault(
            (capability, _said(turns), seed), replace(reply, raw=MappingProxyType({}))
        )
        return reply

    def heard(self, case: Case, capability: Capability, plan: Plan) -> Asked | None:
        """Return what was answered to a case, all of its repeats; None where it was not asked."""
        said = _said(case.turns)
        seeds = range(plan.seed, plan.seed + plan.repeats)
        found = [self._heard.get((capability, said, seed)) for seed in seeds]
        replies = tuple(reply for reply in found if reply is not None)
        return Asked(case, replies) if replies else None


def _said(turns: Sequence[Turn]) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    for turn in turns:
        for text in (turn.role, turn.text):
            data = text.encode()
            digest.update(len(data).to_bytes(8) + data)
    return digest.digest()
