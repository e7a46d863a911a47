"""Look at the cells of a table as the search of files does: each behind its column's name."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from clinigate.phi.deidentification.media import BIOMETRIC, PHOTO, kind_of
from clinigate.phi.deidentification.moments import NUMBER, moments_in
from clinigate.phi.deidentification.table import Cell, Row
from clinigate.phi.finding import search_for, settled
from clinigate.phi.model import Hit, Letter
from clinigate.phi.names import find_names
from clinigate.phi.recognizer import Recognizer
from clinigate.phi.table import RECOGNIZERS

__all__ = ["DOUBTFUL", "SURE", "Look", "Seen", "letters_of", "look_at", "look_for"]

#: Finds from here on count; those between the two leave a letter undecided until somebody looked.
SURE, DOUBTFUL = 0.8, 0.3

#: Finds in bytes, by place.
Look = Callable[[bytes], Iterable[Hit]]

#: Rules that are no row of the table.
_OTHERS = {
    "CG-PHI-PERSON": Letter.A,
    "CG-PHI-PLACE": Letter.B,
    NUMBER: Letter.C,
    BIOMETRIC.rule: Letter.P,
    PHOTO.rule: Letter.Q,
}
_BATCH = 256 * 1024


@dataclass(frozen=True, slots=True)
class Seen:
    """A find in a cell.

    Attributes:
        row: the row's number; 0 is a header.
        column: index of the column.
        hit: the find, by bytes within the cell.
    """

    row: int
    column: int
    hit: Hit


def look_for(today: date, rows: Sequence[Recognizer] = RECOGNIZERS) -> Look:
    """Return the search by these rows, for names in prose and for moments; doubtful finds too."""
    search = search_for(DOUBTFUL, rows)

    def look(data: bytes) -> list[Hit]:
        names = (hit for hit in find_names(data) if hit.score >= DOUBTFUL)
        # A number that may be a moment may be what a row takes it for just as well.
        found = [*settled([*search.hits(data), *names]), *moments_in(data, today)]
        return sorted(found, key=lambda hit: hit.start)

    return look


def letters_of(rows: Sequence[Recognizer] = RECOGNIZERS) -> Mapping[str, Letter]:
    """Return the letter of each rule."""
    return {**{row.id: row.letter for row in rows}, **_OTHERS}


def look_at(rows: Iterable[Row], columns: Sequence[str], look: Look) -> Iterator[Seen]:
    """Yield what stands in the rows, batch by batch; pictures and recordings by their first bytes.

    Args:
        rows: in order.
        columns: their names: what stands before each cell, as words beside a find.
        look: finds.
    """
    batch = _Batch(columns)
    for row in rows:
        for column, cell in enumerate(row.cells):
            medium = kind_of(cell)
            if medium is not None:
                yield Seen(row.number, column, Hit(medium.rule, 0, len(cell), 1.0))
            elif cell:
                batch.add(row.number, column, cell)
        if batch.size >= _BATCH:
            yield from batch.seen(look)
            batch = _Batch(columns)
    yield from batch.seen(look)


class _Batch:
    """Cells on lines of their own, with a way back."""

    def __init__(self, columns: Sequence[str]) -> None:
        self.size = 0
        self._leads = [f"{name}: ".encode("utf-8", "surrogateescape") for name in columns]
        self._parts: list[bytes] = []
        self._begins: list[int] = []
        self._cells: list[tuple[int, int, int]] = []

    def add(self, row: int, column: int, cell: Cell) -> None:
        # What a database holds as bytes may be text; what a text could not decode are bytes.
        data = cell if isinstance(cell, bytes) else cell.encode("utf-8", "surrogateescape")
        lead = self._leads[column]
        self._begins.append(self.size + len(lead))
        self._cells.append((row, column, len(data)))
        self._parts += (lead, data, b"\n")
        self.size += len(lead) + len(data) + 1

    def seen(self, look: Look) -> Iterator[Seen]:
        for hit in look(b"".join(self._parts)):
            # An address may go on in the next cell: it is found in both.
            at = max(0, bisect_right(self._begins, hit.start) - 1)
            while at < len(self._begins) and self._begins[at] < hit.end:
                row, column, length = self._cells[at]
                start = max(0, hit.start - self._begins[at])
                end = min(length, hit.end - self._begins[at])
                # A column's own name is looked at as a row's, not with each of its cells.
                if start < end:
                    yield Seen(row, column, replace(hit, start=start, end=end))
                at += 1
