"""Rows in dumps of databases stand behind their columns."""

from __future__ import annotations

import sqlite3
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from clinigate.phi.surfaces.dumps import dump_items
from clinigate.phi.surfaces.woven import Record

_PG = b"""--
CREATE TABLE public.patients (
    id integer NOT NULL,
    name text
);
COPY public.patients (id, name, note) FROM stdin;
1\tJane Doe\tone\\ttab\\nand line
2\t\\N\tx
\\.
SELECT 1;
"""
_MY = b"""CREATE TABLE `patients` (
  `id` int NOT NULL,
  `home phone` varchar(20),
  PRIMARY KEY (`id`)
) ENGINE=InnoDB;
INSERT INTO `patients` VALUES (1,'212-555-0199'),(2,NULL);
INSERT IGNORE INTO db.`visits` (`id`, `note`) VALUES
 (7,'it''s (not) over; see \\'x\\''),
 (8,'end');
UPDATE x SET y = (1, 'none');
"""


def test_copies_of_postgresql(opened: Any) -> None:
    seen = opened("backup.sql", _PG)
    assert seen.cells() == {
        (7, "id: 1"),
        (7, "name: Jane Doe"),
        (7, "note: one\ttab"),
        (7, "and line"),
        (8, "id: 2"),
        (8, "note: x"),
    }
    assert seen.text() == _PG.removesuffix(b"\n")
    assert seen.media == {"sql"}


def test_inserts_of_mysql(opened: Any) -> None:
    assert opened("backup.sql", _MY).cells() == {
        (6, "id: 1"),
        (6, "home phone: 212-555-0199"),
        (6, "id: 2"),
        (8, "id: 7"),
        (8, "note: it's (not) over; see 'x'"),
        (9, "id: 8"),
        (9, "note: end"),
    }


@settings(max_examples=30)
@given(
    rows=st.lists(
        st.tuples(
            st.integers(-9, 9),
            st.text("a'();,\\\"", max_size=6).filter(lambda text: "\\" not in text),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_what_sqlite_dumps_is_what_was_in_it(rows: list[tuple[int, str]]) -> None:
    with sqlite3.connect(":memory:") as link:
        link.execute("CREATE TABLE t(number INTEGER, word TEXT)")
        link.executemany("INSERT INTO t VALUES (?, ?)", rows)
        dump = "\n".join(link.iterdump()).encode()
    link.close()
    found = [item.data for item in dump_items(iter([dump])) if isinstance(item, Record)]
    wanted = [f"number: {n}\n" + (f"word: {word}\n" if word else "") for n, word in rows]
    assert found == [each.encode() for each in wanted]


@settings(max_examples=30)
@given(st.text("INSERT INTO t(a)VALUES'\\;,)\n\"", max_size=80))
def test_nothing_stops_it(text: str) -> None:
    data = ("INSERT INTO t VALUES (" + text).encode()
    items = list(dump_items(iter([data])))
    assert items[0] == data
