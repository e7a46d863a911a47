"""Records in a database that several replicas share: one audit chain for each replica.

A replica alone appends to its chain, so it knows its head and needs no lock that others wait for.
What comes in while a transaction is under way goes into the next one together (group commit).
After a transaction whose end nobody saw, the head is read again: the next attempt finds out whether
the lines are there.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Iterable
from typing import Any

from clinigate.reference.crisis.trace import Trace, TraceEvent
from clinigate.reference.records.audit import Chain, chained_line
from clinigate.reference.records.entry import Entry
from clinigate.reference.records.reading import (
    consent_of,
    head_of,
    trace_of,
    traces_of,
    unresolved_of,
)
from clinigate.reference.records.tables import (
    SCHEMA,
    Database,
    RecordsUnavailable,
    Statement,
    insert_audit,
    insert_consent,
    insert_conversation,
    insert_event,
)
from clinigate.reference.resilience.dependency import Dependency, DependencyLost

__all__ = ["SharedRecords"]

_MOST_IN_ONE = 200


class SharedRecords:
    """The records as one replica writes and reads them."""

    def __init__(self, database: Database, dependency: Dependency, *, chain: str) -> None:
        """`chain` names the replica's audit chain; nobody else may write to it."""
        self._database = database
        self._dependency = dependency
        self._name = chain
        self._waiting: list[tuple[Entry, asyncio.Future[None]]] = []
        self._wake = asyncio.Event()
        self._chain: Chain | None = None
        self._prepared = False
        self._writer: asyncio.Task[None] | None = None

    @property
    def lost(self) -> bool:
        """Whether the database is given up for the moment."""
        return self._dependency.lost

    def submit(self, entry: Entry) -> asyncio.Future[None]:
        """Hand `entry` to the next transaction and return the future of its commit.

        The future fails with `RecordsUnavailable`; whoever gives it up knows that it may still
        come true.
        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        done.add_done_callback(_retrieved)
        self._waiting.append((entry, done))
        self._wake.set()
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_on())
        return done

    async def trace(self, trace: str, local: Iterable[TraceEvent] = ()) -> Trace | None:
        """Return a trace with what the database and this replica know; None for an unknown one.

        Raises:
            RecordsUnavailable: the database is lost, and this replica alone knows nothing of it.
        """
        known = [event for event in local if event.trace == trace]
        try:
            events, audit = await self._ask(trace_of(self._database, trace))
        except RecordsUnavailable:
            if not known:
                raise
            return Trace.of(trace, known)
        together = [*events, *known]
        return Trace.of(trace, together, audit) if together else None

    async def traces(self, limit: int) -> list[dict[str, Any]]:
        """Return the newest traces with whether they are complete."""
        found: list[dict[str, Any]] = await self._ask(traces_of(self._database, limit))
        return found

    async def unresolved(self, *, before: float, after: float) -> list[tuple[str, dict[str, Any]]]:
        """Return traces detected between two times that nobody has resolved, with their detail."""
        question = unresolved_of(self._database, before=before, after=after)
        found: list[tuple[str, dict[str, Any]]] = await self._ask(question)
        return found

    async def consented(self, person: str) -> bool:
        """Whether a person agreed and did not take it back."""
        return bool(await self._ask(consent_of(self._database, person)))

    async def close(self) -> None:
        """Stop writing and let go of the database."""
        if self._writer is not None:
            self._writer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._writer
        await self._database.close()

    async def _ask(self, question: Any) -> Any:
        async def once(timeout_s: float) -> Any:
            await self._prepare(timeout_s)
            return await question(timeout_s)

        try:
            return await self._dependency.call(once)
        except DependencyLost as lost:
            raise RecordsUnavailable(str(lost)) from lost

    async def _write_on(self) -> None:
        while True:
            await self._wake.wait()
            batch, self._waiting = self._waiting[:_MOST_IN_ONE], self._waiting[_MOST_IN_ONE:]
            if not self._waiting:
                self._wake.clear()
            await self._write_batch(batch)

    async def _write_batch(self, batch: list[tuple[Entry, asyncio.Future[None]]]) -> None:
        attempt = _Attempt(self._name, [entry for entry, _ in batch])
        try:
            await self._dependency.call(lambda timeout_s: self._commit(attempt, timeout_s))
            for _, done in batch:
                if not done.done():
                    done.set_result(None)
        except DependencyLost as lost:
            _fail(batch, str(lost))
        finally:
            # Whatever else goes wrong: nobody waits for a transaction that will not come.
            _fail(batch, "the transaction was given up")

    async def _commit(self, attempt: _Attempt, timeout_s: float) -> None:
        chain, self._chain = self._chain, None
        if chain is None:
            await self._prepare(timeout_s)
            chain = await head_of(self._database, self._name)(timeout_s)
        if attempt.is_already_in(chain):
            self._chain = chain
            return
        statements, grown = attempt.statements(chain)
        await self._database.commit(statements, timeout_s)
        self._chain = grown

    async def _prepare(self, timeout_s: float) -> None:
        if not self._prepared:
            await self._database.commit(SCHEMA, timeout_s)
            self._prepared = True


def _fail(batch: list[tuple[Entry, asyncio.Future[None]]], why: str) -> None:
    for _, done in batch:
        if not done.done():
            done.set_exception(RecordsUnavailable(why))


class _Attempt:
    """One batch, however often it has to be tried."""

    def __init__(self, name: str, entries: list[Entry]) -> None:
        self._name = name
        self._entries = entries
        self._ends: set[str] = set()

    def is_already_in(self, chain: Chain) -> bool:
        """Whether a former try went through although nobody saw it."""
        return chain.head in self._ends

    def statements(self, chain: Chain) -> tuple[list[Statement], Chain]:
        made: list[Statement] = []
        for entry in self._entries:
            for event in entry.audits:
                line, chain = chained_line(chain, event, at=entry.at)
                made.append(insert_audit(self._name, chain.length, event.resource, line))
                self._ends.add(chain.head)
            if entry.row is not None:
                made.append(insert_conversation(entry.row))
            made += [_event(event) for event in entry.events]
            if entry.consent is not None:
                made.append(insert_consent(entry.consent))
        return made, chain


def _event(event: TraceEvent) -> Statement:
    detail = json.dumps(event.detail, sort_keys=True)
    return insert_event(event.trace, event.event.value, event.at, event.replica, detail)


def _retrieved(done: asyncio.Future[None]) -> None:
    # Whoever waited may have gone; asyncio would otherwise complain of an error nobody looked at.
    if not done.cancelled():
        done.exception()
