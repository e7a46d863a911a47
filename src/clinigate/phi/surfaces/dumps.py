"""Rows in dumps of databases, each value behind the column that the statement names far above."""

from __future__ import annotations

import re
from collections.abc import Iterator

from clinigate.phi.surfaces.tables import Columns
from clinigate.phi.surfaces.text import LONGEST
from clinigate.phi.surfaces.woven import Item, Record

__all__ = ["dump_items", "is_dump"]

_ENDINGS = ("sql", "dump", "pgdump", "mysql")
#: A name of a table, which may be quoted in any of the ways that databases have.
_NAME = r"""((?:["`\[]?[\w$ -]{1,63}["`\]]?\.){0,2}["`\[]?[\w$ -]{1,63}["`\]]?)"""
_COPY = re.compile(rf"(?i)COPY {_NAME} \(([^()]*)\) FROM stdin\b")
_INSERT = re.compile(
    rf"(?i)\s*(?:INSERT|REPLACE)\s.{{0,40}}?INTO\s{{1,8}}{_NAME}\s*(?:\(([^()]*)\))?"
)
_CREATE = re.compile(
    rf"(?i)\s*CREATE\s.{{0,40}}?TABLE\s{{1,8}}(?:IF NOT EXISTS\s{{1,8}})?{_NAME}\s*\((.*)"
)
_COLUMN = re.compile(r"""\s*(["`\[][^"`\]]+["`\]]|[A-Za-z_]\w*)\s+[A-Za-z]""")
_NO_COLUMN = ("primary", "constraint", "unique", "foreign", "key", "check", "index", "fulltext")
#: A value of a row: a text in quotes, doubled or escaped within, or what is no text. A quote
#: alone has no end in its line.
_VALUE = re.compile(
    r"""\(|\)|,|;|[EXNBexnb]?'((?:[^'\\]|''|\\.)*)'|[^\s(),;']+|'""",
    re.DOTALL,
)
_ESCAPES = {"\\t": "\t", "\\n": "\n", "\\r": "\r", "\\\\": "\\", "''": "'", "\\'": "'", '\\"': '"'}
_ESCAPE = re.compile(r"\\.|''", re.DOTALL)


def is_dump(file_name: str) -> bool:
    """Whether a file is named as dumps are."""
    return file_name.rpartition(".")[2].lower() in _ENDINGS


def dump_items(blocks: Iterator[bytes]) -> Iterator[Item]:
    """Yield a dump as it stands and, behind each block, the rows of its tables.

    Understood are `COPY … FROM stdin` of PostgreSQL and `INSERT INTO … VALUES` of any database,
    with the columns that it names or that `CREATE TABLE` above it names; a statement is a line,
    or begins one and has its rows in those that follow.
    """
    reader = _Reader()
    for block in blocks:
        yield block
        for line in block.decode("utf-8", "surrogateescape").removesuffix("\n").split("\n"):
            yield from reader.read(line)


class _Reader:
    """Knows at each line which table it is about."""

    def __init__(self) -> None:
        self._line = 0
        self._of: dict[str, list[str]] = {}
        self._columns: Columns | None = None
        self._copies = False
        self._creates = ""

    def read(self, line: str) -> Iterator[Record]:
        """Yield the rows of a line."""
        self._line += 1
        if self._copies:
            yield from self._copied(line)
        elif self._creates:
            self._created(line)
        elif match := _COPY.match(line):
            self._columns, self._copies = Columns(_names(match[2]), known=True), True
        elif match := _CREATE.match(line):
            self._creates = _bare(match[1])
            self._of[self._creates] = []
            for piece in match[2].split(",") if match[2].strip() else ():
                self._created(piece)
        elif match := _INSERT.match(line):
            names = _names(match[2]) if match[2] else self._of.get(_bare(match[1]), [])
            self._columns = Columns(names or ["column"], known=True)
            yield from self._rows(line, match.end())
        elif self._columns is not None:
            yield from self._rows(line, 0)

    def _copied(self, line: str) -> Iterator[Record]:
        if line.startswith("\\."):
            self._columns, self._copies = None, False
        elif self._columns is not None:
            values = [None if each == "\\N" else _plain(each) for each in line.split("\t")]
            if record := self._columns.record(self._line, values):
                yield record

    def _created(self, line: str) -> None:
        """Take a line of a table's definition."""
        column = _COLUMN.match(line)
        if column is not None and column[1].lower() not in _NO_COLUMN:
            self._of[self._creates].append(_bare(column[1]))
        if ";" in line or line.startswith(")"):
            self._creates = ""

    def _rows(self, line: str, start: int) -> Iterator[Record]:
        values: list[str | None] = []
        depth = 0
        if len(line) > LONGEST or self._columns is None:
            return
        for token in _VALUE.finditer(line, start):
            sign = token[0]
            if sign == "'":
                return
            if sign == "(":
                depth += 1
            elif sign == ")":
                depth -= 1
                if depth <= 0 and values:
                    if record := self._columns.record(self._line, values):
                        yield record
                    values, depth = [], 0
            elif sign == ";" and depth <= 0:
                self._columns = None
                return
            elif depth > 0 and sign not in ",;":
                values.append(_value(token))


def _value(token: re.Match[str]) -> str | None:
    if token[1] is None:
        return None if token[0].upper() == "NULL" else token[0]
    return _plain(token[1])


def _plain(written: str) -> str:
    if "\\" not in written and "''" not in written:
        return written
    return _ESCAPE.sub(lambda match: _ESCAPES.get(match[0], match[0][1:]), written)


def _names(written: str) -> list[str]:
    return [_bare(name) for name in written.split(",")]


def _bare(name: str) -> str:
    return name.strip().rpartition(".")[2].strip('"`[] ')
