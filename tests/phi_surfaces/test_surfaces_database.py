"""Tables of a PostgreSQL server: with a key or none, allowed or not, at one moment."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clinigate.chaos.labs.postgres import postgres_missing, postgres_server
from clinigate.errors import TargetError, UsageError
from clinigate.phi.surfaces import open_database

_TABLES = """
    CREATE TABLE patients (name text, ssn text, b bytea, d date, j jsonb);
    INSERT INTO patients SELECT 'Jane Doe', 'number ' || i, '\\x00ff41', 'infinity',
        '{"phone": {"home": "x"}}' FROM generate_series(1, 450) i;
    CREATE SCHEMA "Odd S";
    CREATE TABLE "Odd S".t (a int) PARTITION BY LIST (a);
    CREATE TABLE "Odd S".t1 PARTITION OF "Odd S".t DEFAULT;
    INSERT INTO "Odd S".t VALUES (5);
    CREATE TABLE secret (x text);
    CREATE TABLE nothing ();
    CREATE TABLE hidden (x text);
    ALTER TABLE hidden ENABLE ROW LEVEL SECURITY;
    CREATE ROLE looker LOGIN PASSWORD 'x';
    GRANT SELECT ON patients, hidden TO looker;
    SELECT lo_create(0);
"""


@pytest.fixture(scope="module")
def dsn() -> Iterator[str]:
    psycopg = pytest.importorskip("psycopg")
    if (reason := postgres_missing()) is not None:
        pytest.skip(reason)
    with postgres_server(fsync=False) as address:
        with psycopg.connect(address, autocommit=True) as link:
            link.execute(_TABLES)
        yield address


def test_tables_without_keys_partitions_and_odd_names(dsn: str, read_parts: Any) -> None:
    seen = read_parts(open_database(dsn))
    cells = seen.cells("public.patients")
    assert cells >= {
        (1, "name: Jane Doe"),
        (450, "ssn: number 450"),
        (2, "d: infinity"),
        (2, "b: \0\udcffA"),
        (2, "j.phone.home: x"),
    }
    assert seen.cells("Odd S.t1") == {(1, "a: 5")}
    assert "Odd S.t" not in seen.lines
    assert [name for name, _ in seen.missed] == ["large objects"]
    assert seen.media == {"postgresql"}


def test_what_may_not_be_read_or_hides_rows_is_told(dsn: str, read_parts: Any) -> None:
    import psycopg

    as_looker = psycopg.conninfo.make_conninfo(dsn, user="looker", password="x")
    seen = read_parts(open_database(as_looker))
    assert (450, "ssn: number 450") in seen.cells("public.patients")
    told = {name for name, reason in seen.missed if "permission denied" in reason}
    assert told == {"Odd S.t1", "public.hidden", "public.nothing", "public.secret"}


def test_a_locked_table_is_told(dsn: str, read_parts: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import psycopg

    from clinigate.phi.surfaces import database

    quick = [each.replace("'5s'", "'50ms'") for each in database._SETTINGS]
    monkeypatch.setattr(database, "_SETTINGS", quick)
    with psycopg.connect(dsn) as link:
        link.execute("LOCK TABLE secret IN ACCESS EXCLUSIVE MODE")
        seen = read_parts(open_database(dsn))
    assert ("public.secret", "locked or too slow") in seen.missed
    assert seen.cells("public.patients")


def test_a_server_that_goes_away_is_told(dsn: str, read_parts: Any) -> None:
    import psycopg

    def cut() -> Iterator[Any]:
        for part in open_database(dsn):
            yield part
            with psycopg.connect(dsn, autocommit=True) as other:
                other.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE pid <> pg_backend_pid() AND datname = current_database()"
                )

    seen = read_parts(cut())
    assert any("does not answer" in reason for _, reason in seen.missed)


def test_a_server_that_lets_nobody_in_is_no_empty_database(dsn: str) -> None:
    import psycopg

    wrong = psycopg.conninfo.make_conninfo(dsn, user="nobody-known", password="hush")
    with pytest.raises(TargetError, match="cannot be reached") as raised:
        list(open_database(wrong))
    assert "nobody-known" not in str(raised.value)


def test_sqlite_by_its_address_and_others_refused(tmp_path: Path, read_parts: Any) -> None:
    import sqlite3

    path = tmp_path / "a b.db"
    with sqlite3.connect(path) as link:
        link.execute("CREATE TABLE t AS SELECT 'v' AS c")
    link.close()
    seen = read_parts(open_database(f"sqlite:///{tmp_path}/a%20b.db"))
    assert seen.cells("t") == {(1, "c: v")}
    with pytest.raises(UsageError, match="mysql"):
        list(open_database("mysql://somewhere/db"))
