r"""Records beside the text they stand in: the lines as they are, then each value behind its field.

A comma-separated row names its columns far above, JSON writes `@` as `\u0040`, a message of HL7
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

__all__ = ["Item", "Record", "as_bytes", "called", "one", "shown", "woven"]

#: Records of one part: a place takes 24 bytes, and one part's places are in memory at once.
_RECORDS = 200_000
_OUT = 2**20
#: More of a field's name stands before no value: it counts where it stands by itself, and one of a
#: megabyte before each of a million values would take a day.
_LONGEST_FIELD = 120
_SAID = re.compile(r"[A-Za-z_$][\w$:/-]{0,47}")
_NUMBER = re.compile(r"\d{4}")


class Record(NamedTuple):
    """Values of one line or row of the source, each behind what it is called.

    Attributes:
        line: the line or row of the source.
        data: `field: value`, each with a line end, in UTF-8 or whatever the bytes are.
        shown: for each line of `data` the field's name as findings show it, without anything that
            may be content; the last holds for all that follow.
    """

    line: int
    data: bytes
    shown: tuple[str, ...]


#: Lines as they stand, or values of a record. These come only where a line has ended.
Item = bytes | Record


def one(line: int, field: str, value: str, shown: str) -> Record:
    """Return a record of one value."""
    return Record(line, as_bytes(f"{called(field)}: {value}\n"), (shown,))


def called(field: str) -> str:
    """Return a field's name as it stands before values: of a long one the end, which is nearest."""
    return field[-_LONGEST_FIELD:]


def as_bytes(text: str) -> bytes:
    """Return a text as UTF-8, and bytes that were no text (surrogates) as they were."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def shown(path: str) -> str:
    """Return a path of keys as findings may show it: keys that may be data are left out."""
    if not path:
        return "a value"
    if len(path) > _LONGEST_FIELD:
        path = path[-_LONGEST_FIELD:].partition(".")[2]
    return ".".join(
        key if _SAID.fullmatch(key) and not _NUMBER.search(key) else "*" for key in path.split(".")
    )


def woven(
    name: str, media: str, items: Iterator[Item], *, records: int = _RECORDS
) -> Iterator[Part]:
    """Yield parts of one name that hold the items in order, so many records each."""
    supply, line, goes_on = _Supply(items), 1, True
    while goes_on:
        weft = _Weft(supply, line, records)
        yield Part(name, weft.chunks(), weft.place, media)
        # What nobody read to its end is left, and so is what follows.
        line, goes_on = weft.line, weft.goes_on


class _Supply:
    """Items, of which the one at hand may be given back."""

    def __init__(self, items: Iterator[Item]) -> None:
        self._items = items
        self._back: list[Item] = []

    def __iter__(self) -> Iterator[Item]:
        return self

    def __next__(self) -> Item:
        return self._back.pop() if self._back else next(self._items)

    def give_back(self, item: Item) -> None:
        self._back.append(item)


class _Weft:
    """One part's bytes and the way back from them."""

    def __init__(self, supply: _Supply, line: int, records: int) -> None:
        self.line = line
        self.goes_on = False
        self._supply = supply
        self._records = records
        self._last: Item = b""
        self._at = 1
        #: Lines of the last item, which are counted only if something follows.
        self._uncounted = b""
        self._starts = array("Q", [1])
        self._lines = array("Q", [line])
        #: What the lines are called; nothing where they stand as they are.
        self._shown: list[tuple[str, ...]] = [()]

    def place(self, line: int) -> tuple[int | None, str | None]:
        """Return line and field of the source, of a line of the part."""
        run = bisect_right(self._starts, line) - 1
        shown, beyond = self._shown[run], line - self._starts[run]
        if not shown:
            return self._lines[run] + beyond, None
        return self._lines[run], shown[min(beyond, len(shown) - 1)]

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes; a part that has records enough ends before the next."""
        out: list[bytes] = []
        size = 0
        try:
            for item in self._supply:
                self._count()
                if self._is_full() and self._begins(item):
                    self._supply.give_back(item)
                    self.goes_on = True
                    break
                piece = self._record(item) if isinstance(item, Record) else self._plain(item)
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
        return len(self._starts) > self._records

    def _begins(self, item: Item) -> bool:
        if isinstance(item, Record) and isinstance(self._last, Record):
            return item.line != self._last.line
        return not isinstance(item, Record)

    def _record(self, record: Record) -> bytes:
        data, last = record.data, self._last
        if not isinstance(last, Record) and last and not last.endswith(b"\n"):
            # A last line that nothing ended.
            data = b"\n" + data
            self._at += 1
        self._run(record.line, record.shown)
        self._at += record.data.count(b"\n")
        return data

    def _plain(self, lines: bytes) -> bytes:
        self._uncounted = lines
        if isinstance(self._last, Record):
            # What stands alone on a line has the words of the line above.
            lines = b"\n" + lines
            self._at += 1
            self._run(self.line, ())
        return lines

    def _count(self) -> None:
        count = self._uncounted.count(b"\n")
        self._at += count
        self.line += count
        self._uncounted = b""

    def _run(self, line: int, shown: tuple[str, ...]) -> None:
        self._starts.append(self._at)
        self._lines.append(line)
        self._shown.append(shown)
