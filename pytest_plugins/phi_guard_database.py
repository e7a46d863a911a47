"""What a test's program writes into databases: SQLite's of the standard library, PostgreSQL's."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import MappingProxyType, ModuleType
from typing import Any

from clinigate.pytest_plugins.phi_guard_hearing import Hearing

__all__ = ["DATABASES"]

_STREAM = "database"
#: Statements that write nothing.
_READS = re.compile(
    r"\s*(?:SELECT|PRAGMA|BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|EXPLAIN|SHOW|SET|LISTEN)\b",
    re.IGNORECASE,
)
_INSERT = re.compile(r"INSERT\s+INTO\s+\S+\s*\(([^()]*)\)\s*VALUES", re.IGNORECASE)
_Replace = Callable[..., None]


def _sqlite(module: ModuleType, hearing: Hearing, replace: _Replace) -> None:
    """SQLite itself tells of each statement, with the values in their places."""

    def told(statement: str) -> None:
        if not _READS.match(statement):
            hearing.hear(_STREAM, statement, depth=2)

    def connecting(connect: Callable[..., Any]) -> Callable[..., Any]:
        def heard(*args: Any, **kwargs: Any) -> Any:
            connection = connect(*args, **kwargs)
            connection.set_trace_callback(told)
            return connection

        return heard

    replace(module, "connect", connecting)


def _psycopg(module: ModuleType, hearing: Hearing, replace: _Replace) -> None:
    def executing(execute: Callable[..., Any]) -> Callable[..., Any]:
        def heard(self: Any, query: Any, params: Any = None, *args: Any, **kwargs: Any) -> Any:
            if not _READS.match(text := _query(query)):
                hearing.hear(_STREAM, f"{text}\n{_values(text, params)}", depth=2)
            return execute(self, query, params, *args, **kwargs)

        return heard

    def executing_many(execute: Callable[..., Any]) -> Callable[..., Any]:
        def heard(self: Any, query: Any, params: Any, *args: Any, **kwargs: Any) -> Any:
            # They may come from a generator, which can be gone through once.
            rows = list(params)
            if not _READS.match(text := _query(query)):
                said = "\n".join(_values(text, row) for row in rows)
                hearing.hear(_STREAM, f"{text}\n{said}", depth=2)
            return execute(self, query, rows, *args, **kwargs)

        return heard

    def copying(write: Callable[..., Any]) -> Callable[..., Any]:
        def heard(self: Any, data: Any) -> Any:
            hearing.hear(_STREAM, _shown(data), depth=2)
            return write(self, data)

        return heard

    for name in ("Cursor", "AsyncCursor"):
        if cursor := getattr(module, name, None):
            replace(cursor, "execute", executing)
            replace(cursor, "executemany", executing_many)
    for name in ("Copy", "AsyncCopy"):
        if copy := getattr(module, name, None):
            replace(copy, "write", copying)
            replace(copy, "write_row", copying)


def _query(query: Any) -> str:
    return query.decode("utf-8", "replace") if isinstance(query, bytes) else str(query)


def _values(statement: str, params: Any) -> str:
    """Return the values of a row, each with its column where the statement names columns."""
    if isinstance(params, dict):
        return "\n".join(f"{name}: {_shown(value)}" for name, value in params.items())
    values = [_shown(value) for value in params or ()]
    named = _INSERT.search(statement)
    columns = [each.strip() for each in named[1].split(",")] if named else []
    if len(columns) != len(values):
        return "\n".join(values)
    return "\n".join(f"{name}: {value}" for name, value in zip(columns, values, strict=True))


def _shown(value: Any) -> str:
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).decode("utf-8", "replace")
    if isinstance(value, (list, tuple)):
        return "\t".join(_shown(each) for each in value)
    return str(value)


#: By module, what listens in it. The package takes `connect` from its module as it is then.
DATABASES = MappingProxyType({"sqlite3.dbapi2": _sqlite, "sqlite3": _sqlite, "psycopg": _psycopg})
