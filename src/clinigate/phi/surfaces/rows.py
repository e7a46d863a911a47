"""Rows of a table of any kind, as records."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from clinigate.phi.surfaces.fields import leaves
from clinigate.phi.surfaces.part import Part, Skipped
from clinigate.phi.surfaces.tables import Columns
from clinigate.phi.surfaces.woven import Item, woven

__all__ = ["Rows", "row_parts"]


@dataclass(frozen=True, slots=True)
class Rows:
    """A table.

    Attributes:
        columns: their names.
        rows: number or key of each row, and its values; the iterator may raise TruncatedError.
    """

    columns: Sequence[str]
    rows: Iterable[tuple[int, Sequence[object]]]


def row_parts(name: str, media: str, rows: Rows | Skipped) -> Iterator[Part | Skipped]:
    """Yield the parts of a table; of JSON in its values the paths of its keys too."""
    if isinstance(rows, Skipped):
        yield Skipped(name, rows.reason)
    else:
        yield from woven(name, media, _items(rows))


def _items(rows: Rows) -> Iterator[Item]:
    columns = Columns(rows.columns, known=True)
    for number, values in rows.rows:
        texts = [_text(value) for value in values]
        record = columns.record(number, texts)
        if record is not None:
            yield record
        for column, value, text in zip(rows.columns, values, texts, strict=False):
            if isinstance(value, Mapping | list | tuple):
                yield from leaves(value, number, column)
            elif text and text[0] in "{[":
                yield from _of_json(text, number, column)


def _of_json(text: str, number: int, column: str) -> Iterator[Item]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return
    yield from leaves(value, number, column)


def _text(value: object) -> str | None:
    if value is None or isinstance(value, bool | Mapping | list | tuple):
        return None
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).decode("utf-8", "surrogateescape")
    return str(value)
