"""What lies in a store: raw bytes of files, and rows as a PostgreSQL server tells them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

from clinigate.hipaa.premises import Premises, files_under
from clinigate.phi.canary_search import CanaryHit, CanarySearch
from clinigate.phi.leaks.stores import Store, chunks_of, tables_at
from clinigate.targets.credentials import read_variable

__all__ = ["Store", "chunks_of", "digests", "hits_in", "stores_of"]


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
        field = "[hipaa] store_dsn_env"
        found += tables_at(read_variable(table.store_dsn_env, field, premises.environ), field)
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


def hits_in(
    search: CanarySearch, chunks: Iterator[bytes], cannot: Callable[[str], None]
) -> Iterator[CanaryHit]:
    """Yield the canaries in bytes of any length.

    Args:
        search: for them.
        chunks: the bytes.
        cannot: told why something was not searched, if something was not.
    """
    stream = search.stream()
    for chunk in chunks:
        yield from stream.feed(chunk)
    yield from stream.finish()
    if stream.cut:
        cannot("a compressed stream among what was searched holds more than is read of one")
