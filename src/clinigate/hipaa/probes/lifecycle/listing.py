"""What the store itself says that it holds of a patient: queries of a SQLite file or PostgreSQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from clinigate.config.target_values import PLACEHOLDER
from clinigate.errors import ConfigError, MissingExtraError, TargetError
from clinigate.hipaa.premises import Premises
from clinigate.targets.credentials import read_variable

__all__ = ["listed"]

_FIELD = "[hipaa.lifecycle.copy_for_patient] rows"
_DSN_FIELD = "[hipaa] store_dsn_env"
_CONNECT_S = 10


def listed(premises: Premises, patient: str) -> list[set[str]]:
    """Return the ids that each configured query lists.

    Nothing is written: the file or the session is opened to read alone.

    Raises:
        ConfigError: the file is missing, or a query is none.
        MissingExtraError: psycopg is not installed.
        TargetError: the server cannot be reached.
    """
    table = premises.table.lifecycle.copy_for_patient
    assert table is not None
    if table.store is not None:
        return _of_file(premises.path(table.store), table.rows, patient)
    if premises.table.store_dsn_env is None:
        raise ConfigError(
            "[hipaa.lifecycle.copy_for_patient] store: name the SQLite file that rows ask, or "
            "PostgreSQL in [hipaa] store_dsn_env"
        )
    dsn = read_variable(premises.table.store_dsn_env, _DSN_FIELD, premises.environ)
    return _of_server(dsn, table.rows, patient)


def _of_file(path: Path, queries: Sequence[str], patient: str) -> list[set[str]]:
    if not path.is_file():
        raise ConfigError(f"[hipaa.lifecycle.copy_for_patient] store: {path.name} is no file")
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as link:
            return [
                _ids(link.execute(*_filled(query, patient, "?")).fetchall()) for query in queries
            ]
    except sqlite3.Error as error:
        raise _refused(error) from None


def _of_server(dsn: str, queries: Sequence[str], patient: str) -> list[set[str]]:
    try:
        import psycopg
    except ImportError:
        raise MissingExtraError("PostgreSQL", "db") from None
    try:
        link = psycopg.connect(dsn, connect_timeout=_CONNECT_S, autocommit=True)
    except psycopg.Error as error:
        raise TargetError(
            f"{_DSN_FIELD}: the server cannot be reached ({type(error).__name__})"
        ) from None
    try:
        with link:
            link.read_only = True
            return [
                _ids(link.execute(*_filled(query, patient, "%s")).fetchall()) for query in queries
            ]
    except psycopg.Error as error:
        raise _refused(error) from None


def _filled(query: str, patient: str, mark: str) -> tuple[Any, list[str]]:
    """Return a query with marks for its placeholders, and their values."""
    names = PLACEHOLDER.findall(query)
    strange = [name for name in names if name != "patient"]
    if strange or not names:
        raise ConfigError(f"{_FIELD}: a query needs {{{{patient}}}}, and knows nothing else")
    plain = query.replace("%", "%%") if mark == "%s" else query
    return PLACEHOLDER.sub(mark, plain), [patient] * len(names)


def _ids(rows: Sequence[Sequence[Any]]) -> set[str]:
    if any(len(row) != 1 for row in rows):
        raise ConfigError(f"{_FIELD}: a query gives more than one column; it must list ids")
    return {str(row[0]) for row in rows}


def _refused(error: Exception) -> ConfigError:
    return ConfigError(f"{_FIELD}: a query is refused ({type(error).__name__}); mend it")
