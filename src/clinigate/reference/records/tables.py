"""The tables that replicas share, in SQL that SQLite and PostgreSQL both understand.

Parameters are written `?`; the adapter of PostgreSQL writes them its way. SQLite takes the type
names of PostgreSQL for what they are (`BYTEA` keeps bytes as bytes).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from clinigate.errors import EvidenceError
from clinigate.reference.records.consent import Consent
from clinigate.reference.records.sealing import SealedRow

__all__ = [
    "SCHEMA",
    "Database",
    "RecordsUnavailable",
    "Row",
    "Statement",
    "Value",
    "insert_audit",
    "insert_consent",
    "insert_conversation",
    "insert_event",
]

Value = str | int | float | bytes | None
Row = tuple[Any, ...]


class RecordsUnavailable(EvidenceError):  # noqa: N818 - a state of the world
    """The database cannot be reached, or does not write."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of SQL and the values of its parameters."""

    sql: str
    values: tuple[Value, ...] = ()


class Database(Protocol):
    """What the records are written to. One transaction is under way at a time."""

    async def commit(self, statements: Sequence[Statement], timeout_s: float) -> None:
        """Carry out all statements, or none.

        Raises:
            RecordsUnavailable: none was carried out, or nobody knows whether they were.
        """
        ...

    async def rows(self, statement: Statement, timeout_s: float) -> list[Row]:
        """Return what a query finds.

        Raises:
            RecordsUnavailable: no answer.
        """
        ...

    async def close(self) -> None:
        """Let go of the connection."""
        ...


SCHEMA = (
    Statement(
        "CREATE TABLE IF NOT EXISTS audit (chain TEXT NOT NULL, seq BIGINT NOT NULL, "
        "resource TEXT NOT NULL, line TEXT NOT NULL, PRIMARY KEY (chain, seq))"
    ),
    Statement("CREATE INDEX IF NOT EXISTS audit_by_resource ON audit (resource)"),
    Statement(
        "CREATE TABLE IF NOT EXISTS conversations (id TEXT PRIMARY KEY, "
        "created_at DOUBLE PRECISION NOT NULL, client TEXT NOT NULL, messages BYTEA NOT NULL, "
        "reply BYTEA NOT NULL)"
    ),
    Statement(
        "CREATE TABLE IF NOT EXISTS trace_events (trace TEXT NOT NULL, event TEXT NOT NULL, "
        "at DOUBLE PRECISION NOT NULL, replica TEXT NOT NULL, detail TEXT NOT NULL, "
        "PRIMARY KEY (trace, event))"
    ),
    Statement("CREATE INDEX IF NOT EXISTS events_by_time ON trace_events (event, at)"),
    Statement(
        "CREATE TABLE IF NOT EXISTS consents (person TEXT NOT NULL, at DOUBLE PRECISION NOT NULL, "
        "granted BIGINT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (person, at))"
    ),
)


def insert_audit(chain: str, seq: int, resource: str, line: bytes) -> Statement:
    """One line of one chain; a second line with the same number is refused."""
    values = (chain, seq, resource, line.decode("utf-8"))
    return Statement("INSERT INTO audit VALUES (?, ?, ?, ?)", values)


def insert_conversation(row: SealedRow) -> Statement:
    """One conversation; one that is already there stays as it is."""
    sql = "INSERT INTO conversations VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
    return Statement(sql, row.values())


def insert_consent(consent: Consent) -> Statement:
    """One agreement or withdrawal; one that is already there stays as it is."""
    values = (consent.person, consent.at, int(consent.granted), consent.text)
    return Statement("INSERT INTO consents VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", values)


def insert_event(trace: str, event: str, at: float, replica: str, detail: str) -> Statement:
    """One event of one trace; the first of its kind counts."""
    sql = "INSERT INTO trace_events VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
    return Statement(sql, (trace, event, at, replica, detail))
