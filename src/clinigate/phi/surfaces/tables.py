"""Rows of values between commas, tabs, semicolons or bars, each behind its column's name."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator, Sequence

from clinigate.phi.surfaces.woven import Item, Record, as_bytes, called

__all__ = ["Columns", "csv_items", "delimiter_of"]

_SIGNS = ",\t;|"
#: Characters of a row that goes over several lines.
_LONGEST_ROW = 2**20
_NAME = re.compile(r"[^\W\d][\w .:/()#%-]{0,59}")
_VARIABLE = re.compile(r"[a-z_$][a-z0-9_.]*|[a-z]+(?:[A-Z][a-z0-9]*)+")
_NUMBER = re.compile(r"\d{4}")
#: Words that names of columns are made of: a row of names of persons has none of them.
_USUAL = re.compile(
    r"(?i)(?:^|[_ .-])(?:id|uuid|mrn|ssn|npi|dob|sex|age|name|date|time|zip|city|state|street|"
    r"address|phone|fax|mobile|e?-?mail|code|type|status|value|number|no|key|count|created|"
    r"updated|patient|member|policy|account|gender|note|text|level|score|url|ip)(?:$|[_ .-])"
)


class Columns:
    """The names of a table's columns, as context and as findings may show them.

    Where the names may be somebody's, as in a table whose first row is a record, findings number
    the columns.
    """

    def __init__(self, names: Sequence[str], *, known: bool = False) -> None:
        sure = known or _are_names([name for name in names if name.strip()])
        self._fields = [called(" ".join(name.split())) or "column" for name in names]
        self._shown = tuple(
            name if sure else f"column {number}" for number, name in enumerate(self._fields, 1)
        )

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._fields)

    def record(self, line: int, values: Sequence[str | None]) -> Record | None:
        """Return the values of a row that are not empty; those beyond the last column have it."""
        fields = self._fields
        if len(values) > len(fields):
            fields = [*fields, *[fields[-1]] * (len(values) - len(fields))]
        lines = [f"{name}: {value}\n" for name, value in zip(fields, values, strict=False) if value]
        text = "".join(lines)
        if len(lines) == len(fields) and text.count("\n") == len(lines):
            return Record(line, as_bytes(text), self._shown)
        return Record(line, as_bytes(text), self._named(values)) if lines else None

    def _named(self, values: Sequence[str | None]) -> tuple[str, ...]:
        last = len(self._shown) - 1
        names: list[str] = []
        for number, value in enumerate(values):
            if value:
                names += [self._shown[min(number, last)]] * (value.count("\n") + 1)
        return tuple(names)


def _are_names(names: Sequence[str]) -> bool:
    """Whether a first row names columns: persons and streets are not written like variables."""
    if not all(map(_is_name, names)):
        return False
    return all(map(_VARIABLE.fullmatch, names)) or _are_usual(names)


def _are_usual(names: Sequence[str]) -> bool:
    return 2 * sum(map(_is_usual, names)) > len(names)


def _is_name(text: str) -> bool:
    name = text.strip()
    return _NAME.fullmatch(name) is not None and not _NUMBER.search(name)


def _is_usual(text: str) -> bool:
    # `patientName` as `patient_Name`.
    return _USUAL.search(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", text.strip())) is not None


def delimiter_of(head: bytes, file_name: str) -> str:
    """Return what stands between the values of a table; "" where it is no table."""
    ending = file_name.rpartition(".")[2].lower()
    first = head.lstrip().partition(b"\n")[0].decode("utf-8", "replace")
    if ending in ("tsv", "tab"):
        return "\t"
    if ending not in ("csv", "psv"):
        return ""
    return max(_SIGNS, key=first.count) if any(sign in first for sign in _SIGNS) else ","


def csv_items(blocks: Iterator[bytes], delimiter: str) -> Iterator[Item]:
    """Yield a table as it stands and, behind each block, its rows' values by their columns.

    The first row names the columns, or a wider one below that has names. Where a row goes over
    several lines, each of these is a row too if it has as many values: a quote may have begun by
    chance, and have an end far below or none, behind which rows begin anew.
    """
    text = _Lines(blocks)
    columns: Columns | None = None
    while not text.ended:
        reader = csv.reader(text, delimiter=delimiter)
        while True:
            start = text.read + 1
            text.row.clear()
            try:
                row = next(reader)
            except StopIteration:
                text.ended = True
                break
            except csv.Error:
                yield from text.passed()
                yield from _line_by_line(text.row, start, columns, delimiter)
                break
            yield from text.passed()
            if _is_header(row, columns):
                columns = Columns(row)
            elif columns is not None:
                yield from filter(None, (columns.record(start, row),))
            if len(text.row) > 1:
                yield from _line_by_line(text.row, start, columns, delimiter)
        yield from text.passed()


def _is_header(row: Sequence[str], columns: Columns | None) -> bool:
    """Whether a row names columns: the first one, or one below titles or a narrower table."""
    if columns is None:
        # Some write first what stands between their values.
        return any(row) and row[0].lower() != "sep="
    # Other words could be persons, and findings show the names of columns.
    names = [name for name in row if name.strip()]
    return len(row) > columns.count and all(map(_is_name, names)) and _are_usual(names)


def _line_by_line(
    lines: Sequence[str], start: int, columns: Columns | None, delimiter: str
) -> Iterator[Item]:
    for number, line in enumerate(lines, start):
        values = line.rstrip("\r\n").split(delimiter)
        if columns is not None and columns.count == len(values) > 1:
            yield from filter(None, (columns.record(number, values),))


class _Lines:
    """Lines as text, and the blocks that they came from."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self.ended = False
        #: So many lines have been read.
        self.read = 0
        #: Those since somebody cleared it: a row's.
        self.row: list[str] = []
        self._size = 0
        self._blocks = blocks
        self._passed: deque[bytes] = deque()
        self._lines = self._text()

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if not self.row:
            self._size = 0
        if self._size > _LONGEST_ROW:
            raise csv.Error("a row without an end")
        line = next(self._lines)
        self.row.append(line)
        self._size += len(line)
        return line

    def passed(self) -> Iterator[bytes]:
        """Yield the blocks that were begun since."""
        while self._passed:
            yield self._passed.popleft()

    def _text(self) -> Iterator[str]:
        for block in self._blocks:
            self._passed.append(block)
            for line in block.decode("utf-8", "surrogateescape").removesuffix("\n").split("\n"):
                self.read += 1
                yield line + "\n"
