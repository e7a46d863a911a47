"""A service over HTTP as the subject of a benchmark: what its users wait, network and queue too."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType, TracebackType
from typing import Any, TypeVar

from clinigate.core.case import Turn
from clinigate.core.target import Capability, Reply, Target
from clinigate.errors import TargetError
from clinigate.gpu_bench.ai.blocks import Block
from clinigate.gpu_bench.ai.device import Device
from clinigate.gpu_bench.ai.host import HostReader, read_host, waited_share
from clinigate.gpu_bench.ai.loops import without_collections
from clinigate.gpu_bench.ai.options import AiOptions
from clinigate.gpu_bench.ai.sentences import everyday
from clinigate.gpu_bench.ai.subject import arrivals
from clinigate.gpu_bench.ai.warmup import Warmup, warm_up
from clinigate.measure.prober import OK, probe
from clinigate.measure.timeline import Timeline

__all__ = ["RemoteSubject"]

T = TypeVar("T")

_WARMUP_QUERIES = 10
#: What is asked of a service that offers several things: the shortest answer first.
_PREFERRED = (Capability.CRISIS, Capability.EMOTION, Capability.CHAT)


class RemoteSubject:
    """Times a configured target from outside, in one event loop of its own.

    A request that brings no answer counts as one that took the whole time limit.
    """

    def __init__(
        self,
        target: Target,
        options: AiOptions,
        *,
        timeout_s: float,
        caveats: tuple[str, ...] = (),
        host: HostReader | None = None,
    ) -> None:
        """Take a target; nothing is sent yet. A request may take `timeout_s`.

        Raises:
            TargetError: it offers nothing that could be timed.
        """
        offered = [each for each in _PREFERRED if each in target.capabilities]
        if not offered:
            raise TargetError(f"target {target.name}: offers neither crisis, emotion nor chat")
        self.name = target.name
        self.device = Device("remote", "what the service runs on is not known here")
        self.caveats = caveats
        self.capability = offered[0]
        self.fingerprint: Mapping[str, str] = MappingProxyType(
            {"model": target.name, "kind": f"http {self.capability}", "device": "remote"}
        )
        self._target, self._options, self._timeout_s = target, options, timeout_s
        self._host = read_host if host is None else host
        self._runner = asyncio.Runner()

    def __enter__(self) -> RemoteSubject:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._runner.run(self._target.aclose())
        finally:
            self._runner.close()

    def now(self) -> float:
        """Return seconds of the clock that times the blocks."""
        return time.perf_counter()

    def warm_up(self) -> Warmup:
        """Ask until the times settle; one without an answer ends the benchmark before it begins."""
        texts = everyday(_WARMUP_QUERIES, self._options.seed)
        return warm_up(self._ask_first, texts, self.now, longest_s=self._options.longest_s / 4)

    def single_stream(self, count: int, seed: int) -> Block:
        """Ask one request after the other; see `Subject`."""
        return self._of_replies(self._in_turn(everyday(count, seed)))

    def server(self, rate: float, count: int, seed: int) -> Block:
        """Send requests at random times, whatever is under way; see `Subject`."""
        texts = everyday(count, seed)
        timeline = Timeline()

        async def ask(number: int) -> str:
            reply = await self._ask(texts[number])
            return OK if reply.answered else str(reply.outcome)

        due = arrivals(rate, count, seed)
        _, block = self._timed(probe(ask, due, timeline=timeline, timeout_s=self._timeout_s))
        seconds = tuple(
            each.latency_s if each.ok else max(self._timeout_s, each.latency_s)
            for each in sorted(timeline.samples, key=lambda sample: sample.scheduled_s)
        )
        silent = sum(not each.ok for each in timeline.samples)
        return replace(block, latencies=seconds, window_s=count / rate, silent=silent)

    def offline(self, count: int, seed: int) -> Block:
        """Keep as many requests under way as a batch has queries; see `Subject`."""
        return self._of_replies(self._at_once(everyday(count, seed), self._options.max_batch))

    def _ask_first(self, batch: Sequence[str]) -> None:
        reply = self._runner.run(self._ask(batch[0]))
        if not reply.answered:
            raise TargetError(
                f"target {self.name}: no answer to the first queries "
                f"({reply.outcome}: {reply.error})"
            )

    async def _in_turn(self, texts: Sequence[str]) -> list[Reply]:
        return [await self._ask(text) for text in texts]

    async def _at_once(self, texts: Sequence[str], most: int) -> list[Reply]:
        waiting = iter(texts)
        replies: list[Reply] = []

        async def worker() -> None:
            for text in waiting:
                replies.append(await self._ask(text))

        await asyncio.gather(*(worker() for _ in range(most)))
        return replies

    async def _ask(self, text: str) -> Reply:
        turns, begun = (Turn("user", text),), self.now()
        reply = await self._target.ask(
            turns, capability=self.capability, timeout_s=self._timeout_s, seed=self._options.seed
        )
        if reply.attempts == 1:
            return reply
        # Its own figure is that of the last attempt; whoever was turned away first waited longer.
        return replace(reply, latency_s=max(reply.latency_s, self.now() - begun))

    def _of_replies(self, asking: Coroutine[Any, Any, list[Reply]]) -> Block:
        replies, block = self._timed(asking)
        seconds = tuple(
            reply.latency_s if reply.answered else max(self._timeout_s, reply.latency_s)
            for reply in replies
        )
        silent = sum(not reply.answered for reply in replies)
        return replace(block, latencies=seconds, silent=silent)

    def _timed(self, asking: Coroutine[Any, Any, T]) -> tuple[T, Block]:
        """Run a coroutine; return what it returns, and a block that knows its time and host."""
        with without_collections():
            before, begun = self._host(), self.now()
            result = self._runner.run(asking)
            elapsed = self.now() - begun
            share = waited_share(before, self._host(), elapsed)
        return result, Block((), elapsed, host_share=share)
