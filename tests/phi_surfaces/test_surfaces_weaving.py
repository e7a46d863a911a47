"""Weaving fields beside text loses no byte of the text, and each line is found again."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinigate.phi.surfaces.part import TruncatedError
from clinigate.phi.surfaces.text import blocks
from clinigate.phi.surfaces.woven import Record, as_bytes, one, shown, woven

_LINES = st.lists(st.text("ab,: ", max_size=8).map(str.encode), max_size=12)


@settings(max_examples=30)
@given(groups=st.lists(st.tuples(_LINES, st.integers(0, 4))), records=st.integers(1, 6))
def test_each_line_is_known_by_its_number_and_each_value_by_its_row(
    groups: list[tuple[list[bytes], int]], records: int
) -> None:
    items: list[bytes | Record] = []
    line, wanted_lines, wanted_values = 1, [], []
    for lines, values in groups:
        if lines:
            items.append(b"".join(each + b"\n" for each in lines))
            wanted_lines += [(line + n, each) for n, each in enumerate(lines)]
            line += len(lines)
        for number in range(values):
            items.append(Record(line, b"f: %d\nf: x\n" % number, ("a", "b")))
            wanted_values += [(line, "a", b"f: %d" % number), (line, "b", b"f: x")]
    lines_seen, values_seen = [], []
    # A generator, as all suppliers are: it must not end with the first part.
    for part in woven("", "text", (item for item in items), records=records):
        data = b"".join(part.chunks)
        for number, each in enumerate(data.removesuffix(b"\n").split(b"\n"), start=1):
            row, said = part.place(number)
            if said is not None and each:
                values_seen.append((row, said, each))
            elif said is None and data:
                lines_seen.append((row, each))
    assert lines_seen == wanted_lines
    assert values_seen == wanted_values


def test_a_last_line_without_an_end_is_ended_before_its_fields() -> None:
    [part] = woven("", "text", iter([b"a\nb", one(2, "f", "v", "f")]))
    assert b"".join(part.chunks) == b"a\nb\nf: v\n"
    assert [part.place(n) for n in (1, 2, 3)] == [(1, None), (2, None), (2, "f")]


def test_a_part_that_nobody_reads_is_left() -> None:
    parts = woven("", "text", iter([b"a\n", b"b\n"]), records=1)
    next(parts)
    assert list(parts) == []


def test_what_came_before_an_early_end_is_seen() -> None:
    def items() -> Any:
        yield b"seen\n"
        raise TruncatedError("it breaks off")

    [part] = woven("", "text", items())
    assert next(part.chunks) == b"seen\n"
    with pytest.raises(TruncatedError, match="breaks off"):
        next(part.chunks)


@settings(max_examples=30)
@given(st.lists(st.binary(max_size=9)), st.integers(1, 20))
def test_blocks_are_the_same_bytes_and_end_with_lines(chunks: list[bytes], longest: int) -> None:
    found = list(blocks(iter(chunks), longest))
    assert b"".join(found) == b"".join(chunks)
    assert all(block.endswith(b"\n") or len(block) >= min(longest, 2) for block in found[:-1])


@settings(max_examples=30)
@given(st.text(st.characters()))
def test_any_text_has_bytes(text: str) -> None:
    assert isinstance(as_bytes(text), bytes)


@pytest.mark.parametrize(
    ("path", "as_shown"),
    [
        ("patient.name.family", "patient.name.family"),
        ("users.jane@example.com.id", "users.*.com.id"),
        ("by_ssn.219530000", "by_ssn.*"),
        ("Jane Doe.age", "*.age"),
        ("a." * 100 + "end", "a." * 58 + "end"),
    ],
)
def test_keys_that_may_be_data_are_not_shown(path: str, as_shown: str) -> None:
    assert shown(path) == as_shown
