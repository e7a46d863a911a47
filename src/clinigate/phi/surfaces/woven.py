r"""Records beside the text they stand in: the lines as they are, then each value behind its field.

A comma-separated row names its columns far above, JSON writes `@` as `\\u0040`, a message of HL7
numbers its fields. So what is searched is woven: a block of lines as they stand, then the cells
of these lines as `field: value`, then an empty line. `place` leads from there back to the line.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from clinigate.phi.surfaces.part import Part, TruncatedError

__all__ = ["Cell", "Item", "shown", "woven"]

#: Cells of one part; a place takes 20 bytes, and one part's places are in memory at once.
_CELLS = 400_000
_OUT = 2**20
_LONGEST_FIELD = 120
_SAID = re.compile(r"[A-Za-z_$][\w$:/-]{0,47}")
_NUMBER = re.compile(r"\d{4}")


class Cell(NamedTuple):
    """A value and what it is called.

    Attributes:
        line: the line or row of the source.
        field: what stands before it: column, path of keys, field of a segment.
        value: UTF-8, or whatever the bytes are.
        shown: the field's name as findings show it, without anything that may be content.
    """

    line: int
    field: bytes
    value: bytes
    shown: str


#: Lines as they stand, or a cell. Cells come only where a line has ended.
Item = bytes | Cell


def shown(path: str) -> str:
    """Return a path of keys as findings may show it: keys that may be data are left out."""
    if len(path) > _LONGEST_FIELD:
        path = path[-_LONGEST_FIELD:].partition(".")[2]
    return ".".join(
        key if _SAID.fullmatch(key) and not _NUMBER.search(key) else "*" for key in path.split(".")
    )


def woven(name: str, media: str, items: Iterator[Item], *, cells: int = _CELLS) -> Iterator[Part]:
    """Yield parts of one name that hold the items in order, so many cells each or a few more."""
    supply, line, goes_on = _Supply(items), 1, True
    while goes_on:
        weft = _Weft(supply, line, cells)
        yield Part(name, weft.chunks(), weft.place, media)
        # What nobody read to its end is left, and so is what follows.
        line, goes_on = weft.line, weft.goes_on


class _Supply:
    """Items, of which the one at hand may be given back."""

    def __init__(self, items: Iterator[Item]) -> None:
        self._items = items
        self._back: list[Item] = []

    def __iter__(self) -> Iterator[Item]:
        while self._back:
            yield self._back.pop()
        yield from self._items

    def give_back(self, item: Item) -> None:
        self._back.append(item)


class _Weft:
    """One part's bytes and the way back from them."""

    def __init__(self, supply: _Supply, line: int, cells: int) -> None:
        self.line = line
        self.goes_on = False
        self._supply = supply
        self._cells = cells
        self._last: Item = b""
        self._at = 1
        self._starts = array("Q", [1])
        self._lines = array("Q", [line])
        #: Which field, from 0; -1 for lines as they stand.
        self._fields = array("l", [-1])
        self._names: list[str] = []
        self._index: dict[str, int] = {}

    def place(self, line: int) -> tuple[int | None, str | None]:
        """Return line and field of the source, of a line of the part."""
        run = bisect_right(self._starts, line) - 1
        field = self._fields[run]
        if field < 0:
            return self._lines[run] + line - self._starts[run], None
        return self._lines[run], self._names[field]

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes; a part that has cells enough ends with a record."""
        out: list[bytes] = []
        size = 0
        try:
            for item in self._supply:
                if self._is_full() and self._begins(item):
                    self._supply.give_back(item)
                    self.goes_on = True
                    break
                piece = self._cell(item) if isinstance(item, Cell) else self._plain(item)
                self._last = item
                out.append(piece)
                size += len(piece)
                if size >= _OUT:
                    yield b"".join(out)
                    out, size = [], 0
        except TruncatedError:
            yield b"".join(out)
            raise
        if out:
            yield b"".join(out)

    def _is_full(self) -> bool:
        return len(self._starts) > self._cells

    def _begins(self, item: Item) -> bool:
        if isinstance(item, Cell) and isinstance(self._last, Cell):
            return item.line != self._last.line
        return not isinstance(item, Cell)

    def _cell(self, cell: Cell) -> bytes:
        # A last line that nothing ended.
        before = b"" if isinstance(self._last, Cell) or self._last[-1:] in (b"", b"\n") else b"\n"
        self._at += len(before)
        if cell.shown not in self._index:
            self._index[cell.shown] = len(self._names)
            self._names.append(cell.shown)
        self._run(cell.line, self._index[cell.shown])
        piece = b"%b%b: %b\n" % (before, cell.field, cell.value)
        self._at += piece.count(b"\n") - len(before)
        return piece

    def _plain(self, lines: bytes) -> bytes:
        before = b""
        if isinstance(self._last, Cell):
            before = b"\n"
            self._at += 1
            self._run(self.line, -1)
        count = lines.count(b"\n")
        self._at += count
        self.line += count
        return before + lines

    def _run(self, line: int, field: int) -> None:
        self._starts.append(self._at)
        self._lines.append(line)
        self._fields.append(field)
