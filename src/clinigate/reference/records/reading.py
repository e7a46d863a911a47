"""Queries over the shared tables."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from clinigate.reference.crisis.trace import RESOLVED, AuditRow, EventName, TraceEvent
from clinigate.reference.records.audit import Chain
from clinigate.reference.records.tables import Database, Statement

__all__ = ["chain_lines", "consent_of", "head_of", "trace_of", "traces_of", "unresolved_of"]

_HEAD = "SELECT seq, line FROM audit WHERE chain = ? ORDER BY seq DESC LIMIT 1"
_LINES = "SELECT line FROM audit WHERE chain = ? ORDER BY seq"
_EVENTS = "SELECT trace, event, at, replica, detail FROM trace_events WHERE trace = ?"
_AUDIT = "SELECT chain, seq, line FROM audit WHERE resource = ? ORDER BY chain, seq"
_NEWEST = (
    "SELECT d.trace, d.at, (SELECT COUNT(*) FROM trace_events e WHERE e.trace = d.trace), "
    "(SELECT COUNT(*) FROM audit a WHERE a.resource = d.trace AND a.line LIKE ?) "
    "FROM trace_events d WHERE d.event = ? ORDER BY d.at DESC LIMIT ?"
)
_UNRESOLVED = (
    "SELECT d.trace, d.detail FROM trace_events d WHERE d.event = ? AND d.at > ? AND d.at < ? "
    "AND NOT EXISTS (SELECT 1 FROM trace_events r WHERE r.trace = d.trace AND r.event = ?) "
    "ORDER BY d.at LIMIT 200"
)
_CONSENT = "SELECT granted FROM consents WHERE person = ? ORDER BY at DESC LIMIT 1"
_RESOLVING_LINE = f'%"action":"{RESOLVED}"%'


def head_of(database: Database, chain: str) -> Callable[[float], Awaitable[Chain]]:
    """Ask where a chain ends."""

    async def ask(timeout_s: float) -> Chain:
        rows = await database.rows(Statement(_HEAD, (chain,)), timeout_s)
        return Chain(int(rows[0][0]), json.loads(rows[0][1])["hash"]) if rows else Chain()

    return ask


def chain_lines(database: Database, chain: str) -> Callable[[float], Awaitable[list[bytes]]]:
    """Ask for all lines of a chain, as `verify_lines` wants them."""

    async def ask(timeout_s: float) -> list[bytes]:
        rows = await database.rows(Statement(_LINES, (chain,)), timeout_s)
        return [line.encode() for (line,) in rows]

    return ask


def consent_of(database: Database, person: str) -> Callable[[float], Awaitable[bool]]:
    """Ask whether the newest that a person said is yes."""

    async def ask(timeout_s: float) -> bool:
        rows = await database.rows(Statement(_CONSENT, (person,)), timeout_s)
        return bool(rows and rows[0][0])

    return ask


def trace_of(
    database: Database, trace: str
) -> Callable[[float], Awaitable[tuple[list[TraceEvent], list[AuditRow]]]]:
    """Ask for the events of a trace and the audit lines about it."""

    async def ask(timeout_s: float) -> tuple[list[TraceEvent], list[AuditRow]]:
        events = await database.rows(Statement(_EVENTS, (trace,)), timeout_s)
        audit = await database.rows(Statement(_AUDIT, (trace,)), timeout_s)
        return [TraceEvent.from_row(row) for row in events], [_audit_row(row) for row in audit]

    return ask


def traces_of(database: Database, limit: int) -> Callable[[float], Awaitable[list[dict[str, Any]]]]:
    """Ask for the newest traces."""

    async def ask(timeout_s: float) -> list[dict[str, Any]]:
        values = (_RESOLVING_LINE, EventName.DETECTED.value, limit)
        rows = await database.rows(Statement(_NEWEST, values), timeout_s)
        return [
            {"trace": trace, "complete": bool(n == len(EventName) and ended), "at": float(at)}
            for trace, at, n, ended in rows
        ]

    return ask


def unresolved_of(
    database: Database, *, before: float, after: float
) -> Callable[[float], Awaitable[list[tuple[str, dict[str, Any]]]]]:
    """Ask for the traces that were detected between two times and are not resolved."""

    async def ask(timeout_s: float) -> list[tuple[str, dict[str, Any]]]:
        values = (EventName.DETECTED.value, after, before, EventName.RESOLVED.value)
        rows = await database.rows(Statement(_UNRESOLVED, values), timeout_s)
        return [(trace, json.loads(detail)) for trace, detail in rows]

    return ask


def _audit_row(row: tuple[Any, ...]) -> AuditRow:
    chain, seq, line = row
    read = json.loads(line)
    return AuditRow(chain, int(seq), read["action"], read["time"], read["hash"])
