"""Brings each crisis to the desk, at least once, until it is resolved.

What has to be escalated is written down before anybody is answered, in the database or in the
outbox. From there the escalator takes it; a replica that dies leaves its work to the others, which
look for traces that nobody resolved.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any

from clinigate.reference.crisis.trace import RESOLVED, EventName, TraceEvent
from clinigate.reference.records.audit import AuditEvent
from clinigate.reference.records.entry import Entry
from clinigate.reference.records.tables import RecordsUnavailable
from clinigate.reference.resilience.dependency import Dependency, DependencyLost
from clinigate.reference.resilience.lines import LineClient, Message

__all__ = ["Escalator"]

_AT_ONCE = 32
_PAUSE_S = 0.25
_LOOK_AROUND_S = 1.0
_SOMEONE_ELSES_AFTER_S = 2.0
_HOW_FAR_BACK_S = 24 * 3600.0
_REMEMBERED = 20_000

Keep = Callable[[Entry], Awaitable[None]]
Unresolved = Callable[..., Awaitable[list[tuple[str, dict[str, Any]]]]]


class Escalator:
    """The escalations of one replica."""

    def __init__(
        self,
        *,
        address: str,
        secret: str,
        dependency: Dependency,
        replica: str,
        keep: Keep,
        unresolved: Unresolved,
        forgets: bool = False,
    ) -> None:
        """Deliver to the desk at `address` as `replica`; `start` begins.

        `keep` writes an entry down, in the database or the outbox; `unresolved` looks for traces
        that are still open, whoever detected them. `forgets` is a fault to calibrate with: what
        cannot be delivered at once is dropped.
        """
        self.open: dict[str, str] = {}
        self.acknowledged = 0
        self._client = LineClient(address, secret=secret, on_push=self._pushed)
        self._dependency = dependency
        self._replica = replica
        self._keep = keep
        self._unresolved = unresolved
        self._forgets = forgets
        self._told: OrderedDict[tuple[str, EventName], None] = OrderedDict()
        self._wake = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def lost(self) -> bool:
        """Whether the desk is given up for the moment."""
        return self._dependency.lost

    def start(self) -> None:
        """Begin to deliver, and to look for what other replicas left."""
        self._do(self._deliver_on())
        if not self._forgets:
            self._do(self._look_around())

    def submit(self, trace: str, severity: str) -> None:
        """Deliver this one as soon as possible."""
        self.open.setdefault(trace, severity)
        self._wake.set()

    async def close(self) -> None:
        """Stop. What is open stays written down."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._client.close()

    async def _deliver_on(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            some = list(self.open.items())[:_AT_ONCE]
            delivered = await asyncio.gather(*(self._deliver(*one) for one in some))
            if not all(delivered):
                await asyncio.sleep(_PAUSE_S)
            if self.open:
                self._wake.set()

    async def _deliver(self, trace: str, severity: str) -> bool:
        message = {"op": "escalate", "trace": trace, "severity": severity}
        try:
            answer = await self._dependency.call(lambda t: self._client.call(message, t))
        except DependencyLost:
            if self._forgets:
                self.open.pop(trace, None)
                return True
            return False
        if self._first_time(trace, EventName.ACKNOWLEDGED):
            self.acknowledged += 1
            detail = {"by": answer["by"]}
            await self._record(trace, EventName.ACKNOWLEDGED, answer["acknowledged"], detail)
        self.open.pop(trace, None)
        if "resolved" in answer:
            await self._resolved(answer)
        return True

    def _pushed(self, message: Message) -> None:
        if "resolved" in message:
            self._do(self._resolved(message))

    async def _resolved(self, message: Message) -> None:
        trace = str(message["trace"])
        if not self._first_time(trace, EventName.RESOLVED):
            return
        at, desk = float(message["resolved"]), str(message["by"])
        line = AuditEvent(actor=desk, action=RESOLVED, outcome="ok", resource=trace)
        event = TraceEvent(trace, EventName.RESOLVED, at, self._replica, {"by": desk})
        await self._keep(Entry(f"{trace}/resolved", time.time(), (line,), None, (event,)))

    async def _record(self, trace: str, name: EventName, at: float, detail: dict[str, Any]) -> None:
        event = TraceEvent(trace, name, at, self._replica, detail)
        await self._keep(Entry(f"{trace}/{name.value}", time.time(), events=(event,)))

    def _first_time(self, trace: str, event: EventName) -> bool:
        """Whether this replica has not recorded that yet; it remembers the latest ones."""
        if (trace, event) in self._told:
            return False
        self._told[trace, event] = None
        if len(self._told) > _REMEMBERED:
            self._told.popitem(last=False)
        return True

    async def _look_around(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_AROUND_S)
            now = time.time()
            try:
                found = await self._unresolved(
                    before=now - _SOMEONE_ELSES_AFTER_S, after=now - _HOW_FAR_BACK_S
                )
            except RecordsUnavailable:
                continue
            for trace, detail in found:
                self.submit(trace, str(detail.get("severity", "")))

    def _do(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
