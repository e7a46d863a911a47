"""A target before another one passes everything on, whether it is there among it."""

from __future__ import annotations

import asyncio

from clinigate.core.case import Turn
from clinigate.core.target import Capability, Outcome, Reply
from clinigate.modelgate.watched import Watched
from clinigate.targets import check_reachable
from clinigate.targets.wrapped import WrappedTarget


class Behind:
    name = "behind"
    capabilities = frozenset({Capability.CRISIS})
    closed = False

    async def ask(self, turns, *, capability, timeout_s, seed=None):
        return Reply(Outcome.ANSWERED, 0.001, flag=True, score=seed / 10)

    async def check_reachable(self):
        return "nobody is there"

    async def aclose(self):
        self.closed = True


def test_everything_is_passed_on():
    behind = Behind()
    before = WrappedTarget(behind)
    assert (before.name, before.capabilities) == ("behind", behind.capabilities)
    turns = [Turn("user", "hello")]
    reply = asyncio.run(before.ask(turns, capability=Capability.CRISIS, timeout_s=1, seed=3))
    assert reply.score == 0.3
    asyncio.run(before.aclose())
    assert behind.closed


def test_whether_it_is_there_says_the_target_behind():
    for before in (WrappedTarget(Behind()), Watched(Behind())):
        assert asyncio.run(check_reachable(before)) == "nobody is there"
