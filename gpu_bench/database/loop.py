"""Timing statements: one after another on each connection, or on schedule whatever is under way."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from clinigate.gpu_bench.database.options import DatabaseOptions
from clinigate.gpu_bench.database.store import Session, Store
from clinigate.measure.histogram import Histogram

__all__ = ["Timed", "time_store"]

_WARM_UP = 50


@dataclass(slots=True)
class Timed:
    """Latencies of one operation in seconds: of all blocks, and of each."""

    whole: Histogram = field(default_factory=Histogram)
    blocks: list[Histogram] = field(default_factory=list)

    def add(self, block: Histogram) -> None:
        """Add one block."""
        self.whole.merge(block)
        self.blocks.append(block)


def time_store(store: Store, options: DatabaseOptions) -> dict[str, Timed]:
    """Time every operation of a store, block by block in turns.

    Raises:
        TargetError: a connection was refused, or a statement failed.
    """
    sessions: list[Session] = []
    try:
        sessions.extend(store.session() for _ in range(options.clients))
        timed = {name: Timed() for name in sessions[0].operations}
        with store.named("a statement failed"):
            for session in sessions:
                for operation in session.operations.values():
                    for number in range(_WARM_UP):
                        operation(number)
            for block in range(options.blocks):
                for name, of_all in timed.items():
                    of_all.add(_block(sessions, name, options, block))
        return timed
    finally:
        for session in sessions:
            session.close()


def _block(
    sessions: Sequence[Session], name: str, options: DatabaseOptions, block: int
) -> Histogram:
    """One block of one operation: its statements shared among the sessions."""
    share = options.statements // options.blocks // options.clients
    parts = [
        _Client(session.operations[name], index, share, options, block)
        for index, session in enumerate(sessions)
    ]
    with _no_collection():
        if len(parts) == 1:
            parts[0].run(time.perf_counter())
        else:
            _together(parts)
    merged = Histogram()
    for part in parts:
        if part.error is not None:
            raise part.error
        merged.merge(part.seen)
    return merged


class _Client:
    """One session's part of a block."""

    def __init__(
        self,
        operation: Callable[[int], object],
        index: int,
        share: int,
        options: DatabaseOptions,
        block: int,
    ) -> None:
        self._operation = operation
        self._index = index
        self._share = share
        self._clients = options.clients
        self._rate = options.rate
        self._first = block * options.statements + index * share
        self.seen = Histogram()
        self.error: Exception | None = None

    def run(self, begun: float) -> None:
        """Send its statements. With a rate each is due on schedule, and is late if the last was."""
        try:
            if self._rate is None:
                self._one_after_another()
            else:
                self._on_schedule(begun, self._rate)
        except Exception as error:  # noqa: BLE001 - of the database's client; raised by who waits
            self.error = error

    def _one_after_another(self) -> None:
        now, operation, record = time.perf_counter, self._operation, self.seen.record
        for number in range(self._first, self._first + self._share):
            begun = now()
            operation(number)
            record(now() - begun)

    def _on_schedule(self, begun: float, rate: float) -> None:
        now, operation, record = time.perf_counter, self._operation, self.seen.record
        for turn in range(self._share):
            due = begun + (turn * self._clients + self._index) / rate
            time.sleep(max(0.0, due - now()))
            operation(self._first + turn)
            record(max(0.0, now() - due))


def _together(parts: Sequence[_Client]) -> None:
    begun = time.perf_counter()
    threads = [threading.Thread(target=part.run, args=(begun,), daemon=True) for part in parts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@contextmanager
def _no_collection() -> Iterator[None]:
    """A collection of garbage is this process's pause, and not the database's."""
    gc.collect()
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
