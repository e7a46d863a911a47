"""The database of the records of care: a SQLite file, or PostgreSQL by its address.

SQL is written so that both understand it: parameters as `?`, types as TEXT, BIGINT, DOUBLE
PRECISION and BYTEA. One transaction is under way at a time.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from clinigate.errors import EvidenceError

__all__ = ["Base", "Value"]

Value = str | int | float | bytes | None

_COLUMNS = (
    "SELECT m.name, c.name, UPPER(c.type) FROM sqlite_master m, pragma_table_info(m.name) c "
    "WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' ORDER BY m.name, c.cid"
)
_PG_COLUMNS = (
    "SELECT table_name, column_name, UPPER(data_type) FROM information_schema.columns "
    "WHERE table_schema = current_schema() ORDER BY table_name, ordinal_position"
)


class Base:
    """One connection, safe to use from several threads of one process."""

    def __init__(self, path: Path, *, dsn: str | None = None) -> None:
        """Open the file at `path`, created private to its owner, or the server at `dsn`.

        Raises:
            EvidenceError: it cannot be opened.
        """
        self.path = path
        self.dsn = dsn
        self._lock = threading.RLock()
        self._depth = 0
        try:
            self._link: Any = _sqlite(path) if dsn is None else _postgres(dsn)
        except Exception as error:
            raise EvidenceError(
                f"records of care: {type(error).__name__}; choose another data directory or address"
            ) from error

    @property
    def is_postgres(self) -> bool:
        """Whether a PostgreSQL server keeps the records."""
        return self.dsn is not None

    def define(self, statements: Sequence[str]) -> None:
        """Carry out what makes tables and triggers, where they are not there yet."""
        for each in statements:
            self.run(each)

    def run(self, sql: str, *values: Value) -> int:
        """Carry out one statement and return how many rows it changed.

        Raises:
            EvidenceError: the database refuses it.
        """
        with self.transaction():
            return int(self._execute(sql, values).rowcount)

    def rows(self, sql: str, *values: Value) -> list[tuple[Any, ...]]:
        """Return what a query finds; raises as `run`."""
        with self.transaction():
            return [tuple(row) for row in self._execute(sql, values).fetchall()]

    def row(self, sql: str, *values: Value) -> tuple[Any, ...] | None:
        """Return the first row that a query finds; raises as `run`."""
        found = self.rows(sql, *values)
        return found[0] if found else None

    def tables(self) -> dict[str, list[tuple[str, str]]]:
        """Return the tables by name: the name and type of each column; raises as `run`."""
        found: dict[str, list[tuple[str, str]]] = {}
        for table, column, kind in self.rows(_PG_COLUMNS if self.is_postgres else _COLUMNS):
            found.setdefault(table, []).append((column, kind))
        return found

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Carry out all that is done in the block, or nothing of it."""
        with self._lock:
            if self._depth == 0:
                self._link.execute("BEGIN")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                if self._depth == 0:
                    self._link.execute("ROLLBACK")
                raise
            self._depth -= 1
            if self._depth == 0:
                self._link.execute("COMMIT")

    def close(self) -> None:
        """Close it. Calling it twice is harmless."""
        with self._lock:
            self._link.close()

    def _execute(self, sql: str, values: Sequence[Value]) -> Any:
        try:
            if self.is_postgres:
                return self._link.execute(sql.replace("?", "%s"), values)
            return self._link.execute(sql, values)
        except Exception as error:
            raise EvidenceError(f"records of care: {type(error).__name__}") from error


def _sqlite(path: Path) -> sqlite3.Connection:
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
    link = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    link.execute("PRAGMA journal_mode=WAL")
    link.execute("PRAGMA synchronous=NORMAL")
    # What was deleted is overwritten, so that nothing of it stays in the pages.
    link.execute("PRAGMA secure_delete=ON")
    return link


def _postgres(dsn: str) -> Any:
    import psycopg

    return psycopg.connect(dsn, autocommit=True)
