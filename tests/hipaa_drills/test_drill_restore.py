"""A backup is restored into an empty store and held against its source, table by table."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinigate.chaos.labs.postgres import postgres_missing, postgres_server
from clinigate.errors import ConfigError, TargetError
from clinigate.hipaa.drills.named import RESTORE
from clinigate.hipaa.drills.restore import Restored, Steps, restore
from clinigate.hipaa.drills.tables import Table, postgres_tables, sqlite_tables
from clinigate.hipaa.synthetic import written
from clinigate.hipaa.tally import Tally
from clinigate.reference.credentials import STORE_KEY_VARIABLE
from clinigate.reference.launch import Connection
from clinigate.targets.service import Request

COPY = [sys.executable, "-c", "import shutil, sys; shutil.copy(*sys.argv[1:])"]


def filled(path: Path, rows: list[tuple[int, str]]) -> Path:
    with sqlite3.connect(path) as link:
        link.execute("CREATE TABLE patients (id INTEGER, sealed BLOB)")
        link.execute('CREATE TABLE "odd ""name" (id INTEGER)')
        link.executemany("INSERT INTO patients VALUES (?, ?)", rows)
    link.close()
    return path


def read(path: Path) -> dict[str, Table]:
    return sqlite_tables(path) if path.exists() else {}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return filled(tmp_path / "source.db", [(1, "a"), (2, "b")])


@pytest.fixture
def drilled(source: Path, tmp_path: Path) -> Callable[..., Restored]:
    """Restores by a program, here a copy unless another is named."""

    def drill(**changes: object) -> Restored:
        into = tmp_path / "into.db"
        steps: dict[str, object] = {
            "source": partial(sqlite_tables, source),
            "target": partial(read, into),
            "backup": tmp_path / "backup",
            "into": str(into),
            "restore": [*COPY, "{backup}", "{into}"],
            "make": [*COPY, str(source), "{backup}"],
            **changes,
        }
        return restore(RESTORE, Steps(**steps), environ=os.environ, cwd=tmp_path)  # type: ignore[arg-type]

    return drill


def test_what_comes_back_whole_passes(drilled: Callable[..., Restored]) -> None:
    done = drilled(most_s=600.0)
    assert done.agrees
    assert [each.name for each in done.tables] == ['odd "name', "patients"]
    assert (done.tally.tried, done.tally.broken) == (3, [])


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([(1, "a")], "1 rows were restored; the source has 2"),
        ([(1, "a"), (2, "c")], "as many rows, and other ones: their digests differ"),
        ([(1, "a"), (1, "a")], "as many rows, and other ones: their digests differ"),
    ],
)
def test_rows_that_are_missing_or_others_fail(
    drilled: Callable[..., Restored], tmp_path: Path, rows: list[tuple[int, str]], told: str
) -> None:
    done = drilled(backup=filled(tmp_path / "old", rows), make=None)
    assert not done.agrees
    assert done.tally.broken == [("patients", told)]


def test_a_table_that_is_missing_fails(drilled: Callable[..., Restored], tmp_path: Path) -> None:
    old = filled(tmp_path / "old", [(1, "a"), (2, "b")])
    with sqlite3.connect(old) as link:
        link.execute("DROP TABLE patients")
        link.execute("CREATE TABLE more (id INTEGER)")
    link.close()
    told = dict(drilled(backup=old, make=None).tally.broken)
    assert told == {
        "patients": "the table is not in what was restored",
        "more": "the table is in what was restored, and not at the source",
    }


def test_a_restore_that_takes_too_long_fails(drilled: Callable[..., Restored]) -> None:
    (broken,) = drilled(most_s=1e-9).tally.broken
    assert broken[0] == "time to recover"


def test_a_source_that_is_written_to_meanwhile_decides_nothing(
    drilled: Callable[..., Restored], source: Path
) -> None:
    insert = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); "
    insert += "c.execute('INSERT INTO patients VALUES (3, 0)'); c.commit()"
    program = f"import shutil, sys; shutil.copy(sys.argv[2], sys.argv[3]); {insert}"
    done = drilled(restore=[sys.executable, "-c", program, str(source), "{backup}", "{into}"])
    assert not done.agrees
    assert "written to meanwhile" in done.tally.untried[0]


@pytest.mark.parametrize(
    ("changes", "error", "told"),
    [
        ({"restore": ["no-such-program"]}, ConfigError, "no program 'no-such-program'"),
        ({"restore": [sys.executable, "-c", "raise SystemExit(3)"]}, TargetError, "ended with 3"),
        ({"make": None}, TargetError, "no such backup"),
        ({"target": lambda: {"t": Table(1, "")}}, ConfigError, "has tables already"),
        ({"source": dict}, ConfigError, "has no table"),
        ({"skipped": frozenset({"audits"})}, ConfigError, "--skip audits: the source has no such"),
    ],
)
def test_what_keeps_it_from_being_done_is_told(
    drilled: Callable[..., Restored], changes: dict[str, object], error: type[Exception], told: str
) -> None:
    with pytest.raises(error, match=told):
        drilled(**changes)


def test_a_store_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="no such store"):
        sqlite_tables(tmp_path / "none.db")
    (tmp_path / "text.db").write_text("no store " * 200)
    with pytest.raises(TargetError, match="cannot be read as a store"):
        sqlite_tables(tmp_path / "text.db")


@settings(max_examples=20)
@given(st.lists(st.tuples(st.integers(-5, 5), st.text("ab", max_size=2)), max_size=6), st.randoms())
def test_a_digest_is_that_of_the_rows_in_whatever_order(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, str]], source: object
) -> None:
    folder = tmp_path_factory.mktemp("tables")
    shuffled = list(rows)
    source.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = filled(folder / "one.db", rows), filled(folder / "other.db", shuffled)
    assert sqlite_tables(one) == sqlite_tables(other)
    more = filled(folder / "more.db", [*rows, (0, "a")])
    assert sqlite_tables(more)["patients"] != sqlite_tables(one)["patients"]


def test_a_table_that_is_skipped_is_told(drilled: Callable[..., Restored], tmp_path: Path) -> None:
    done = drilled(
        backup=filled(tmp_path / "old", [(1, "a")]), make=None, skipped=frozenset({"patients"})
    )
    assert done.tally.broken == []
    assert done.tally.remarks == ["not compared: patients"]


def test_an_empty_source_shows_nothing(drilled: Callable[..., Restored], tmp_path: Path) -> None:
    empty = filled(tmp_path / "empty.db", [])
    done = drilled(source=partial(sqlite_tables, empty), make=[*COPY, str(empty), "{backup}"])
    assert done.tally.broken == []
    assert not done.agrees
    assert "the source has none" in done.tally.untried[0]


def test_a_backup_of_the_reference_service_comes_back_whole(
    caring: Connection, premises_of: Callable[..., Any], tmp_path: Path
) -> None:
    """By its own restore program, with the key of its store; its audit log goes on meanwhile."""
    with premises_of(caring, tmp_path) as premises, written(premises, Tally(RESTORE)):
        made = premises.service.send(Request("POST", "/v1/backups"))
        into = tmp_path / "into.db"
        steps = Steps(
            source=partial(sqlite_tables, caring.data_dir / "care.db"),
            target=partial(read, into),
            backup=caring.data_dir / "care-backups" / "asked" / made.body["name"],
            into=str(into),
            restore=[sys.executable, "-P", "-m", "clinigate.reference.care.restore",
                     "{backup}", "{into}"],
            skipped=frozenset({"audit"}),
        )  # fmt: skip
        environ = {**os.environ, STORE_KEY_VARIABLE: caring.store_key}
        done = restore(RESTORE, steps, environ=environ, cwd=tmp_path)
    assert (done.tally.broken, done.tally.untried) == ([], [])
    assert next(each for each in done.tables if each.name == "patients").source is not None


@pytest.fixture(scope="module")
def dsn() -> Iterator[str]:
    missing = postgres_missing()
    if missing is not None:
        pytest.skip(missing)
    with postgres_server(fsync=False) as found:
        yield found


def test_postgresql_is_dumped_and_restored_by_its_own_programs(dsn: str, tmp_path: Path) -> None:
    import psycopg
    from psycopg.conninfo import make_conninfo

    with psycopg.connect(dsn, autocommit=True) as link:
        link.execute("CREATE TABLE patients (id int, sealed bytea)")
        rows = "SELECT n, decode('00ff', 'hex') FROM generate_series(1, 9) n"
        link.execute(f"INSERT INTO patients {rows}")
        link.execute("CREATE DATABASE drill")
    into = make_conninfo(dsn, dbname="drill")
    steps = Steps(
        source=partial(postgres_tables, dsn, "--source-dsn-env"),
        target=partial(postgres_tables, into, "--into-dsn-env"),
        backup=tmp_path / "dump",
        into=into,
        # A stand-in for pg_dump and pg_restore, whose versions must fit the server's.
        make=[sys.executable, "-c", _DUMP, dsn],
        restore=[sys.executable, "-c", _LOAD],
    )
    done = restore(RESTORE, steps, environ=os.environ, cwd=tmp_path)
    assert done.agrees
    assert [(each.name, each.source and each.source.rows) for each in done.tables] == [
        ("public.patients", 9)
    ]
    with psycopg.connect(into, autocommit=True) as link:
        link.execute("UPDATE patients SET sealed = NULL WHERE id = 5")
    assert postgres_tables(into, "--into-dsn-env") != postgres_tables(dsn, "--source-dsn-env")


_DUMP = """
import os, psycopg, sys
with psycopg.connect(sys.argv[1]) as link, open(os.environ["CLINIGATE_DRILL_BACKUP"], "wb") as file:
    with link.cursor().copy("COPY patients TO STDOUT (FORMAT binary)") as copy:
        for chunk in copy: file.write(chunk)
"""
_LOAD = """
import os, psycopg
with psycopg.connect(os.environ["CLINIGATE_DRILL_INTO"]) as link:
    link.execute("CREATE TABLE patients (id int, sealed bytea)")
    with open(os.environ["CLINIGATE_DRILL_BACKUP"], "rb") as file:
        with link.cursor().copy("COPY patients FROM STDIN (FORMAT binary)") as copy:
            copy.write(file.read())
"""


def test_a_server_that_is_away_is_told() -> None:
    with pytest.raises(TargetError, match="--into-dsn-env: the server cannot be asked"):
        postgres_tables("postgresql://127.0.0.1:1/none", "--into-dsn-env")
