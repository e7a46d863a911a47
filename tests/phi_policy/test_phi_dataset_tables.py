"""A dataset is read whole, whatever its form; what cannot be read is counted, never left out."""

from __future__ import annotations

import gzip
import json
import os
import sqlite3
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.errors import UsageError
from clinigate.phi.deidentification.identity import dataset_digest
from clinigate.phi.deidentification.reading import named_once
from clinigate.phi.deidentification.table import BEYOND, Row, Table, Unread
from clinigate.phi.deidentification.tables import tables_of


def only(path: Path) -> Table:
    (table,), _ = tables_of(path, path.parent)
    return table


def cells(table: Table) -> list[tuple[str | bytes, ...]]:
    return [row.cells for row in table.rows()]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_delimited_text_is_read_by_its_first_line(
    tmp_path: Path, delimiter: str, encoding: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f'sex{delimiter}note\nF{delimiter}"two\nlines é"\n', encoding=encoding)
    table = only(path)
    assert table.columns == ("sex", "note", BEYOND)
    assert cells(table) == [("F", "two\nlines é", "")]


def test_what_has_no_column_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1\n1,2,3,4\n\n")
    assert cells(only(path)) == [("1", "", ""), ("1", "2", "3 4")]


def test_bytes_of_no_encoding_stay_what_they_are(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"name\nJos\xe9\n")
    ((cell, _),) = cells(only(path))
    assert isinstance(cell, str)
    assert cell.encode("utf-8", "surrogateescape") == b"Jos\xe9"


def test_json_lines_have_a_column_for_each_path(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    lines = [{"id": 1, "name": [{"family": "X"}, {"family": "Y"}]}, {"sex": None, "id": True}]
    path.write_text("".join(json.dumps(each) + "\n" for each in lines) + "\nno json\n")
    table = only(path)
    assert table.columns == ("id", "name.family", BEYOND)
    assert cells(table) == [("1", "X\nY", ""), ("true", "", "")]
    assert [each for each in table.read() if isinstance(each, Unread)] == [Unread(4, "no JSON")]


def test_a_bundle_is_read_entry_by_entry(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"entry": [{"resource": {"id": "a"}}, {"resource": {"id": "b"}}]}))
    assert [row[0] for row in cells(only(path))] == ["a", "b"]
    path.write_text("[]")
    assert cells(only(path)) == []


def test_a_databases_tables_are_read_each_with_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    with closing(sqlite3.connect(path)) as base:
        base.execute('CREATE TABLE "odd "" name" (id, picture BLOB)')
        base.execute('INSERT INTO "odd "" name" VALUES (7, ?), (NULL, ?)', (b"\xff\xd8\xff", "t"))
        base.execute("CREATE TABLE empty (a)")
        base.commit()
    before = path.read_bytes()
    tables, _ = tables_of(path, tmp_path)
    assert [each.uri for each in tables] == ["a.sqlite!/empty", 'a.sqlite!/odd " name']
    assert cells(tables[1]) == [("7", b"\xff\xd8\xff"), ("", "t")]
    assert path.read_bytes() == before
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.sqlite"]


def test_parquet_is_read_in_batches(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "a.parquet"
    rows = {"age": list(range(3000)), "note": ["x"] * 2999 + [None]}
    parquet.write_table(pyarrow.table(rows), path)
    table = only(path)
    assert table.columns == ("age", "note")
    assert cells(table)[-1] == ("2999", "")
    assert len(cells(table)) == 3000


def test_lines_and_gzip_and_folders(tmp_path: Path) -> None:
    (tmp_path / "d/e").mkdir(parents=True)
    (tmp_path / "d/a.txt").write_text("one\ntwo\n")
    (tmp_path / "d/e/b.csv.gz").write_bytes(gzip.compress(b"a\n1\n"))
    (tmp_path / "d/scan.bin").write_bytes(b"\0")
    (tmp_path / "d/torn.csv").write_bytes(b"\0")
    os.mkfifo(tmp_path / "d/pipe.csv")
    (tmp_path / "outside.csv").write_text("a\n")
    (tmp_path / "d/link.csv").symlink_to(tmp_path / "outside.csv")
    tables, not_read = tables_of(tmp_path / "d", tmp_path)
    assert [each.uri for each in tables] == ["d/a.txt", "d/e/b.csv.gz"]
    assert [cells(each) for each in tables] == [[("one",), ("two",)], [("1", "")]]
    assert [each.unit for each in not_read] == [
        "d/link.csv",
        "d/pipe.csv",
        "d/scan.bin",
        "d/torn.csv",
    ]
    with pytest.raises(UsageError, match="no such dataset"):
        tables_of(tmp_path / "d/pipe.csv", tmp_path)


def test_a_name_that_is_none_is_not_shown(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"sex,n\xffte," + b"x" * 100 + b",\x1b[2J\n1,2,3,4\n")
    veiled = only(tmp_path / "a.csv").veiled(lambda _name: False)
    assert veiled.columns == ("sex", "column 2", "column 3", "column 4", BEYOND)
    assert veiled.names.cells[2] == "x" * 100


def test_a_dataset_is_the_same_as_long_as_its_bytes_are(tmp_path: Path) -> None:
    folder = tmp_path / "d"
    (folder / "e").mkdir(parents=True)
    (folder / "a.csv").write_text("a\n")
    one = dataset_digest(folder)
    (folder / ".clinigate").mkdir()
    (folder / ".clinigate/run.json").write_text("{}")
    assert dataset_digest(folder) == one
    (folder / "a.csv").rename(folder / "e/a.csv")
    assert dataset_digest(folder) != one
    assert dataset_digest(folder / "e/a.csv") == "sha256:" + sha256(b"a\n").hexdigest()


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.bin", b"", "of no kind that is read"),
        ("a.sqlite", b"no database at all, though it has a name" * 9, "is no SQLite file"),
        ("a.parquet", b"PAR1", "is no parquet file"),
        ("a.json", b"{", "is not JSON"),
        ("a.csv", b"\x1f\x8b\x08torn", "damaged from its first line on"),
        ("a.csv", b"a,b\n\x00\x01", "is binary"),
        ("a.json", b"[" * 100_000, "is not JSON"),
    ],
)
def test_what_is_no_dataset_is_refused(tmp_path: Path, name: str, data: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(UsageError, match=said):
        tables_of(tmp_path / name, tmp_path)
    with pytest.raises(UsageError, match="no such dataset"):
        tables_of(tmp_path / "nowhere", tmp_path)


def test_a_torn_file_is_read_up_to_where_it_is_torn(tmp_path: Path) -> None:
    whole = gzip.compress("".join(f"{n},note {n * n}\n" for n in range(9000)).encode())
    (tmp_path / "a.csv.gz").write_bytes(whole[: len(whole) // 2])
    read = list(only(tmp_path / "a.csv.gz").read())
    assert isinstance(read[-1], Unread)
    assert read[-1].reason == "damaged from here on"
    assert sum(isinstance(each, Row) for each in read) > 100


@given(st.lists(st.text(max_size=6), max_size=12))
def test_columns_are_named_once(names: list[str]) -> None:
    named = named_once(names)
    assert len(set(named)) == len(named) == len(names)


@given(st.binary(max_size=400), st.sampled_from(["a.csv", "a.jsonl", "a.txt", "a.json", "a.tsv"]))
def test_any_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, name: str
) -> None:
    path = tmp_path_factory.mktemp("any") / name
    path.write_bytes(data)
    try:
        tables, _ = tables_of(path, path.parent)
    except UsageError:
        return
    for table in tables:
        for row in table.rows():
            assert len(row.cells) == len(table.columns)
