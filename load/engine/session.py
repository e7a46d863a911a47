"""One worker's part of a run: the schedule, the conversations under way, and what they count."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gevent
from gevent.event import Event
from locust.env import Environment

from clinigate.load.engine.place import Place
from clinigate.load.engine.user import ConversationUser
from clinigate.load.orders import Orders
from clinigate.load.script import script_of
from clinigate.load.shape import begins
from clinigate.load.tally import Signs, Tally

__all__ = ["Session"]

#: How long past the end of the schedule a generator that fell behind still begins conversations.
_OVERTIME_S = 1.0
_SCHEDSTAT = Path("/proc/self/schedstat")


class Session:
    """Begins conversations on schedule and waits until the last reply is in.

    Attributes:
        tally: what was counted since it was last taken.
        finished: set once nothing more will be counted.
        trouble: why what was counted is no measurement; None where it is.
        over: whether nobody says anything new any more.
    """

    def __init__(self, environment: Environment, orders: Orders, *, zero_wall: float) -> None:
        """Get ready to begin at `zero_wall`, seconds of the epoch: all workers begin together.

        Raises:
            ConfigError: a credential is missing.
        """
        self.orders = orders
        self.script = script_of(orders.profile)
        self.tally = Tally()
        self.finished = Event()
        self.over = False
        self.trouble: str | None = None
        self.talking = 0
        self.waiting = 0
        self.place = Place(orders.asking, timeout_s=orders.profile.timeout_s, clock=self.now)
        self._environment = environment
        self._zero = time.monotonic() + zero_wall - time.time()
        self._signs = _Readings()
        self._greenlets: list[gevent.Greenlet[..., Any]] = []

    def start(self) -> None:
        """Begin; returns at once."""
        self._greenlets = [gevent.spawn(self._played), gevent.spawn(self._tick)]

    def stop(self) -> None:
        """End now: replies still open are counted as undecided."""
        self.over = True
        for greenlet in self._greenlets:
            greenlet.kill(block=False)
        self._end()

    def now(self) -> float:
        """Seconds since the run's zero, which is the same moment for every worker."""
        return time.monotonic() - self._zero

    def take(self) -> Tally:
        """Hand out what was counted since the last time."""
        self._read_signs()
        taken, self.tally = self.tally, Tally()
        return taken

    def bin_of(self, at_s: float) -> int:
        """The stretch of the timeline that a moment lies in."""
        return max(0, math.floor(at_s / self.orders.bin_s))

    def broke(self, error: Exception) -> None:
        """Note that the generator itself is at fault; what it counts is no measurement any more."""
        self.trouble = f"the generator broke with {type(error).__name__}"
        if isinstance(error, OSError) and error.strerror:
            self.trouble += f" ({error.strerror})"

    def _played(self) -> None:
        """Play to the end; a mistake of ours ends the run and is told, instead of hanging it."""
        try:
            self._play()
        except Exception as error:  # noqa: BLE001 - nobody is above a greenlet who would see it
            self.broke(error)
            self.over = True
            self._end()

    def _play(self) -> None:
        """1. Begin conversations; 2. wait for the replies that are still out; 3. end."""
        runner = self._environment.runner
        assert runner is not None
        orders = self.orders
        rng = random.Random(f"{orders.seed}/{orders.worker}/{orders.workers}/people")  # noqa: S311
        arrivals = orders.profile.arrivals
        for due in begins(arrivals, seed=orders.seed, worker=orders.worker, workers=orders.workers):
            gevent.sleep(max(0.0, due - self.now()))
            self.tally.due += 1
            if self.now() > arrivals.duration_s + _OVERTIME_S:
                self.tally.skipped += 1
                continue
            # What `runner.spawn_users` does, without its walk over all users for a log line.
            ConversationUser(self._environment, self, due, rng.random()).start(
                runner.user_greenlets
            )
        gevent.sleep(max(0.0, arrivals.duration_s - self.now()))
        self.over = True
        self._await(lambda: self.waiting == 0, orders.profile.timeout_s + 1.0)
        self._end()

    def _await(self, done: Callable[[], bool], longest_s: float) -> None:
        until = time.monotonic() + longest_s
        while not done() and time.monotonic() < until:
            gevent.sleep(0.02)

    def _end(self) -> None:
        runner = self._environment.runner
        assert runner is not None
        runner.user_greenlets.kill(block=True, timeout=5.0)
        self._read_signs()
        self.finished.set()

    def _tick(self) -> None:
        pause = min(1.0, self.orders.bin_s)
        while not self.finished.is_set():
            now = self.now()
            gevent.sleep(pause - now % pause if now >= 0 else -now)
            at = self.now()
            if 0 <= at < self.orders.profile.arrivals.duration_s:
                stretch = self.tally.bin(self.bin_of(at))
                stretch.talking += self.talking
                stretch.waiting += self.waiting
                stretch.ticks += 1

    def _read_signs(self) -> None:
        self._signs.add_to(self.tally.signs.setdefault(str(self.orders.worker), Signs()))


class _Readings:
    """Where this process's clocks stood when they were last read."""

    def __init__(self) -> None:
        self._last = _clocks()

    def add_to(self, signs: Signs) -> None:
        """Add what has passed since the last reading."""
        last, self._last = self._last, _clocks()
        cpu_s, wall_s, run_delay_s = (
            now - before for now, before in zip(self._last, last, strict=True)
        )
        signs.cpu_s += cpu_s
        signs.wall_s += wall_s
        signs.run_delay_s += run_delay_s


def _clocks() -> tuple[float, float, float]:
    """Seconds on a processor, in all, and waiting for a processor (0 where nothing tells)."""
    try:
        run_delay_s = int(_SCHEDSTAT.read_text().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        run_delay_s = 0.0
    return time.process_time(), time.monotonic(), run_delay_s
