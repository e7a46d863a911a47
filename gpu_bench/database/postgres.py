"""PostgreSQL: a record by its key, a conversation's last turns, an audit row that is committed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Any, LiteralString

from clinigate.errors import TargetError
from clinigate.gpu_bench.database.options import Source
from clinigate.gpu_bench.database.store import in_our_words, scratch_name, trouble

if TYPE_CHECKING:
    import psycopg

__all__ = ["PostgresStore"]

PATIENTS = 10_000
CONVERSATIONS = 200
TURNS = 40
_LAYOUT = """
CREATE SCHEMA {schema};
CREATE TABLE {schema}.patients (id bigint PRIMARY KEY, record text NOT NULL);
CREATE TABLE {schema}.turns (
    conversation bigint, number integer, said text NOT NULL, PRIMARY KEY (conversation, number));
CREATE TABLE {schema}.audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL DEFAULT now(),
    actor text NOT NULL, action text NOT NULL, subject bigint NOT NULL);
INSERT INTO {schema}.patients
    SELECT n, repeat(md5(n::text), 8) FROM generate_series(1, {patients}) n;
INSERT INTO {schema}.turns SELECT c, n, repeat(md5((c * 1000 + n)::text), 4)
    FROM generate_series(1, {conversations}) c, generate_series(1, {turns}) n;
ANALYZE {schema}.patients;
ANALYZE {schema}.turns;
"""
_LOOKUP = "SELECT record FROM {schema}.patients WHERE id = %s"
_RECENT = (
    "SELECT number, said FROM {schema}.turns WHERE conversation = %s ORDER BY number DESC LIMIT 20"
)
_INSERT = "INSERT INTO {schema}.audit (actor, action, subject) VALUES (%s, %s, %s)"
_REMOVE = "DROP SCHEMA IF EXISTS {schema} CASCADE"


class PostgresStore:
    """A schema of its own in the given database."""

    def __init__(self, source: Source, *, timeout_s: float) -> None:
        self._source = source
        self._timeout_s = timeout_s
        self._schema = scratch_name()
        self._keeper: psycopg.Connection | None = None
        self.left_behind: str | None = None
        self.description = "PostgreSQL"

    def __enter__(self) -> PostgresStore:
        self._keeper = self.connect()
        try:
            with self.named("cannot lay out its scratch schema"):
                self._keeper.execute(self.statement(_LAYOUT))
            self.description = self._describe(self._keeper)
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._remove()

    def _remove(self) -> None:
        import psycopg

        try:
            # A connection of its own: the first one may be what broke.
            with self.connect() as link:
                link.execute(self.statement(_REMOVE))
        except (psycopg.Error, TargetError):
            self.left_behind = f"schema {self._schema}"
        if self._keeper is not None:
            self._keeper.close()

    def session(self) -> _PostgresSession:
        """A pooled connection with its statements prepared."""
        return _PostgresSession(self, self.connect())

    def statement(self, text: LiteralString) -> bytes:
        """A statement with the scratch schema's name in its places."""
        from psycopg import sql

        parts = {"patients": PATIENTS, "conversations": CONVERSATIONS, "turns": TURNS}
        values = {name: sql.Literal(number) for name, number in parts.items()}
        whole = sql.SQL(text).format(schema=sql.Identifier(self._schema), **values)
        return whole.as_bytes(None)

    def connect(self) -> psycopg.Connection:
        """Connect.

        Raises:
            TargetError: it refuses, or does not answer in time.
        """
        import psycopg

        try:
            link = psycopg.connect(
                self._source.address,
                autocommit=True,
                connect_timeout=max(2, round(self._timeout_s)),
                application_name="clinigate-bench",
            )
            limit_ms = str(round(self._timeout_s * 1000))
            link.execute("SELECT set_config('statement_timeout', %s, false)", (limit_ms,))
            return link
        except psycopg.Error as error:
            raise self._trouble(_refusal(error)) from None

    def named(self, what: str) -> AbstractContextManager[None]:
        """See `Store`."""
        return in_our_words(lambda error: _explained(error, what), self._trouble)

    def _trouble(self, what: str) -> TargetError:
        return trouble("PostgreSQL", _place(self._source.address), self._source.origin, what)

    def _describe(self, link: psycopg.Connection) -> str:
        names = ("server_version", "fsync", "synchronous_commit")
        with self.named("does not say its settings"):
            rows = [link.execute(f"SHOW {name}".encode()).fetchone() for name in names]
        version, fsync, commit = (row[0] if row else "?" for row in rows)
        return f"PostgreSQL {version.split()[0]}, fsync {fsync}, synchronous_commit {commit}"


class _PostgresSession:
    def __init__(self, store: PostgresStore, link: psycopg.Connection) -> None:
        self._link = link
        self._lookup = store.statement(_LOOKUP)
        self._recent = store.statement(_RECENT)
        self._insert = store.statement(_INSERT)

    @property
    def operations(self) -> Mapping[str, Callable[[int], object]]:
        # Steps without a common factor with the sizes: each row's turn comes, none is the same
        # page as the last.
        return {
            "patient_lookup": lambda n: self._one(self._lookup, (n * 7919 % PATIENTS + 1,)),
            "recent_turns": lambda n: self._one(self._recent, (n * 73 % CONVERSATIONS + 1,)),
            "audit_insert": lambda n: self._do(self._insert, ("clinician", "read", n)),
        }

    def close(self) -> None:
        self._link.close()

    def _one(self, query: bytes, values: tuple[Any, ...]) -> object:
        rows = self._link.execute(query, values, prepare=True).fetchall()
        if not rows:
            raise TargetError("PostgreSQL: the scratch data is gone; did somebody remove it?")
        return rows

    def _do(self, query: bytes, values: tuple[Any, ...]) -> object:
        return self._link.execute(query, values, prepare=True)


def _explained(error: Exception, what: str) -> str | None:
    """What went wrong without the client's own words; None where it is none of the client's."""
    import psycopg

    if not isinstance(error, psycopg.Error):
        return None
    kind = type(error).__name__ if error.sqlstate is None else f"SQLSTATE {error.sqlstate}"
    return f"{what} ({kind})"


def _refusal(error: psycopg.Error) -> str:
    """Why it did not let us in; the client's own words may hold parts of the address."""
    words = str(error).lower()
    known = {
        "password authentication failed": "refuses the credentials",
        "no pg_hba.conf entry": "lets nobody in from here (pg_hba.conf)",
        "connection refused": "refuses connections",
        "timeout": "does not answer in time",
        "does not exist": "has no such database or role",
        "too many": "has no connection left",
        "could not translate": "its host name is unknown",
        "failed to resolve": "its host name is unknown",
        "name or service not known": "its host name is unknown",
        "starting up": "is still starting",
        "ssl": "does not agree on TLS",
    }
    return next((said for part, said in known.items() if part in words), "cannot be connected to")


def _place(address: str) -> str:
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    try:
        parts = conninfo_to_dict(address)
    except psycopg.Error:
        return "an address that is none"
    return f"{parts.get('host', 'the default host')}:{parts.get('port', 5432)}"
