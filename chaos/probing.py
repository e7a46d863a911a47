"""The runner's prober: asks the entry on an open schedule while things break, in its own thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from random import Random
from types import TracebackType

from clinigate.chaos.drivers.base import Driver
from clinigate.chaos.model import Arrival, LoadSpec
from clinigate.measure import arrivals
from clinigate.measure.prober import Answer, Timeline, probe

__all__ = ["EntryProber"]

#: Arrivals are cut by `stop`; this is only beyond every experiment.
_ENDLESS_S = 7 * 86_400.0
_GRACE_S = 5.0


class EntryProber:
    """Probes until it is told to stop; the probe's connections end in the loop they began in.

    Attributes:
        asked: requests that went out; those that the timeline holds are answered.
    """

    def __init__(self, driver: Driver, load: LoadSpec, timeline: Timeline, *, seed: int) -> None:
        self.asked = 0
        self._driver = driver
        self._load = load
        self._timeline = timeline
        self._seed = seed
        self._stop = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="clinigate-entry", daemon=True)

    def __enter__(self) -> EntryProber:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        if kind is None and self._error is not None:
            raise self._error

    def stop(self) -> None:
        """Send nothing more, and wait for what is under way."""
        self._stop.set()
        gap = 1 / self._load.rate
        self._thread.join(self._load.timeout_s + 10 * gap + _GRACE_S)

    @property
    def failed(self) -> BaseException | None:
        """What broke the prober itself, if anything did."""
        return self._error

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        except BaseException as error:  # noqa: BLE001 - handed on to the runner's thread
            self._error = error

    async def _main(self) -> None:
        asking = self._driver.probe()

        async def ask(number: int) -> str | Answer:
            self.asked += 1
            return await asking(number)

        try:
            await probe(ask, self._due(), timeline=self._timeline, timeout_s=self._load.timeout_s)
        finally:
            await asking.aclose()

    def _due(self) -> Iterator[float]:
        rate = self._load.rate
        if self._load.arrival is Arrival.POISSON:
            # Reproducible arrivals, no secrets.
            schedule = arrivals.poisson(rate, _ENDLESS_S, rng=Random(self._seed))  # noqa: S311
        else:
            schedule = arrivals.constant(rate, _ENDLESS_S)
        for arrival in schedule:
            if self._stop.is_set():
                return
            yield arrival
