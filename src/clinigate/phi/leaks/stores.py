"""Files and PostgreSQL tables as bytes: what the checks of HIPAA and the hunt both look into."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from clinigate.errors import ConfigError, MissingExtraError, TargetError

if TYPE_CHECKING:
    import psycopg

__all__ = ["Store", "chunks_of", "files_under", "is_beside", "tables_at"]

_CHUNK = 4 * 2**20
_BESIDE = ("-wal", "-shm", "-journal")
_CONNECT_S = 10
_LOCK_MS = 10_000
#: Partitions are tables of their own; what an empty view would show is not there yet.
_TABLES = (
    "SELECT n.nspname, c.relname FROM pg_catalog.pg_class c "
    "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "WHERE c.relkind IN ('r', 'm') AND c.relispopulated AND c.relpersistence <> 't' "
    "AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') ORDER BY 1, 2"
)


@dataclass(frozen=True, slots=True)
class Store:
    """One thing to search; `chunks` reads it from the beginning, each time anew."""

    name: str
    chunks: Callable[[], Iterator[bytes]]


def files_under(base: Path, names: Sequence[str], field: str) -> tuple[Path, ...]:
    """Return the files that names stand for: themselves, what lies beside them, what is in them.

    SQLite keeps what is new in a file beside the database; `-wal`, `-shm` and `-journal` count.
    They come first: what moves from there into the database meanwhile is then seen in it.

    Args:
        base: what relative names are relative to.
        names: files and folders.
        field: where they are configured, as `[hipaa] stores`.

    Raises:
        ConfigError: one is not there.
        TargetError: a folder may not be read.
    """
    found: dict[Path, None] = {}
    for name in names:
        path = base / name
        if path.is_dir():
            inside = _inside(path, field)
            found |= dict.fromkeys(sorted(inside, key=lambda each: (not is_beside(each), each)))
        elif path.is_file():
            beside = (path.with_name(path.name + end) for end in _BESIDE)
            found |= dict.fromkeys(each for each in beside if each.is_file())
            found[path] = None
        else:
            raise ConfigError(f"{field}: {name} is neither a file nor a folder")
    return tuple(found)


def _inside(folder: Path, field: str) -> Iterator[Path]:
    """Yield the files below a folder, those of folders that it links to as well."""

    def failed(problem: OSError) -> None:
        if not isinstance(problem, FileNotFoundError):
            raise TargetError(
                f"{field}: {problem.filename} cannot be read ({problem.strerror}); let this user "
                "read it"
            ) from None

    seen: set[str] = set()
    for place, folders, names in os.walk(folder, onerror=failed, followlinks=True):
        known = os.path.realpath(place)
        if known in seen:
            folders.clear()
            continue
        seen.add(known)
        yield from (path for name in names if (path := Path(place, name)).is_file())


def is_beside(path: Path) -> bool:
    """Whether SQLite keeps the file beside a database, and may remove it at any time."""
    return path.name.endswith(_BESIDE)


def chunks_of(path: Path, start: int = 0) -> Iterator[bytes]:
    """Yield a file from an offset on; one that SQLite has removed since holds nothing."""
    try:
        with path.open("rb") as file:
            file.seek(start)
            while chunk := file.read(_CHUNK):
                yield chunk
    except FileNotFoundError:
        if not is_beside(path):
            raise


def tables_at(dsn: str, field: str) -> list[Store]:
    """Return the tables of a PostgreSQL server; `field` is where its address is configured.

    Raises:
        MissingExtraError: psycopg is not installed.
        TargetError: the server cannot be asked.
    """
    try:
        import psycopg
    except ImportError:
        raise MissingExtraError("searching a PostgreSQL store", "db") from None
    try:
        with _connected(dsn) as link:
            names = link.execute(_TABLES).fetchall()
    except psycopg.Error as error:
        raise TargetError(
            f"{field}: the server cannot be asked ({type(error).__name__}); is the address right, "
            "and may this user read?"
        ) from None
    return [
        Store(f"{schema}.{table}", lambda s=schema, t=table: _rows(dsn, s, t, field))  # type: ignore[misc]
        for schema, table in names
    ]


def _connected(dsn: str) -> psycopg.Connection[tuple[str, ...]]:
    """Connect to read: nothing is waited for without end, and no row is left out in silence."""
    import psycopg

    link = psycopg.connect(dsn, autocommit=True, connect_timeout=_CONNECT_S)
    link.execute("SET default_transaction_read_only = on")
    # A table whose policies hide rows from this user is refused in place of shown in part.
    link.execute("SET row_security = off")
    link.execute(f"SET lock_timeout = {_LOCK_MS}")
    return link


def _rows(dsn: str, schema: str, table: str, field: str) -> Iterator[bytes]:
    """Yield a table as the server tells it: text as text, bytes in hexadecimal."""
    import psycopg
    from psycopg import sql

    query = sql.SQL("COPY (SELECT * FROM {}) TO STDOUT").format(sql.Identifier(schema, table))
    try:
        with _connected(dsn) as link, link.cursor() as cursor, cursor.copy(query) as copy:
            yield from map(bytes, copy)
    except psycopg.Error as error:
        raise TargetError(
            f"{field}: {schema}.{table} cannot be read ({type(error).__name__})"
        ) from None
