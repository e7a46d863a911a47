"""SQLite behind a socket: the database of a cluster where there is no PostgreSQL.

One transaction at a time, in WAL mode with `synchronous=NORMAL`: it survives the death of the
process. The write-ahead log grows until it is copied back and cut to nothing, so that a full disk
shows at the next transaction and not when old space has been used up.
"""

from __future__ import annotations

import base64
import os
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from clinigate.errors import EvidenceError
from clinigate.reference.records.tables import RecordsUnavailable, Row, Statement
from clinigate.reference.resilience.lines import LineClient, Message, Push

__all__ = ["RemoteDatabase", "SqliteServer"]

_COMMITS_PER_CHECKPOINT = 500


class SqliteServer:
    """Carries out what the replicas' `RemoteDatabase` sends."""

    def __init__(self, path: Path) -> None:
        """Open the file, created private to its owner.

        Raises:
            EvidenceError: it cannot be opened or is no database.
        """
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
            self._db = sqlite3.connect(path, isolation_level=None)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.execute("PRAGMA wal_autocheckpoint=0")
        except (OSError, sqlite3.Error) as error:
            raise EvidenceError(f"database {path}: {error}; choose another place") from error
        self._commits = 0

    async def handle(self, message: Message, _push: Push) -> Message:
        """Answer one request: `{"op": "commit" | "rows", "statements": [[sql, values], …]}`."""
        statements = [
            (str(sql), [_from_wire(value) for value in values])
            for sql, values in message["statements"]
        ]
        try:
            if message["op"] == "rows":
                found = self._db.execute(*statements[0]).fetchall()
                return {"rows": [[_to_wire(value) for value in row] for row in found]}
            self._commit(statements)
        except sqlite3.Error as error:
            return {"error": type(error).__name__ + ": " + str(error)}
        return {"ok": True}

    def close(self) -> None:
        """Copy the log back and close."""
        self._db.close()

    def _commit(self, statements: Sequence[tuple[str, list[Any]]]) -> None:
        if self._db.in_transaction:  # the one before could not even be rolled back
            self._db.execute("ROLLBACK")
        self._db.execute("BEGIN IMMEDIATE")
        try:
            for sql, values in statements:
                self._db.execute(sql, values)
            self._db.execute("COMMIT")
        except sqlite3.Error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise
        self._commits += 1
        if self._commits % _COMMITS_PER_CHECKPOINT == 0:
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


class RemoteDatabase:
    """The database as a replica reaches it through its link."""

    def __init__(self, address: str, *, secret: str) -> None:
        self._client = LineClient(address, secret=secret)

    async def commit(self, statements: Sequence[Statement], timeout_s: float) -> None:
        """Carry out all statements, or none.

        Raises:
            RecordsUnavailable: the database refused. OSError, TimeoutError: no answer.
        """
        await self._ask("commit", statements, timeout_s)

    async def rows(self, statement: Statement, timeout_s: float) -> list[Row]:
        """Return what a query finds; raises as `commit`."""
        answer = await self._ask("rows", [statement], timeout_s)
        return [tuple(_from_wire(value) for value in row) for row in answer["rows"]]

    async def close(self) -> None:
        """Close the connection."""
        await self._client.close()

    async def _ask(self, op: str, statements: Sequence[Statement], timeout_s: float) -> Message:
        wire = [[one.sql, [_to_wire(value) for value in one.values]] for one in statements]
        answer = await self._client.call({"op": op, "statements": wire}, timeout_s)
        if "error" in answer:
            raise RecordsUnavailable(f"the database refused: {answer['error']}")
        return answer


def _to_wire(value: Any) -> Any:
    return {"b64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value


def _from_wire(value: Any) -> Any:
    return base64.b64decode(value["b64"]) if isinstance(value, dict) else value
