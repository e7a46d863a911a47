"""The parts that the probes of records are made of: digests, names of algorithms, the store."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.errors import ConfigError
from clinigate.hipaa.probes.records.freshness import shared
from clinigate.hipaa.probes.records.lost_update import grows
from clinigate.hipaa.probes.records.store import NotDone, linked_to, quoted
from clinigate.hipaa.probes.records.strength import Sealing, sealing_of
from clinigate.hipaa.probes.records.tables import digest_of_rows, held_by

CELLS = st.none() | st.integers() | st.text() | st.binary() | st.floats(allow_nan=False)
ROWS = st.lists(st.tuples(CELLS, CELLS), max_size=6)


@given(ROWS, st.randoms())
def test_the_order_of_rows_does_not_matter(rows: list, random: object) -> None:  # type: ignore[type-arg]
    mixed = list(rows)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert digest_of_rows(mixed) == digest_of_rows(rows)


@given(ROWS.filter(bool), st.tuples(CELLS, CELLS))
def test_a_row_more_or_another_one_shows(rows: list, other: tuple) -> None:  # type: ignore[type-arg]
    digest = digest_of_rows(rows)
    assert digest_of_rows([*rows, rows[0]]) != digest
    assert digest_of_rows(rows[1:]) != digest
    if repr(other) != repr(rows[0]):
        assert digest_of_rows([other, *rows[1:]]) != digest


@given(st.binary(max_size=20), st.binary(min_size=16, max_size=40), st.binary(max_size=20))
def test_what_is_shared_is_found_wherever_it_stands(
    before: bytes, block: bytes, after: bytes
) -> None:
    assert block[:16] in shared(before + block, block + after)
    assert shared(block, b"") == set()


@pytest.mark.parametrize(
    ("name", "sealing"),
    [
        ("AES-256-GCM", Sealing(True, 256, False)),
        ("A256GCM", Sealing(True, 256, False)),
        ("A128CBC-HS256", Sealing(True, 128, False)),
        ("aes192", Sealing(True, 192, False)),
        ("id-aes256-GCM", Sealing(True, 256, False)),
        ("aes-256-xts", Sealing(True, 256, False)),
        ("AES/ECB/PKCS5Padding", Sealing(True, None, True)),
        ("ChaCha20-Poly1305", Sealing(False, None, False)),
        ("RSA-2048", Sealing(False, None, False)),
        ("", Sealing(False, None, False)),
    ],
)
def test_names_of_algorithms(name: str, sealing: Sealing) -> None:
    assert sealing_of(name) == sealing


@given(st.text())
def test_any_text_is_read_as_a_name(name: str) -> None:
    assert sealing_of(name).bits in (None, 128, 192, 256)


@pytest.mark.parametrize(
    ("older", "newer", "is_newer"),
    [
        ('"1"', '"2"', True),
        ('W/"9"', 'W/"10"', True),
        ('"2"', '"2"', False),
        ('"3"', '"2"', False),
        ('"abc"', '"def"', True),
        ('"abc"', '"abc"', False),
    ],
)
def test_versions(older: str, newer: str, is_newer: bool) -> None:
    assert grows(older, newer) is is_newer


@given(st.text(alphabet=st.characters(exclude_characters=".\x00", codec="utf-8"), min_size=1))
def test_a_quoted_name_is_that_name(name: str) -> None:
    with closing(sqlite3.connect(":memory:")) as link:
        link.execute(f"CREATE TABLE {quoted(name)} (a)")
        ((found,),) = link.execute("SELECT name FROM sqlite_master").fetchall()
    assert found == name


def test_what_a_store_refuses_is_told_from_what_does_not_fit(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("CREATE TABLE a (one INTEGER PRIMARY KEY, two TEXT CHECK (two = 'x'))")
        raw.execute("INSERT INTO a VALUES (1, 'x')")
        raw.execute(
            "CREATE TRIGGER stays BEFORE DELETE ON a BEGIN SELECT RAISE(ROLLBACK, 'no'); END"
        )
    with linked_to(path, "the test") as link:
        for sql, unclear in (
            ("UPDATE a SET two = 'y'", True),
            ("DELETE FROM a", False),
            ("no SQL", True),
        ):
            with pytest.raises(NotDone) as caught, link.undone():
                link.run(sql)
            assert caught.value.unclear is unclear
        with link.undone():
            assert link.run("UPDATE a SET one = 5") == 1
        assert link.rows("SELECT one FROM a") == [(1,)]
        assert {name: each.rows for name, each in held_by(link).items()} == {"a": 1}
        assert held_by(link, passing=["a"]) == {}
    path.write_bytes(b"no database at all" * 100)
    with linked_to(path, "the test") as link, pytest.raises(NotDone) as caught:
        link.rows("SELECT 1 FROM a")
    assert caught.value.unclear
    with pytest.raises(ConfigError, match="is no file"), linked_to(tmp_path, "the test"):
        pass


def test_who_may_only_read_says_nothing_of_what_the_service_may(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("CREATE TABLE a (one INTEGER)")
    with linked_to(path, "the test") as link:
        link.run("PRAGMA query_only = ON")
        with pytest.raises(NotDone) as caught:
            link.run("DELETE FROM a")
    assert caught.value.unclear
