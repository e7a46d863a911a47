"""Files and PostgreSQL tables as bytes: what the checks of HIPAA and the hunt both look into."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from clinigate.errors import ConfigError, MissingExtraError, TargetError

__all__ = ["Store", "chunks_of", "files_under", "is_beside", "tables_at"]

_CHUNK = 4 * 2**20
_BESIDE = ("-wal", "-shm", "-journal")
_TABLES = (
    "SELECT schemaname, tablename FROM pg_catalog.pg_tables "
    "WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2"
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
    """
    found: dict[Path, None] = {}
    for name in names:
        path = base / name
        if path.is_dir():
            inside = (each for each in path.rglob("*") if each.is_file())
            found |= dict.fromkeys(sorted(inside, key=lambda each: (not is_beside(each), each)))
        elif path.is_file():
            beside = (path.with_name(path.name + end) for end in _BESIDE)
            found |= dict.fromkeys(each for each in beside if each.is_file())
            found[path] = None
        else:
            raise ConfigError(f"{field}: {name} is neither a file nor a folder")
    return tuple(found)


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
        with psycopg.connect(dsn, autocommit=True) as link:
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


def _rows(dsn: str, schema: str, table: str, field: str) -> Iterator[bytes]:
    """Yield a table as the server tells it: text as text, bytes in hexadecimal."""
    import psycopg
    from psycopg import sql

    query = sql.SQL("COPY (SELECT * FROM {}) TO STDOUT").format(sql.Identifier(schema, table))
    try:
        with psycopg.connect(dsn, autocommit=True) as link, link.cursor() as cursor:
            link.read_only = True
            with cursor.copy(query) as copy:
                yield from map(bytes, copy)
    except psycopg.Error as error:
        raise TargetError(
            f"{field}: {schema}.{table} cannot be read ({type(error).__name__})"
        ) from None
