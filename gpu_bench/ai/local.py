"""A model of this process as the subject of a benchmark."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from clinigate.gpu_bench.ai.batching import BudgetWait, FixedWait, WaitRule
from clinigate.gpu_bench.ai.blocks import Block
from clinigate.gpu_bench.ai.clock import Clock, SystemClock
from clinigate.gpu_bench.ai.host import HostReader, read_host, waited_share
from clinigate.gpu_bench.ai.loops import (
    Served,
    offline,
    serve_schedule,
    single_stream,
    without_collections,
)
from clinigate.gpu_bench.ai.models import Model
from clinigate.gpu_bench.ai.options import AiOptions
from clinigate.gpu_bench.ai.subject import arrivals
from clinigate.gpu_bench.ai.warmup import Warmup, service_times, warm_up

__all__ = ["LocalSubject"]

_WARMUP_QUERIES = 64


class LocalSubject:
    """Times a model's own work: no network, no queue but the bench's."""

    def __init__(
        self,
        model: Model,
        options: AiOptions,
        *,
        clock: Clock | None = None,
        host: HostReader | None = None,
    ) -> None:
        self.name = model.name
        self.device = model.device
        self.fingerprint: Mapping[str, str] = {
            **model.fingerprint,
            "device": model.device.kind,
            "device name": model.device.name,
            "threads": str(model.device.threads),
        }
        self.caveats: tuple[str, ...] = ()
        self._model, self._options = model, options
        self._host = read_host if host is None else host
        self._clock: Clock = SystemClock() if clock is None else clock
        self._rule: WaitRule | None = None

    def now(self) -> float:
        """Return seconds of the clock that times the blocks."""
        return self._clock.now()

    def warm_up(self) -> Warmup:
        """Let the times settle, then learn what a batch of each size takes."""
        queries = self._model.queries(_WARMUP_QUERIES, self._options.seed)
        serve, now = self._model.serve, self._clock.now
        with without_collections():
            warmed = warm_up(serve, queries, now, longest_s=self._options.longest_s / 4)
        self._model.check()
        with without_collections():
            batch_s = service_times(
                serve, queries, self._options.max_batch, now, check=self._model.check
            )
        self._rule = self._wait_rule(batch_s)
        return replace(warmed, batch_s=batch_s)

    def single_stream(self, count: int, seed: int) -> Block:
        """Ask one query after the other; see `Subject`."""
        queries = self._model.queries(count, seed)
        block = self._timed(lambda: single_stream(self._model.serve, queries, self._clock.now))
        return replace(block, device_s=self._model.device_seconds())

    def server(self, rate: float, count: int, seed: int) -> Block:
        """Answer queries that come at random, in batches; see `Subject`."""
        assert self._rule is not None, "warm_up comes first"
        rule = self._rule
        queries = self._model.queries(count, seed)
        due = arrivals(rate, count, seed)
        block = self._timed(
            lambda: serve_schedule(self._model.serve, queries, due, rule, self._clock)
        )
        return replace(block, window_s=count / rate)

    def offline(self, count: int, seed: int) -> Block:
        """Answer full batches back to back; see `Subject`."""
        queries = self._model.queries(count, seed)
        size = self._options.max_batch
        return self._timed(lambda: offline(self._model.serve, queries, size, self._clock.now))

    def _wait_rule(self, batch_s: Mapping[int, float]) -> WaitRule:
        options = self._options
        if options.fixed_wait_s is not None:
            return FixedWait(options.max_batch, options.fixed_wait_s)
        return BudgetWait(options.max_batch, options.budget_s, batch_s)

    def _timed(self, loop: Callable[[], Served]) -> Block:
        self._model.device_seconds()  # what came before is not this block's
        with without_collections():
            before = self._host()
            served = loop()
            share = waited_share(before, self._host(), served.elapsed_s)
        self._model.check()
        return Block(served.latencies, served.elapsed_s, None, served.batches, share)
