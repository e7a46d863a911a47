"""SQLite and parquet as tables."""

from __future__ import annotations

import importlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from clinigate.errors import MissingExtraError, UsageError
from clinigate.phi.deidentification.reading import named_once
from clinigate.phi.deidentification.table import Cell, Row, Table, Unread

__all__ = ["parquet_tables", "sqlite_tables"]

_BATCH = 1024
_NO_TABLE = ("sqlite_",)


def sqlite_tables(path: Path, uri: str) -> Iterator[Table]:
    """Yield the tables of a SQLite file, each with all that it holds; nothing is written to it.

    Raises:
        UsageError: it is no SQLite file.
    """
    try:
        with closing(_connect(path)) as connection:
            names = [
                str(name)
                for (name,) in connection.execute(
                    "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
                )
                if not str(name).startswith(_NO_TABLE)
            ]
            columns = {
                name: named_once([str(each[0]) for each in _none_of(connection, name).description])
                for name in names
            }
    except sqlite3.Error:
        raise UsageError(f"{path}: is no SQLite file that can be read") from None
    for name in names:
        yield _sqlite_table(path, uri, name, columns[name])


def parquet_tables(path: Path, uri: str) -> Iterator[Table]:
    """Yield the one table of a parquet file.

    Raises:
        UsageError: it is no parquet file.
        MissingExtraError: pyarrow is not installed.
    """
    parquet = _pyarrow_parquet()
    try:
        columns = tuple(parquet.ParquetFile(path).schema_arrow.names)
    except (OSError, ValueError):  # pyarrow's own errors are these
        raise UsageError(f"{path}: is no parquet file that can be read") from None

    def read() -> Iterator[Row | Unread]:
        number = 0
        try:
            for batch in parquet.ParquetFile(path).iter_batches(batch_size=_BATCH):
                for values in zip(*(each.to_pylist() for each in batch.columns), strict=True):
                    number += 1
                    yield Row(number, tuple(map(_cell, values)))
        except (OSError, ValueError):
            yield Unread(number + 1, "damaged from here on")

    yield Table(uri, named_once(list(columns)), read)


def _sqlite_table(path: Path, uri: str, name: str, columns: tuple[str, ...]) -> Table:
    def read() -> Iterator[Row | Unread]:
        number = 0
        try:
            with closing(_connect(path)) as connection:
                # A text that is no UTF-8 is bytes like any other.
                connection.text_factory = _text
                for values in connection.execute(f"SELECT * FROM {_quoted(name)}"):  # noqa: S608
                    number += 1
                    yield Row(number, tuple(map(_cell, values)))
        except sqlite3.Error:
            yield Unread(number + 1, "damaged from here on")

    return Table(f"{uri}!/{name}", columns, read)


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)


def _none_of(connection: sqlite3.Connection, name: str) -> sqlite3.Cursor:
    """Ask for no row, to hear of all columns: a table's own list has none that are computed."""
    return connection.execute(f"SELECT * FROM {_quoted(name)} LIMIT 0")  # noqa: S608


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _cell(value: Any) -> Cell:
    if value is None:
        return ""
    if isinstance(value, str | bytes):
        return value
    if isinstance(value, dict | list):
        return json.dumps(value, default=str)
    return str(value)


def _pyarrow_parquet() -> Any:
    try:
        return importlib.import_module("pyarrow.parquet")
    except ImportError:
        raise MissingExtraError("reading parquet (pyarrow)", "phi-files") from None
