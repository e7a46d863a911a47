"""The records of a replica: the shared database, an outbox for when it is lost, escalations."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Any

from clinigate.errors import EvidenceError
from clinigate.reference.crisis.escalation import Escalator
from clinigate.reference.crisis.trace import ESCALATED, EventName, Trace, TraceEvent
from clinigate.reference.ports import Exchanged
from clinigate.reference.records.audit import AuditEvent
from clinigate.reference.records.consent import Consent
from clinigate.reference.records.entry import Entry
from clinigate.reference.records.outbox import Outbox
from clinigate.reference.records.sealing import Conversation, Sealer
from clinigate.reference.records.shared import SharedRecords
from clinigate.reference.records.tables import RecordsUnavailable

__all__ = ["ReplicaRecords"]

_CRISIS_PATIENCE_S = 0.25
_PATIENCE_S = 1.5
_DRAIN_S = 0.25


class ReplicaRecords:
    """`Records` of one replica; what is no crisis and cannot be put on record is refused."""

    def __init__(
        self,
        shared: SharedRecords,
        outbox: Outbox,
        sealer: Sealer,
        *,
        replica: str,
        patience: float = 1.0,
        fails_open: bool = False,
    ) -> None:
        """`patience` multiplies every wait for the database.

        `fails_open` is a fault to calibrate with: what cannot be recorded is served.
        """
        self._crisis_patience_s = patience * _CRISIS_PATIENCE_S
        self._patience_s = patience * _PATIENCE_S
        self.outbox = outbox
        self.outbox_failures = 0
        self._shared = shared
        self._sealer = sealer
        self._replica = replica
        self._fails_open = fails_open
        self._under_way: dict[str, asyncio.Future[None]] = {}
        self._escalator: Escalator | None = None
        self._drain: asyncio.Task[None] | None = None
        self._settling: set[asyncio.Task[None]] = set()

    def start(self, escalator: Escalator) -> None:
        """Begin to escalate, and to empty the outbox whenever the database is there."""
        self._escalator = escalator
        escalator.start()
        for entry in self.outbox.pending.values():
            self._escalate(entry)
        # On record, and it makes connection and tables before anybody waits for them.
        began = AuditEvent(self._replica, "replica.start", "ok")
        self._shared.submit(Entry("start", time.time(), (began,)))
        self._drain = asyncio.create_task(self._drain_on())

    async def access(self, event: AuditEvent, *, urgent: bool = False) -> None:
        """Record one access; see `Records.access`."""
        entry = Entry(f"access/{event.request}/{event.action}", time.time(), (event,))
        if urgent:
            await self._keep(entry, patience_s=self._crisis_patience_s)
            return
        try:
            await self._write(entry, self._patience_s)
        except RecordsUnavailable:
            if not self._fails_open:
                raise

    async def exchange(self, exchanged: Exchanged) -> tuple[str, ...]:
        """Record one chat request; see `Records.exchange`."""
        crisis = exchanged.answer.assessment.crisis
        entry = self._entry(exchanged, "database") if crisis else self._plain_entry(exchanged)
        try:
            patience_s = self._crisis_patience_s if crisis else self._patience_s
            await self._write(entry, patience_s)
            without: tuple[str, ...] = ()
        except RecordsUnavailable:
            if not crisis:
                if self._fails_open:
                    return ()
                raise
            await self._to_outbox(self._entry(exchanged, "outbox"))
            without = ("database",)
        if not crisis or self._escalator is None:
            return without
        self._escalate(entry)
        return (*without, "queue") if self._escalator.lost else without

    async def keep(self, entry: Entry) -> None:
        """Write an entry to the database, or to the outbox when that does not answer."""
        await self._keep(entry, patience_s=self._patience_s)

    async def consent(self, patient: str, *, granted: bool, text: str, access: AuditEvent) -> None:
        """Record what a patient agreed to, or took back; see `Records.consent`."""
        consent = Consent(self._sealer.person(access.actor, patient), granted, text, time.time())
        entry = Entry(f"consent/{access.request}", consent.at, (access,), consent=consent)
        await self._write(entry, self._patience_s)

    async def consented(self, client: str, patient: str) -> bool:
        """Whether a patient agreed; see `Records.consented`."""
        return await self._shared.consented(self._sealer.person(client, patient))

    async def trace(self, trace: str) -> Trace | None:
        """Return a crisis trace; see `Records.trace`."""
        local = [event for entry in self.outbox.pending.values() for event in entry.events]
        return await self._shared.trace(trace, local)

    async def traces(self, limit: int) -> list[dict[str, Any]]:
        """Return the newest traces."""
        return await self._shared.traces(limit)

    def ready(self) -> bool:
        """Always: a crisis is answered whatever is lost."""
        return True

    def lost(self) -> tuple[str, ...]:
        """Dependencies that are given up for the moment."""
        queue = self._escalator is not None and self._escalator.lost
        return tuple(
            name for name, gone in (("database", self._shared.lost), ("queue", queue)) if gone
        )

    async def close(self) -> None:
        """Stop; what is not delivered stays in the outbox."""
        if self._drain is not None:
            self._drain.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._drain
        if self._escalator is not None:
            await self._escalator.close()
        await self._shared.close()
        self.outbox.close()

    async def _keep(self, entry: Entry, *, patience_s: float) -> None:
        try:
            await self._write(entry, patience_s)
        except RecordsUnavailable:
            await self._to_outbox(entry)

    async def _write(self, entry: Entry, patience_s: float) -> None:
        done = self._shared.submit(entry)
        self._under_way[entry.id] = done
        done.add_done_callback(lambda done: self._written(entry.id, done))
        await asyncio.wait([done], timeout=patience_s)
        if not done.done():
            raise RecordsUnavailable("the database did not answer in time")
        done.result()

    def _written(self, entry_id: str, done: asyncio.Future[None]) -> None:
        self._under_way.pop(entry_id, None)
        if not done.cancelled() and done.exception() is None:
            # It may have been given up and put into the outbox meanwhile.
            task = asyncio.ensure_future(self.outbox.settle(entry_id))
            self._settling.add(task)
            task.add_done_callback(self._settling.discard)

    async def _to_outbox(self, entry: Entry) -> None:
        try:
            await self.outbox.put(entry)
        except EvidenceError:
            # Nothing durable is left; it stays in memory, and the person is answered.
            self.outbox_failures += 1

    async def _drain_on(self) -> None:
        while True:
            await asyncio.sleep(_DRAIN_S)
            for entry in list(self.outbox.pending.values()):
                if entry.id in self._under_way:
                    continue
                try:
                    await self._write(entry, self._patience_s)
                except RecordsUnavailable:
                    break

    def _escalate(self, entry: Entry) -> None:
        for event in entry.events:
            if event.event is EventName.DETECTED and self._escalator is not None:
                self._escalator.submit(event.trace, str(event.detail.get("severity", "")))

    def _plain_entry(self, exchanged: Exchanged) -> Entry:
        answer = exchanged.answer
        conversation = Conversation(
            exchanged.id, exchanged.read_at, exchanged.access.actor, exchanged.turns, answer.text
        )
        row = self._sealer.seal(conversation)
        return Entry(f"chat/{exchanged.access.request}", time.time(), (exchanged.access,), row)

    def _entry(self, exchanged: Exchanged, via: str) -> Entry:
        plain = self._plain_entry(exchanged)
        found = exchanged.answer.assessment
        severity = found.topic.severity.value
        read = {"by": exchanged.answer.by, "score": round(found.score, 4)}
        happened: tuple[tuple[EventName, float, dict[str, Any]], ...] = (
            (EventName.DISCLOSURE, exchanged.disclosed_at, {}),
            (EventName.DETECTION, exchanged.read_at, read),
            (
                EventName.DETECTED,
                exchanged.read_at,
                {"severity": severity, "conversation": exchanged.id},
            ),
            (EventName.INITIATED, plain.at, {"via": via}),
        )
        access = exchanged.access
        escalated = AuditEvent(
            access.actor, ESCALATED, "ok", exchanged.trace, access.request, access.address
        )
        return Entry(
            plain.id,
            plain.at,
            (access, escalated),
            plain.row,
            tuple(
                TraceEvent(exchanged.trace, name, at, self._replica, detail)
                for name, at, detail in happened
            ),
        )
