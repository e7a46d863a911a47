"""Tables of a PostgreSQL server, row by row, as one moment shows them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from clinigate.errors import MissingExtraError, TargetError, UsageError
from clinigate.phi.surfaces.limits import Limits
from clinigate.phi.surfaces.opening import open_path
from clinigate.phi.surfaces.part import Part, Skipped, TruncatedError
from clinigate.phi.surfaces.rows import Rows, row_parts

__all__ = ["open_database"]

#: Rows that are fetched at once.
_ROWS = 200
_SQLITE = "sqlite:///"
_CONNECT_S = 10
#: What may wait for a lock, or for one page of rows.
_SETTINGS = (
    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY",
    # A policy that would hide rows is an error, not a smaller table.
    "SET LOCAL row_security = off",
    "SET LOCAL lock_timeout = '5s'",
    "SET LOCAL statement_timeout = '60s'",
)
_TABLES = """
    SELECT n.nspname, c.relname, c.relkind::text, c.oid
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'm', 'f') AND NOT c.relisshared
      AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg_t%'
    ORDER BY 1, 2
"""
_COLUMNS = """
    SELECT attname, atttypid = 'bytea'::regtype FROM pg_attribute
    WHERE attrelid = %s AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""
_LARGE = "SELECT count(*) FROM pg_largeobject_metadata"
_FOREIGN = "a foreign table; scan it where it lies"


def open_database(dsn: str, limits: Limits = Limits()) -> Iterator[Part | Skipped]:  # noqa: B008
    """Yield the tables of a database, those without a key too, each as parts of rows.

    All is read in one transaction that can write nothing: what is found was there at one moment.
    A table that may not be read, is locked, or hides rows by a policy is Skipped. An object of the
    server that is no table (large objects, foreign tables) is told as Skipped too. A row's number
    is its place in the answer.

    Args:
        dsn: a connection string of PostgreSQL, or `sqlite:///path`.
        limits: as of `open_path`, for SQLite.

    Raises:
        MissingExtraError: psycopg is not installed.
        TargetError: the server cannot be reached, or lets nobody in.
        UsageError: a connection string of another database.
    """
    if dsn.startswith(_SQLITE):
        yield from open_path(Path(unquote(dsn.removeprefix(_SQLITE))), limits)
        return
    scheme = dsn.partition("://")[0] if "://" in dsn else "postgresql"
    if scheme not in ("postgresql", "postgres"):
        raise UsageError(f"a database of {scheme}: give postgresql://… or sqlite:///…")
    with _connected(dsn) as connection:
        import psycopg

        try:
            yield from _parts(connection)
        except psycopg.Error as problem:
            yield Skipped("", f"the server does not answer any more ({type(problem).__name__})")


def _parts(connection: Any) -> Iterator[Part | Skipped]:
    for setting in _SETTINGS:
        connection.execute(setting)
    for schema, table, kind, oid in connection.execute(_TABLES).fetchall():
        name = f"{schema}.{table}"
        if kind == "f":
            yield Skipped(name, _FOREIGN)
        else:
            yield from row_parts(name, "postgresql", _table(connection, schema, table, oid))
    if connection.execute(_LARGE).fetchone()[0]:
        yield Skipped("large objects", "they are not read; look at what uses them")
    connection.rollback()


def _connected(dsn: str) -> Any:
    try:
        import psycopg
    except ImportError:
        raise MissingExtraError("the search of a database", "db") from None
    try:
        return psycopg.connect(dsn, connect_timeout=_CONNECT_S)
    except (psycopg.OperationalError, psycopg.ProgrammingError) as problem:
        # The message may name user and host: it stays out.
        raise TargetError(
            f"the database cannot be reached ({type(problem).__name__}); check address, name, "
            "credentials, and that it lets this machine in"
        ) from None


def _table(connection: Any, schema: str, table: str, oid: int) -> Rows | Skipped:
    """Return a table whose first rows have been read: now it shows whether it may be."""
    import psycopg
    from psycopg import sql

    columns = connection.execute(_COLUMNS, (oid,)).fetchall()
    # As text everything can be read, a date that no calendar has too.
    wanted = [
        sql.Identifier(name) if is_bytes else sql.SQL("{}::text").format(sql.Identifier(name))
        for name, is_bytes in columns
    ]
    query = sql.SQL("SELECT {} FROM {}").format(
        sql.SQL(", ").join(wanted), sql.Identifier(schema, table)
    )
    asked = sql.SQL("SELECT FROM {} LIMIT 0").format(sql.Identifier(schema, table))
    try:
        with connection.transaction():
            connection.execute(asked)
    except psycopg.Error as problem:
        return Skipped("", _why(problem))
    return Rows([name for name, _ in columns], _rows(connection, query))


def _rows(connection: Any, query: Any) -> Iterator[tuple[int, tuple[object, ...]]]:
    import psycopg

    number = 0
    try:
        with connection.transaction(), connection.cursor(name="clinigate_phi") as cursor:
            cursor.execute(query)
            while rows := cursor.fetchmany(_ROWS):
                for row in rows:
                    number += 1
                    yield number, row
    except psycopg.Error as problem:
        raise TruncatedError(f"{_why(problem)}, after {number} rows") from None


def _why(problem: Exception) -> str:
    from psycopg import errors

    if isinstance(problem, errors.InsufficientPrivilege):
        return "permission denied, or rows are hidden by a policy"
    if isinstance(problem, errors.LockNotAvailable | errors.QueryCanceled):
        return "locked or too slow"
    return f"cannot be read ({type(problem).__name__})"
