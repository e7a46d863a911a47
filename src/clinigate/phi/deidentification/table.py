"""A dataset as tables that can be gone through again and again, row by row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

__all__ = ["BEYOND", "Cell", "Row", "Table", "Unread"]

#: What stands in a cell: text (undecodable bytes as surrogates), or bytes of no text.
Cell = str | bytes

#: The column of what stands behind the last one that has a name.
BEYOND = "(beyond the header)"


_LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class Row:
    """One row.

    Attributes:
        number: its place among the table's rows, from 1; 0 is what the columns are called.
        cells: one for each column of the table, empty where there is none.
    """

    number: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Unread:
    """A row that could not be read, or the rest of a table; and why, without its content."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a dataset.

    Attributes:
        uri: where it stands: the file, or `file!/table`.
        columns: their names, as they may be shown; each is there once.
        read: begins from the first row each time.
        header: their names as they stand in the file, where one of them may not be shown.
    """

    uri: str
    columns: tuple[str, ...]
    read: Callable[[], Iterator[Row | Unread]]
    header: tuple[str, ...] | None = None

    @property
    def names(self) -> Row:
        """What the columns are called, as a row: a file without a header has a patient there."""
        return Row(0, self.header or self.columns)

    def rows(self) -> Iterator[Row]:
        """Yield what can be read."""
        for each in self.read():
            if isinstance(each, Row):
                yield each

    def veiled(self, holds: Callable[[str], bool]) -> Table:
        """Return the table with a number for each column whose name is what must not be shown.

        So has one whose name is none: too long, or of bytes that are no text.
        """
        shown = tuple(
            name if _is_name(name) and not holds(name) else f"column {place}"
            for place, name in enumerate(self.columns, start=1)
        )
        return self if shown == self.columns else replace(self, columns=shown, header=self.columns)


def _is_name(text: str) -> bool:
    return len(text) <= _LONGEST_NAME and text.isprintable()
