"""The records in PostgreSQL, by DSN; psycopg is loaded when the first connection is made.

psycopg blocks, so each database has one thread of its own. When an answer stays out, the socket is
shut down from outside: the thread gets its error at once and a new connection is made next time.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from importlib.util import find_spec
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar

from clinigate.errors import MissingExtraError
from clinigate.reference.records.tables import RecordsUnavailable, Row, Statement

if TYPE_CHECKING:
    import psycopg

__all__ = ["PostgresDatabase", "require_psycopg"]

_Result = TypeVar("_Result")
_CONNECT_S = 2
_END_S = 3.0
_END = None


def require_psycopg() -> None:
    """Make sure that a DSN can be used.

    Raises:
        MissingExtraError: psycopg is not installed.
    """
    if find_spec("psycopg") is None:
        raise MissingExtraError("a PostgreSQL store", "db")


class PostgresDatabase:
    """One connection to PostgreSQL, made again when it broke."""

    def __init__(self, dsn: str) -> None:
        """`dsn` is a libpq connection string or URL; it is never part of a message.

        Raises:
            MissingExtraError: psycopg is not installed.
        """
        require_psycopg()
        self._dsn = dsn
        self._lane = _Lane()
        self._connection: psycopg.Connection[Any] | None = None

    async def commit(self, statements: Sequence[Statement], timeout_s: float) -> None:
        """Carry out all statements, or none.

        Raises:
            RecordsUnavailable: PostgreSQL refused, or gave no answer in time.
        """
        await self._within(timeout_s, lambda: self._commit(statements))

    async def rows(self, statement: Statement, timeout_s: float) -> list[Row]:
        """Return what a query finds; raises as `commit`."""
        return await self._within(timeout_s, lambda: self._rows(statement))

    async def close(self) -> None:
        """Close the connection and end the thread."""
        self._abort()
        await asyncio.to_thread(self._lane.end, _END_S)

    async def _within(self, timeout_s: float, work: Callable[[], _Result]) -> _Result:
        import psycopg

        try:
            async with asyncio.timeout(timeout_s):
                # What is given up while it waits for the thread is not done late either.
                return await asyncio.wrap_future(self._lane.do(work))
        except psycopg.Error as error:
            self._abort()
            # Of PostgreSQL's message the class is kept: the text may quote values.
            raise RecordsUnavailable(f"the database refused: {type(error).__name__}") from error
        except TimeoutError as error:
            self._abort()
            raise RecordsUnavailable("the database did not answer in time") from error

    def _commit(self, statements: Sequence[Statement]) -> None:
        connection = self._connected()
        # A pipeline sends the whole transaction in one go: one round trip, however many rows.
        with connection.pipeline(), connection.transaction():
            for one in statements:
                connection.execute(one.sql.replace("?", "%s"), one.values)

    def _rows(self, statement: Statement) -> list[Row]:
        sql = statement.sql.replace("%", "%%").replace("?", "%s")
        return self._connected().execute(sql, statement.values).fetchall()

    def _connected(self) -> psycopg.Connection[Any]:
        import psycopg

        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(
                self._dsn, autocommit=True, connect_timeout=_CONNECT_S
            )
        return self._connection

    def _abort(self) -> None:
        import psycopg

        connection, self._connection = self._connection, None
        if connection is None or connection.closed:
            return
        with (
            contextlib.suppress(OSError, psycopg.Error),
            socket.socket(fileno=os.dup(connection.fileno())) as link,
        ):
            link.shutdown(socket.SHUT_RDWR)
        # In its own thread, behind whatever is still at work there and now gets an error.
        self._lane.do(connection.close)


class _Lane:
    """A thread that does one thing after the other, and does not keep the process alive."""

    def __init__(self) -> None:
        self._work: SimpleQueue[tuple[Callable[[], Any], Future[Any]] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="postgres", daemon=True)
        self._thread.start()

    def do(self, work: Callable[[], _Result]) -> Future[_Result]:
        done: Future[_Result] = Future()
        self._work.put((work, done))
        return done

    def end(self, within_s: float) -> None:
        self._work.put(_END)
        self._thread.join(within_s)

    def _run(self) -> None:
        while (item := self._work.get()) is not _END:
            work, done = item
            if not done.set_running_or_notify_cancel():
                continue
            try:
                done.set_result(work())
            except BaseException as error:  # noqa: BLE001 - handed to whoever waits
                done.set_exception(error)
