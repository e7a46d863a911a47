"""Delimited text and plain lines as tables."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from clinigate.errors import UsageError
from clinigate.phi.deidentification.reading import DAMAGED, begin, named_once
from clinigate.phi.deidentification.table import BEYOND, Row, Table, Unread

__all__ = ["delimited_tables", "line_tables"]

_DELIMITERS = ",;\t|"
#: A cell may be a long note, and no more than that.
_LONGEST_CELL = 16 * 2**20


def delimited_tables(path: Path, uri: str) -> Iterator[Table]:
    """Yield the one table of a file; its first row names the columns.

    Raises:
        UsageError: it cannot be read.
    """
    csv.field_size_limit(_LONGEST_CELL)
    try:
        with begin(path) as text:
            delimiter = _delimiter_of(next((line for line in text if line.strip()), ""))
        with begin(path) as text:
            header = next(filter(None, csv.reader(text, delimiter=delimiter)), [])
    except (*DAMAGED, csv.Error):
        raise UsageError(f"{path}: damaged from its first line on; nothing can be read") from None
    columns = (*named_once(header), BEYOND)

    def read() -> Iterator[Row | Unread]:
        yield from _records(path, delimiter, columns)

    if header:
        yield Table(uri, columns, read)


def line_tables(path: Path, uri: str) -> Iterator[Table]:
    """Yield the lines of a text as a table of one column.

    Raises:
        UsageError: it cannot be read.
    """

    def read() -> Iterator[Row | Unread]:
        number = 0
        try:
            with begin(path) as text:
                for number, line in enumerate(text, start=1):
                    yield Row(number, (line.rstrip("\r\n"),))
        except DAMAGED:
            yield Unread(number + 1, "damaged from here on")

    yield Table(uri, ("text",), read)


def _records(path: Path, delimiter: str, columns: tuple[str, ...]) -> Iterator[Row | Unread]:
    number = -1
    try:
        with begin(path) as text:
            # Empty lines are no rows, in front of the header neither.
            records = filter(None, csv.reader(text, delimiter=delimiter))
            for number, record in enumerate(records):
                if number:
                    yield Row(number, _fitted(record, len(columns)))
    except csv.Error:
        yield Unread(number + 1, "no such row can be; what follows is not looked at")
    except DAMAGED:
        yield Unread(number + 1, "damaged from here on")


def _fitted(record: list[str], width: int) -> tuple[str, ...]:
    """One cell for each column; what has no column of its own stands in the last."""
    named, beyond = record[: width - 1], record[width - 1 :]
    return (*named, *("" for _ in range(width - 1 - len(named))), " ".join(beyond))


def _delimiter_of(line: str) -> str:
    return max(_DELIMITERS, key=line.count)
