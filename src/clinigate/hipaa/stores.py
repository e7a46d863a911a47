"""What lies in a store: raw bytes of files, and rows as a PostgreSQL server tells them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from clinigate.errors import MissingExtraError, TargetError
from clinigate.hipaa.premises import Premises, files_under, is_beside
from clinigate.phi.canary_search import CanaryHit, CanarySearch
from clinigate.targets.credentials import read_variable

__all__ = ["Store", "chunks_of", "digests", "hits_in", "stores_of"]

_CHUNK = 4 * 2**20
#: Longer than any form of any value and than most compressed records: none is lost between chunks.
_OVERLAP = 64 * 1024
_TABLES = (
    "SELECT schemaname, tablename FROM pg_catalog.pg_tables "
    "WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2"
)


@dataclass(frozen=True, slots=True)
class Store:
    """One thing to search; `chunks` reads it from the beginning, each time anew."""

    name: str
    chunks: Callable[[], Iterator[bytes]]


def stores_of(premises: Premises) -> tuple[Store, ...]:
    """Return what the configuration names: files of `stores`, tables of `store_dsn_env`.

    Raises:
        ConfigError: a file or a variable is missing.
        MissingExtraError: psycopg is not installed.
        TargetError: the server cannot be reached.
    """
    table = premises.table
    found = [
        Store(path.name, lambda path=path: chunks_of(path))  # type: ignore[misc]
        for path in files_under(premises, table.stores, "stores")
    ]
    if table.store_dsn_env is not None:
        dsn = read_variable(table.store_dsn_env, "[hipaa] store_dsn_env", premises.environ)
        found += _tables(dsn)
    return tuple(found)


def digests(stores: tuple[Store, ...]) -> dict[str, str]:
    """Return what stores hold, as digests: to tell whether something was written at all."""
    found = {}
    for store in stores:
        digest = hashlib.sha256()
        for chunk in store.chunks():
            digest.update(chunk)
        found[store.name] = digest.hexdigest()
    return found


def hits_in(search: CanarySearch, chunks: Iterator[bytes]) -> list[CanaryHit]:
    """Find canaries in bytes of any length; places are those in their chunk."""
    found: list[CanaryHit] = []
    before = b""
    for chunk in _gathered(chunks):
        found += search.search(before + chunk)
        before = (before + chunk)[-_OVERLAP:]
    return found


def _gathered(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Put small chunks together: a database has one for each row."""
    held: list[bytes] = []
    size = 0
    for chunk in chunks:
        held.append(chunk)
        size += len(chunk)
        if size >= _CHUNK:
            yield b"".join(held)
            held, size = [], 0
    yield b"".join(held)


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


def _tables(dsn: str) -> list[Store]:
    try:
        import psycopg
    except ImportError:
        raise MissingExtraError("searching a PostgreSQL store", "db") from None
    try:
        with psycopg.connect(dsn, autocommit=True) as link:
            names = link.execute(_TABLES).fetchall()
    except psycopg.Error as error:
        raise TargetError(
            f"[hipaa] store_dsn_env: the server cannot be asked ({type(error).__name__}); is the "
            "address right, and may this user read?"
        ) from None
    return [
        Store(f"{schema}.{table}", lambda s=schema, t=table: _rows(dsn, s, t))  # type: ignore[misc]
        for schema, table in names
    ]


def _rows(dsn: str, schema: str, table: str) -> Iterator[bytes]:
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
            f"[hipaa] store_dsn_env: {schema}.{table} cannot be read ({type(error).__name__})"
        ) from None
