"""What a store holds, table by table: how many rows, and one digest of all of them.

A digest does not depend on the order of rows, which a restore may change. It is the sum of the
digests of the rows, modulo 2**256: constant memory, and nobody plays against it here.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clinigate.errors import MissingExtraError, TargetError

__all__ = ["Table", "postgres_tables", "sqlite_tables"]

_MODULUS = 2**256
_CONNECT_S = 10
_OURS = (
    "SELECT n.nspname, c.relname FROM pg_catalog.pg_class c "
    "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' "
    "AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg_toast%' "
    "AND n.nspname NOT LIKE 'pg_temp%' ORDER BY 1, 2"
)


@dataclass(frozen=True, slots=True)
class Table:
    """One table: `rows` and the `digest` of columns and rows."""

    rows: int
    digest: str


def sqlite_tables(path: Path) -> dict[str, Table]:
    """Return the tables of a SQLite file, which is read and not changed.

    Raises:
        TargetError: there is no such file, or it is none of SQLite's.
    """
    if not path.is_file():
        raise TargetError(f"{path}: there is no such store")
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as link:
            names = link.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' "
                "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
            ).fetchall()
            link.execute("BEGIN")  # one state of the store, whoever writes meanwhile
            return {name: _sqlite_table(link, name) for (name,) in names}
    except sqlite3.Error as error:
        raise TargetError(
            f"{path}: cannot be read as a store of SQLite ({type(error).__name__})"
        ) from None


def postgres_tables(dsn: str, field: str) -> dict[str, Table]:
    """Return the tables of a PostgreSQL database; `field` says where its address comes from.

    Raises:
        MissingExtraError: psycopg is not installed.
        TargetError: the server cannot be asked.
    """
    try:
        import psycopg
    except ImportError:
        raise MissingExtraError("comparing a PostgreSQL store", "db") from None
    try:
        with psycopg.connect(dsn, connect_timeout=_CONNECT_S) as link:
            link.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            names = link.execute(_OURS).fetchall()
            return {
                f"{schema}.{name}": _postgres_table(link, schema, name) for schema, name in names
            }
    except psycopg.Error as error:
        raise TargetError(
            f"{field}: the server cannot be asked ({type(error).__name__}); is the address right, "
            "and may this user read every table?"
        ) from None


def _sqlite_table(link: sqlite3.Connection, name: str) -> Table:
    quoted = name.replace('"', '""')
    columns = [row[1] for row in link.execute(f'PRAGMA table_info("{quoted}")')]
    rows = link.execute(f'SELECT * FROM "{quoted}"')  # noqa: S608 - a name that SQLite told, quoted
    return _summed(columns, (repr(row).encode() for row in rows))


def _postgres_table(link: Any, schema: str, name: str) -> Table:
    from psycopg import sql

    at = sql.Identifier(schema, name)
    with link.cursor() as cursor:
        cursor.execute(sql.SQL("SELECT * FROM {} LIMIT 0").format(at))
        columns = [column.name for column in cursor.description]
    with link.cursor(name="clinigate_drill") as cursor:
        cursor.execute(sql.SQL("SELECT ROW(t.*)::text FROM {} AS t").format(at))
        return _summed(columns, (row[0].encode() for row in cursor))


def _summed(columns: Iterable[str], rows: Iterator[bytes]) -> Table:
    total, count = 0, 0
    for row in rows:
        total = (total + int.from_bytes(hashlib.sha256(row).digest(), "big")) % _MODULUS
        count += 1
    head = hashlib.sha256("\x1f".join(columns).encode())
    head.update(total.to_bytes(32, "big"))
    return Table(count, head.hexdigest())
