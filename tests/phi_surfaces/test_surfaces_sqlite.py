"""Tables of SQLite files come row by row, and what was deleted from them too."""

from __future__ import annotations

import gzip
import sqlite3
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("sqlite") / "made.db"
    with sqlite3.connect(path) as link:
        link.execute("PRAGMA secure_delete = 0")
        link.execute("CREATE TABLE patients (id INTEGER PRIMARY KEY, name TEXT, extra TEXT)")
        link.execute('CREATE TABLE "odd "" name" (k TEXT PRIMARY KEY, b BLOB) WITHOUT ROWID')
        link.execute("CREATE TABLE gone (x TEXT)")
        rows = [(7, "Jane Doe", '{"phone": {"home": "x"}}'), (9, None, "two\nlines")]
        link.executemany("INSERT INTO patients VALUES (?, ?, ?)", rows)
        link.execute('INSERT INTO "odd "" name" VALUES (?, ?)', ("key", b"\0\xffbytes"))
        link.executemany(
            "INSERT INTO gone VALUES (?)", [(f"deleted {n} " * 90,) for n in range(30)]
        )
    link.execute("DROP TABLE gone")
    link.commit()
    link.close()
    return path.read_bytes()


@pytest.mark.parametrize("packed", [False, True])
def test_rows_have_their_keys_and_columns(opened: Any, database: bytes, packed: bool) -> None:
    seen = opened("packed.db.gz", gzip.compress(database)) if packed else opened("a.db", database)
    assert seen.cells("patients") == {
        (7, "id: 7"),
        (7, "name: Jane Doe"),
        (7, 'extra: {"phone": {"home": "x"}}'),
        (7, "extra.phone.home: x"),
        (9, "id: 9"),
        (9, "extra: two"),
        (9, "lines"),
    }
    assert (1, "b: \0\udcffbytes") in seen.cells('odd " name')
    assert seen.literal[""] == database
    assert not seen.missed


def test_what_was_deleted_is_still_there(opened: Any, database: bytes) -> None:
    assert b"deleted 29" in opened("b.db", database).text("free pages")


def test_nothing_is_written_beside_it(opened: Any, database: bytes) -> None:
    folder: Path = opened.folder / "readonly"
    folder.mkdir()
    path = folder / "c.db"
    path.write_bytes(database)
    with sqlite3.connect(path) as link:
        link.execute("PRAGMA journal_mode = WAL")
    link.close()
    before = sorted(folder.iterdir())
    seen = opened("readonly/c.db")
    assert (7, "name: Jane Doe") in seen.cells("patients")
    assert sorted(folder.iterdir()) == before


def test_rows_that_stand_in_the_journal_of_one_in_use_count(opened: Any) -> None:
    link = sqlite3.connect(opened.folder / "live.db")
    link.execute("PRAGMA journal_mode = WAL")
    link.execute("CREATE TABLE t (name TEXT)")
    link.execute("INSERT INTO t VALUES ('Jane Doe')")
    link.commit()
    try:
        seen = opened("live.db")
        link.execute("INSERT INTO t VALUES ('and goes on')")
    finally:
        link.close()
    assert seen.cells("t") == {(1, "name: Jane Doe")}


def test_keys_that_are_no_numbers_of_rows(opened: Any) -> None:
    with sqlite3.connect(opened.folder / "keys.db") as link:
        link.execute("CREATE TABLE below (id INTEGER PRIMARY KEY, name TEXT DEFAULT 'Jo Doe')")
        link.executemany("INSERT INTO below VALUES (?, 'Jane Doe')", [(-5,), (0,), (3,)])
        link.execute("CREATE TABLE own (rowid TEXT, name TEXT)")
        link.execute("INSERT INTO own VALUES ('x', 'Jane Doe'), (1.5, NULL)")
    link.close()
    seen = opened("keys.db")
    assert seen.cells("below") >= {(1, "id: -5"), (2, "id: 0"), (3, "name: Jane Doe")}
    assert seen.cells("own") == {(1, "rowid: x"), (1, "name: Jane Doe"), (2, "rowid: 1.5")}
    assert any("Jo Doe" in cell for _, cell in seen.cells("sqlite_master"))


def test_rows_in_a_journal_that_was_left_behind_are_told(opened: Any, tmp_path: Path) -> None:
    link = sqlite3.connect(tmp_path / "live.db")
    link.execute("PRAGMA journal_mode = WAL")
    link.execute("CREATE TABLE t (name TEXT)")
    link.commit()
    for end in ("", "-wal"):
        (opened.folder / f"left.db{end}").write_bytes((tmp_path / f"live.db{end}").read_bytes())
    link.close()
    assert any(name == "journal" for name, _ in opened("left.db").missed)


@pytest.mark.parametrize("end", [100, 700, 9000])
def test_a_damaged_database_is_told_and_searched_as_it_is(
    opened: Any, database: bytes, end: int
) -> None:
    seen = opened("broken.db", database[:end])
    assert seen.missed
    assert database[:end] in (seen.text(), seen.literal.get(""))


def test_a_table_that_breaks_off_shows_what_it_has(opened: Any, tmp_path: Path) -> None:
    path = tmp_path / "long.db"
    with sqlite3.connect(path) as link:
        link.execute("CREATE TABLE t (x TEXT)")
        link.executemany("INSERT INTO t VALUES (?)", [(f"value {n} " * 40,) for n in range(500)])
    link.close()
    data = bytearray(path.read_bytes())
    middle = len(data) // 2 // 4096 * 4096
    data[middle : middle + 4096] = b"\x77" * 4096
    seen = opened("torn.db", bytes(data))
    assert len(seen.missed) == 1
    assert "damaged table" in seen.missed[0][1]
    assert (1, "x: " + "value 0 " * 40) in seen.cells("t")
