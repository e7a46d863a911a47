"""The store of the records, row by row: SQLite or PostgreSQL, as the service itself reaches it."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from clinigate.errors import ConfigError, MissingExtraError, TargetError
from clinigate.hipaa.premises import Premises
from clinigate.targets.credentials import read_variable

__all__ = ["Cell", "Link", "NotDone", "linked", "linked_to", "quoted"]

_WAIT_S = 10
_FIELD = "[hipaa.records.store]"
#: SQLite refuses a statement as such by a trigger; else it says that this value does not fit, that
#: somebody else is writing, that the statement is none, or that we may only read the file, which
#: the service itself, who adds rows, may not only do.
_REFUSES = frozenset({sqlite3.SQLITE_CONSTRAINT_TRIGGER, sqlite3.SQLITE_AUTH})
#: The same of PostgreSQL, by the classes of its states; 42501 is a missing privilege, and 25 is
#: said by a replica, or where whoever connects may only read.
_UNCLEAR = re.compile("08|22|23|25|40|42(?!501)|53|55|57")
_NAMES = (
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
)
_PG_NAMES = (
    "SELECT n.nspname, c.relname FROM pg_catalog.pg_class c "
    "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't' "
    "AND n.nspname NOT IN ('pg_catalog', 'information_schema') "
    "AND n.nspname NOT LIKE 'pg\\_toast%' ORDER BY 1, 2"
)

Cell = str | int | float | bytes | None


class NotDone(Exception):  # noqa: N818 - what the store says, which may be as it should be
    """The store refuses a statement; `unclear` where that tells nothing of what may be done."""

    def __init__(self, said: str, *, unclear: bool) -> None:
        super().__init__(said)
        self.unclear = unclear


class Link:
    """One connection to a store; nothing is in a transaction unless `undone` says so."""

    def __init__(self, raw: Any, *, is_postgres: bool) -> None:
        self._raw = raw
        self.is_postgres = is_postgres

    def rows(self, sql: str, *values: Cell) -> list[tuple[Cell, ...]]:
        """Return what a query finds; parameters are `?`.

        Raises:
            NotDone: the store refuses it.
        """
        found = self._execute(sql, values).fetchall()
        return [tuple(map(_cell, row)) for row in found]

    def run(self, sql: str, *values: Cell) -> int:
        """Carry out a statement and return how many rows it concerned; raises as `rows`."""
        return int(self._execute(sql, values).rowcount)

    def columns(self, table: str) -> list[str]:
        """Return the columns of a table; raises as `rows`."""
        asked = self._execute(f"SELECT * FROM {quoted(table)} LIMIT 0", ())  # noqa: S608 - quoted
        return [str(each[0]) for each in asked.description]

    def tables(self) -> list[str]:
        """Return the names of the tables, those of `public` without its name; raises as `rows`."""
        if not self.is_postgres:
            return [str(name) for (name,) in self.rows(_NAMES)]
        return [
            str(name) if schema == "public" else f"{schema!s}.{name!s}"
            for schema, name in self.rows(_PG_NAMES)
        ]

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Carry out what is done in the block, and take it back at its end."""
        self._execute("BEGIN" if self.is_postgres else "BEGIN IMMEDIATE", ())
        try:
            yield
        finally:
            # A trigger may have taken back the whole transaction already.
            if self.is_postgres or self._raw.in_transaction:
                self._raw.execute("ROLLBACK")

    def _execute(self, sql: str, values: Sequence[Cell]) -> Any:
        try:
            if not self.is_postgres:
                return self._raw.execute(sql, values)
            # Without parameters a percent sign in a query of the user is one.
            return self._raw.execute(sql.replace("?", "%s"), values or None)
        except Exception as error:  # noqa: BLE001 - of whichever driver it is
            raise _not_done(error) from None


@contextmanager
def linked(premises: Premises) -> Iterator[Link]:
    """Connect to the store that `[hipaa.records.store]` names, for the length of a block.

    Raises:
        ConfigError: it names none, or a file or variable is missing.
        MissingExtraError: psycopg is not installed.
        TargetError: it cannot be reached.
    """
    table = premises.table.records.store
    if table is None:
        raise ConfigError(f"{_FIELD}: say where records lie, by sqlite or dsn_env, and table")
    if table.sqlite is not None:
        with linked_to(premises.path(table.sqlite), f"{_FIELD} sqlite") as link:
            yield link
        return
    variable = table.dsn_env or premises.table.store_dsn_env
    if variable is None:
        raise ConfigError(f"{_FIELD}: give sqlite or dsn_env")
    dsn = read_variable(variable, f"{_FIELD} dsn_env", premises.environ)
    with linked_to(dsn, f"{_FIELD} dsn_env") as link:
        yield link


@contextmanager
def linked_to(place: Path | str, field: str) -> Iterator[Link]:
    """Connect to a SQLite file, or to a PostgreSQL server by its address. Raises as `linked`."""
    with closing(
        _sqlite(place, field) if isinstance(place, Path) else _server(place, field)
    ) as raw:
        yield Link(raw, is_postgres=not isinstance(place, Path))


def quoted(name: str) -> str:
    """Return a name of SQL, with the schema before it if it has one."""
    parts = (part.replace('"', '""') for part in name.split("."))
    return ".".join(f'"{part}"' for part in parts)


def _sqlite(path: Path, field: str) -> sqlite3.Connection:
    if not path.is_file():
        raise ConfigError(f"{field}: {path.name} is no file")
    try:
        return sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=_WAIT_S, isolation_level=None
        )
    except sqlite3.Error as error:
        raise TargetError(f"{field}: {path.name} cannot be opened ({error})") from None


def _server(dsn: str, field: str) -> Any:
    try:
        import psycopg
    except ImportError:
        raise MissingExtraError("looking into a PostgreSQL store", "db") from None
    try:
        link = psycopg.connect(dsn, autocommit=True, connect_timeout=_WAIT_S)
        link.execute(f"SET lock_timeout = '{_WAIT_S}s'")
    except psycopg.Error as error:
        raise TargetError(
            f"{field}: the server does not let us in ({type(error).__name__}); is it running, and "
            "is the address right?"
        ) from None
    return link


def _not_done(error: Exception) -> NotDone:
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", 0)
        unclear = code not in _REFUSES
    else:
        unclear = bool(_UNCLEAR.match(str(getattr(error, "sqlstate", None) or "08")))
    return NotDone(type(error).__name__, unclear=unclear)


def _cell(value: Any) -> Cell:
    if isinstance(value, memoryview | bytearray):
        return bytes(value)
    return value if value is None or isinstance(value, str | int | float | bytes) else str(value)
