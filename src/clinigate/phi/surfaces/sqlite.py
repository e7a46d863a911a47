"""Tables of an SQLite file, row by row, and what was deleted from them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from clinigate.phi.surfaces.part import Part, Skipped, TruncatedError
from clinigate.phi.surfaces.rows import Rows, row_parts
from clinigate.phi.surfaces.sources import DAMAGED, Source

__all__ = ["SIGN", "sqlite_parts"]

#: How the file begins (https://sqlite.org/fileformat2.html).
SIGN = b"SQLite format 3\0"
_STEPS = 200
_FREE = "free pages"
_JOURNAL = "rows in a -wal file that nobody has open: open the database once with sqlite3"


def sqlite_parts(source: Source) -> Iterator[Part | Skipped]:
    """Yield the tables of a database, its free pages, and the file itself for canaries.

    Nobody is locked out and nothing is made beside it. Of one that is in use, rows of its journal
    count; those of a journal that was left behind, `-wal`, could be read only by taking them in.
    """
    try:
        database = _opened(source)
    except (*DAMAGED, TruncatedError, sqlite3.Error) as problem:
        said = str(problem) if isinstance(problem, TruncatedError) else "damaged"
        yield Skipped(source.name, f"a database that cannot be opened ({said})")
        yield Part(source.name, source.again(), media="sqlite")
        return
    try:
        for table in _tables(database):
            yield from row_parts(source.within(table), "sqlite", _rows(database, table))
    except sqlite3.Error:
        yield Skipped(source.name, "a damaged database: its tables cannot be listed")
        yield Part(source.name, source.again(), media="sqlite")
        return
    finally:
        database.close()
    if source.path is not None and _has_journal_left(source.path):
        yield Skipped(source.within("journal"), _JOURNAL)
    yield Part(source.within(_FREE), _free_pages(source), media="binary")
    yield Part(source.name, source.again(), media="sqlite", literal=True)


def _opened(source: Source) -> sqlite3.Connection:
    if source.path is not None:
        where = f"file:{quote(str(source.path.absolute()))}?mode=ro"
        if not _is_in_use(source.path):
            # Else SQLite would make a file beside it, to share what nobody shares.
            where += "&immutable=1"
        database = sqlite3.connect(where, uri=True)
    else:
        database = sqlite3.connect(":memory:")
        database.deserialize(_image(source))
    database.text_factory = bytes
    database.execute("PRAGMA query_only = 1")
    return database


def _image(source: Source) -> bytes:
    """Return a database as SQLite takes it from memory, where there is no journal to look into.

    Bytes 18 and 19 of its head say that there is one: 2 in place of 1
    (https://sqlite.org/fileformat2.html, 1.3.3).
    """
    data = source.whole().read()
    return data[:18] + b"\1\1" + data[20:] if data[18:20] == b"\2\2" else data


def _is_in_use(path: Path) -> bool:
    """Whether others write to it: then what is new stands in its journal."""
    return all(path.with_name(path.name + end).exists() for end in ("-wal", "-shm"))


def _has_journal_left(path: Path) -> bool:
    journal = path.with_name(path.name + "-wal")
    return not _is_in_use(path) and journal.exists() and journal.stat().st_size > 0


def _tables(database: sqlite3.Connection) -> list[str]:
    found = database.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    # What defaults, views and triggers say stands in the list itself.
    return [*(name.decode("utf-8", "replace") for (name,) in found), "sqlite_master"]


def _rows(database: sqlite3.Connection, table: str) -> Rows | Skipped:
    quoted = '"' + table.replace('"', '""') + '"'
    try:
        columns = [
            name.decode("utf-8", "replace")
            for _, name, *_ in database.execute(f"PRAGMA table_xinfo({quoted})")
        ]
        try:
            cursor = database.execute(f"SELECT rowid, * FROM {quoted}")  # noqa: S608 - quoted
            keyed = True
        except sqlite3.OperationalError:
            # A table without a row's number.
            cursor = database.execute(f"SELECT * FROM {quoted}")  # noqa: S608 - quoted
            keyed = False
    except sqlite3.Error:
        return Skipped("", "a table that this SQLite cannot read")
    return Rows(columns, _numbered(cursor, keyed))


def _numbered(cursor: sqlite3.Cursor, keyed: bool) -> Iterator[tuple[int, tuple[object, ...]]]:
    count = 0
    try:
        while rows := cursor.fetchmany(_STEPS):
            for row in rows:
                count += 1
                yield (_number(row[0], count), row[1:]) if keyed else (count, row)
    except sqlite3.Error:
        raise TruncatedError(f"a damaged table: it ends after {count} rows") from None


def _number(key: object, count: int) -> int:
    """A row's number as findings show it: keys may be below 1, and a column may be called rowid."""
    return key if isinstance(key, int) and key > 0 else count


def _free_pages(source: Source) -> Iterator[bytes]:
    """Pages that belong to nothing any more keep what was deleted until it is written over."""
    file = source.whole()
    head = file.read(100)
    size = int.from_bytes(head[16:18], "big")
    size = 65536 if size == 1 else size
    trunk, seen = int.from_bytes(head[32:36], "big"), set[int]()
    while trunk and trunk not in seen and size >= 512:
        seen.add(trunk)
        file.seek((trunk - 1) * size)
        page = file.read(size)
        count = min(int.from_bytes(page[4:8], "big"), size // 4 - 2)
        leaves = [int.from_bytes(page[8 + 4 * n : 12 + 4 * n], "big") for n in range(count)]
        yield page[8 + 4 * count :] + b"\n"
        for leaf in leaves:
            file.seek((leaf - 1) * size)
            yield file.read(size) + b"\n"
        trunk = int.from_bytes(page[:4], "big")
