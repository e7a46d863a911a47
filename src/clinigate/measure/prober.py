"""Ask on schedule, whatever is under way: the truth about what people meet during an outage.

A prober that waits for an answer before it asks again stops asking while the service is down, and
so hardly sees the outage (coordinated omission; Tene 2013, "How NOT to Measure Latency"): a service
frozen for 4 of 20 seconds looked 97% available to it and was 78%. Here every request goes out when
it is due, and its latency counts from then.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import TracebackType

from clinigate.core.statistics.arguments import check_positive
from clinigate.errors import TargetError, UsageError
from clinigate.measure.timeline import Timeline
from clinigate.measure.timelinefile import Sample

__all__ = ["OK", "Answer", "Ask", "OpenLoopProber", "Sample", "Timeline", "probe"]

#: The outcome of a good answer; every other word is a bad one.
OK = "ok"
#: Outcomes that the prober itself gives.
TIMEOUT, UNFINISHED = "timeout", "unfinished"

#: How often Python lets another thread run while the caller's computes, in seconds (5 ms else).
_SWITCH_S = 0.0005
#: How long the prober's thread may take to end beyond the time that requests are given.
_GRACE_S = 5.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a request, and who answered."""

    outcome: str
    target: str = ""


Ask = Callable[[int], Awaitable[str | Answer]]


async def probe(
    ask: Ask, arrivals: Iterable[float], *, timeline: Timeline, timeout_s: float
) -> None:
    """Ask at each arrival, counted from now, and note what came of it; return when all is known.

    Cancelled, it gives up the requests under way: each is noted as `unfinished`. Meanwhile Python
    changes threads every half millisecond instead of every five, so that another thread that
    computes delays few requests; what it still delays is in `timeline.lags`.

    Args:
        ask: called with 0, 1, …; returns `ok`, or another word for a bad answer. What it raises is
            a bad answer too, named after the error's type.
        arrivals: ascending seconds from now; there may be no end to them.
        timeline: where samples go; its clock must be that of the running loop.
        timeout_s: how long one request may take from its sending.

    Raises:
        UsageError: a time limit that cannot be, or an `ask` that returns something else.
    """
    with _quick_switching():
        await _Probing(ask, timeline=timeline, timeout_s=timeout_s).run(arrivals)


class _Probing:
    """One probe under way in an event loop."""

    def __init__(self, ask: Ask, *, timeline: Timeline, timeout_s: float) -> None:
        self._ask = ask
        self._timeline = timeline
        self._timeout_s = check_positive("timeout_s", timeout_s)
        self._asking: set[asyncio.Task[None]] = set()
        self._firing: asyncio.Task[None] | None = None
        self._broken: BaseException | None = None

    async def run(self, arrivals: Iterable[float]) -> None:
        self._firing = asyncio.create_task(self._fire(arrivals))
        try:
            await asyncio.wait([self._firing])
            await self._answers()
        except asyncio.CancelledError:
            self.give_up()
            await self._answers()
            raise
        if self._broken is not None:
            raise self._broken
        if not self._firing.cancelled():
            self._firing.result()

    def stop(self) -> None:
        """Send no more requests."""
        if self._firing is not None:
            self._firing.cancel()

    def give_up(self) -> None:
        """Send no more requests, and wait for none."""
        self.stop()
        for task in self._asking:
            task.cancel()

    async def _answers(self) -> None:
        if self._asking:
            await asyncio.wait(self._asking)

    async def _fire(self, arrivals: Iterable[float]) -> None:
        begun = self._timeline.now()
        for number, arrival in enumerate(arrivals):
            due = begun + arrival
            await asyncio.sleep(max(due - self._timeline.now(), 0.0))
            task = asyncio.create_task(self._one(number, due))
            self._asking.add(task)
            task.add_done_callback(self._answered)

    async def _one(self, number: int, due: float) -> None:
        started = self._timeline.now()
        answer: str | Answer = UNFINISHED
        try:
            async with asyncio.timeout(self._timeout_s):
                answer = await self._ask(number)
        except TimeoutError:
            answer = TIMEOUT
        except Exception as error:  # noqa: BLE001 - whatever the target raises is an outcome
            answer = type(error).__name__
        finally:
            self._note(answer, due, started)

    def _note(self, answer: str | Answer, due: float, started: float) -> None:
        told = answer if isinstance(answer, Answer) else Answer(answer)
        if not isinstance(told.outcome, str):
            raise UsageError(
                f"the probe returned {type(told.outcome).__name__}; wanted 'ok' or another word"
            )
        self._timeline.add(
            Sample(
                scheduled_s=round(due, 9),
                started_s=round(started, 9),
                ended_s=round(self._timeline.now(), 9),
                ok=told.outcome == OK,
                outcome=told.outcome,
                target=told.target,
            )
        )

    def _answered(self, task: asyncio.Task[None]) -> None:
        self._asking.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self._broken = self._broken or task.exception()
            self.stop()


class OpenLoopProber:
    """Probes in a thread of its own while the context is open, so that the caller can break things.

    When the context ends, no more requests go out, and those under way are waited for; when it
    ends by an error, they are given up at once.

    Attributes:
        timeline: where samples go as they happen.
    """

    def __init__(
        self, ask: Ask, arrivals: Iterable[float], *, timeline: Timeline, timeout_s: float
    ) -> None:
        """Take what `probe` takes; nothing is asked yet.

        `ask` runs in the prober's own event loop, to which the clients that it uses belong.
        """
        self.timeline = timeline
        self._timeout_s = timeout_s
        self._arrivals = arrivals
        self._probing = _Probing(ask, timeline=timeline, timeout_s=timeout_s)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ready = threading.Event()
        self._done = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="clinigate-prober", daemon=True)

    def wait_for(self, predicate: Callable[[Timeline], bool], within_s: float) -> bool:
        """Return True as soon as `predicate` holds of the timeline, or False after `within_s`.

        Raises:
            Whatever ended the prober, as an arrival schedule that broke.
        """
        held = self.timeline.wait_for(lambda t: self._error is not None or predicate(t), within_s)
        self._raise()
        return held

    def finish(self, within_s: float | None = None) -> bool:
        """Wait until every arrival was asked and answered; return whether that came in time.

        Raises:
            Whatever ended the prober.
        """
        done = self._done.wait(within_s)
        self._raise()
        return done

    def __enter__(self) -> OpenLoopProber:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._tell(self._probing.stop if kind is None else self._probing.give_up)
        self._thread.join(_GRACE_S if kind else self._timeout_s + _GRACE_S)
        if kind is not None:
            return
        self._raise()
        if self._thread.is_alive():
            raise TargetError(
                f"the prober did not end {_GRACE_S:g} s after its last request's time limit: the "
                "probe blocks its event loop or ignores that it is cancelled"
            )

    def _tell(self, order: Callable[[], None]) -> None:
        if self._loop is not None and not self._done.is_set():
            with suppress(RuntimeError):  # the loop has just closed: there is nothing left to stop
                self._loop.call_soon_threadsafe(order)

    def _run(self) -> None:
        try:
            with _quick_switching(), asyncio.Runner() as runner:
                self._loop = runner.get_loop()
                self._loop.call_soon(self._ready.set)
                runner.run(self._probing.run(self._arrivals))
        except Exception as error:  # noqa: BLE001 - raised again in the caller's thread
            self._error = error
        finally:
            self._done.set()
            self._ready.set()

    def _raise(self) -> None:
        if self._error is not None:
            raise self._error


_switching = threading.Lock()
_switched: list[float] = []


@contextmanager
def _quick_switching() -> Iterator[None]:
    """Let threads take turns quickly until the last of those who asked for it is done."""
    with _switching:
        _switched.append(sys.getswitchinterval())
        sys.setswitchinterval(min(_SWITCH_S, _switched[0]))
    try:
        yield
    finally:
        with _switching:
            if len(_switched) == 1:
                sys.setswitchinterval(_switched[0])
            _switched.pop()
