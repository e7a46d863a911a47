"""Rows come behind their columns' names, with the line in which they begin."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from itertools import pairwise, repeat
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinigate.phi.surfaces import tables
from clinigate.phi.surfaces.tables import Columns, csv_items, delimiter_of
from clinigate.phi.surfaces.woven import Record

_VALUE = st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), max_size=6)


@settings(max_examples=30)
@given(
    rows=st.lists(st.lists(_VALUE, min_size=3, max_size=3), max_size=6),
    cuts=st.lists(st.integers(0, 80), max_size=4),
)
def test_each_value_stands_behind_its_column(rows: list[list[str]], cuts: list[int]) -> None:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["id", "name", "note"])
    writer.writerows(rows)
    text = out.getvalue()
    ends = [at + 1 for at, char in enumerate(text) if char == "\n"]
    places = sorted({ends[cut % len(ends)] for cut in cuts} | {0, len(text)})
    blocks = [text[a:b].encode() for a, b in pairwise(places)]
    items = list(csv_items(iter(blocks), ","))
    assert [item for item in items if isinstance(item, bytes)] == blocks
    wanted, line = [], 2
    for row in rows:
        said = "".join(
            f"{name}: {value}\n"
            for name, value in zip(["id", "name", "note"], row, strict=True)
            if value
        )
        if said:
            wanted.append((line, said.encode()))
        line += 1 + sum(value.count("\n") for value in row)
    found = [(each.line, each.data) for each in items if isinstance(each, Record)]
    # Lines of a row with several of them may be rows too, if its quote was none.
    assert not Counter(wanted) - Counter(found)


@pytest.mark.parametrize("end", ['"', ""])
def test_a_stray_quote_hides_no_row(opened: Any, end: str) -> None:
    many = "".join(f"row {number},4{number}\n" for number in range(9000))
    seen = opened("stray.csv", f'size,mrn\n"5 in,1\n{many}6 in{end},2\nlast,3\n'.encode())
    assert seen.cells() >= {(3, "mrn: 40"), (4502, "mrn: 44499"), (9002, "mrn: 48999")}
    assert (9004, "mrn: 3") in seen.cells()


def test_what_stands_above_the_names_is_no_table(opened: Any) -> None:
    for above in ("sep=;\n", "Patients of July\n\n"):
        seen = opened("titled.csv", f"{above}id;ssn\n1;none\n".replace(";", ",").encode())
        assert "ssn: none" in {cell for _, cell in seen.cells()}
    wide = opened("wide.csv", b"id,ssn\njane,none,doe\n2,,\n").cells()
    assert wide >= {(2, "ssn: none"), (2, "ssn: doe"), (3, "id: 2")}


def test_a_row_without_an_end_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "_LONGEST_ROW", 20_000)
    block = b'"' + b"\n" * 2_000 + b'",'
    items = csv_items(repeat(block, 40), ",")
    assert max(len(item.data) for item in items if isinstance(item, Record)) < 40_000


def test_a_name_of_any_length_is_not_said_of_each_value(opened: Any) -> None:
    name, values = "x" * 100_000 + "mrn", [f"8{number}" for number in range(500)]
    for file, text in (
        ("long.csv", "\n".join([name, *values])),
        ("long.json", json.dumps({"patient": {name: values}}, indent=1)),
    ):
        lines = opened(file, text.encode()).lines[""]
        assert sum(len(line) for line, _, said in lines if said) < 200_000
        assert any(line.endswith(b"xmrn: 8499") for line, _, said in lines if said)


def test_a_table_is_shown_with_its_columns(opened: Any) -> None:
    table = b'patient_name,phone,note\r\nJane Doe,212-555-0199,"two\nlines"\r\n,,x,beyond\r\n'
    seen = opened("patients.csv", table)
    assert seen.cells() >= {
        (2, "patient_name: Jane Doe"),
        (2, "phone: 212-555-0199"),
        (2, "note: two"),
        (2, "lines"),
        (4, "note: x"),
        (4, "note: beyond"),
    }
    assert seen.text().startswith(table.rstrip())
    places = {said for _, _, said in seen.lines[""]}
    assert places == {None, "patient_name", "phone", "note"}


@pytest.mark.parametrize(
    ("name", "head", "sign"),
    [
        ("a.csv", b"a,b\n", ","),
        ("a.csv", b"a;b;c\n1,5;2;3\n", ";"),
        ("a.tsv", b"a b\n", "\t"),
        ("a.psv", b"a|b\n", "|"),
        ("a.csv", b"one\n", ","),
        ("a.txt", b"a,b\n", ""),
    ],
)
def test_the_sign_between_values(name: str, head: bytes, sign: str) -> None:
    assert delimiter_of(head, name) == sign


def test_a_first_row_that_is_a_record_is_not_shown_as_names() -> None:
    record = Columns(["Jane Doe", "Elm Street", "Springfield"]).record(2, ["a", "b", "c"])
    assert record is not None
    assert record.shown == ("column 1", "column 2", "column 3")


def test_a_quote_without_an_end_costs_its_own_row_only(opened: Any) -> None:
    rows = b"".join(b"%d,name %d\n" % (n, n) for n in range(3000))
    table = b'id,name\n1,"open\n' + b"x" * 140_000 + b"\n" + rows
    seen = opened("broken.csv", table)
    assert seen.text().startswith(table[:100])
    assert (3002, "name: name 2998") in seen.cells()
    assert not seen.missed
