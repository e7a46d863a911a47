"""CG-HIPAA-STORAGE-001 — passwords that a copy of the store gives away.

45 CFR 164.308(a)(5)(ii)(D). Two synthetic accounts with the same password are added; then the
digests are read from the store itself. Each must be Argon2id, bcrypt, scrypt or PBKDF2 at a cost
that makes guessing slow, and the two must differ, which salt makes them. A key that is mixed into
the digests from elsewhere is not seen, nor are copies of the store.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing

from clinigate.config.hipaa_accounts import DigestsTable
from clinigate.core.observation import Observation
from clinigate.errors import ConfigError, MissingExtraError, TargetError
from clinigate.hipaa.named import Named
from clinigate.hipaa.premises import Premises
from clinigate.hipaa.probes.accounts.strength import weakness
from clinigate.hipaa.probes.accounts.synthetic import accounts, fresh_password, needed, table_of
from clinigate.hipaa.tally import Tally, gap
from clinigate.targets.credentials import read_variable

__all__ = ["password_storage"]

_WHERE = "the store"
_FIELD = "[hipaa.accounts.digests]"
_CONNECT_S = 10


def password_storage(named: Named, premises: Premises) -> Iterator[Observation]:
    """Read the digests that are kept of passwords."""
    table = table_of(premises).digests
    reason = needed(premises, "add", "digests")
    if reason is not None or table is None:
        yield gap(named, reason or "")
        return
    tally = Tally(named)
    password = fresh_password()
    before = Counter(_digests(premises, table))
    with accounts(premises, tally, how_many=2, password=password):
        after = Counter(_digests(premises, table))
    ours = list((after - before).elements())
    if len(ours) < 2:
        tally.cannot(
            f"the digests of two new accounts; {len(ours)} are new, so that {_FIELD} query reads "
            "something else"
        )
    else:
        tally.expect(len(set(ours)) == len(ours), _WHERE, "equal passwords have equal digests")
    _judged(tally, list(after.elements()), password)
    yield from tally.observations()


def _judged(tally: Tally, digests: list[str], password: str) -> None:
    for digest in digests:
        if password in digest:
            tally.expect(False, _WHERE, "holds a password in clear")
        else:
            weak = weakness(digest)
            tally.expect(weak is None, _WHERE, f"holds a password as {weak}")


def _digests(premises: Premises, table: DigestsTable) -> list[str]:
    rows = _of_file(premises, table) if table.file is not None else _of_server(premises, table)
    if any(len(row) != 1 for row in rows):
        raise ConfigError(f"{_FIELD} query: a row has not one column; select the digest alone")
    return [_text(row[0]) for row in rows if row[0] is not None]


def _text(value: object) -> str:
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode("utf-8", "replace")
    return str(value)


def _of_file(premises: Premises, table: DigestsTable) -> list[tuple[object, ...]]:
    assert table.file is not None
    path = premises.path(table.file)
    if not path.is_file():
        raise ConfigError(f"{_FIELD} file: {path.name} is no file")
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as link:
            return link.execute(table.query).fetchall()
    except sqlite3.Error as error:
        # What SQLite says of a query may quote it, and with it what it looks for.
        raise ConfigError(
            f"{_FIELD} query: {path.name} cannot be asked it ({type(error).__name__})"
        ) from None


def _of_server(premises: Premises, table: DigestsTable) -> list[tuple[object, ...]]:
    assert table.dsn_env is not None
    dsn = read_variable(table.dsn_env, f"{_FIELD} dsn_env", premises.environ)
    try:
        import psycopg
    except ImportError:
        raise MissingExtraError("reading digests from PostgreSQL", "db") from None
    try:
        with psycopg.connect(dsn, autocommit=True, connect_timeout=_CONNECT_S) as link:
            link.execute("SET default_transaction_read_only = on")
            return link.execute(table.query.encode()).fetchall()
    except psycopg.Error as error:
        raise TargetError(
            f"{_FIELD}: the server cannot be asked ({type(error).__name__}); is the address right, "
            "and is the query one that this user may ask?"
        ) from None
