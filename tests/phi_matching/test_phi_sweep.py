"""A stream holds what the whole of it does, wherever it was cut, and needs little memory."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Iterator
from itertools import accumulate, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinigate.phi.direct import scan, scan_stream
from clinigate.phi.finding import find_bytes, search_for
from clinigate.phi.matching.search import MARGIN
from clinigate.phi.model import Hit
from clinigate.phi.sweep import Sweep, line_finder, sights_in

SSN = "219-53-" + "8841"
PIECES = (
    f"ssn={SSN}", "mail zelda@mercy-clinic.org", "call 415-867-5309", "x" * 900, "\n", " ", "é",
    "telephone 020 7946 1958", "219538841", "ssn ", "3" * 700, "patient_name: Zelda Quist",
)  # fmt: skip


def cut(data: bytes, sizes: list[int]) -> Iterator[bytes]:
    places = [0, *(at for at in accumulate(sizes) if at < len(data)), len(data)]
    return (data[first:last] for first, last in pairwise(places))


@given(
    pieces=st.lists(st.sampled_from(PIECES), min_size=1, max_size=40),
    sizes=st.lists(st.integers(0, 9000), max_size=12),
    size=st.integers(600, 20_000),
)
@settings(max_examples=60, deadline=None)
def test_a_stream_is_searched_as_the_whole(pieces: list[str], sizes: list[int], size: int) -> None:
    data = "".join(pieces).encode()
    sights = list(sights_in(cut(data, sizes), [search_for(0.4).hits], size))
    assert [sight.hit for sight in sights] == find_bytes(data, threshold=0.4)
    for sight in sights:
        start = sight.hit.start
        begin = data.rfind(b"\n", 0, start) + 1
        assert sight.value == data[start : sight.hit.end]
        assert sight.line == data.count(b"\n", 0, start) + 1
        assert sight.column == len(data[begin:start].decode()) + 1
        assert sight.value.decode() not in repr(sight)


def test_a_line_of_a_megabyte_is_searched_whole() -> None:
    data = b"," * 300_000 + f" ssn {SSN} ".encode() + b"7" * 700_000 + f" ssn {SSN}".encode()
    first, second = scan_stream([data[:300_009], data[300_009:]])
    assert (first.line, first.column) == (1, 300_006)
    assert [first.hit, second.hit] == scan(data)


def test_utf_16_is_no_utf_8_and_no_trouble() -> None:
    """Its surface decodes it; as bytes nothing is found, and nothing breaks."""
    data = f"ssn {SSN}\n".encode("utf-16")
    assert list(scan_stream([data[:7], data[7:]])) == scan(data) == []
    assert scan(data.decode("utf-16")) != []


def test_what_looks_at_lines_is_given_whole_lines() -> None:
    seen: list[bytes] = []

    def find(data: bytes) -> list[Hit]:
        seen.append(data)
        return [Hit("T-LINE", 0, 4, 0.5)]

    data = b"word of a line\n" * 4000
    sights = list(sights_in([data], [line_finder(find)], 4 * MARGIN))
    assert b"".join(seen) == data
    assert all(part.endswith(b"\n") for part in seen)
    assert len(sights) == len(seen) > 3
    assert all(sight.value == b"word" for sight in sights)


def test_a_find_that_something_surer_overlaps_later_is_not_told_early() -> None:
    def find(data: bytes, begin: int, end: int) -> Iterator[Hit]:
        for at, width, score in ((MARGIN * 5, 900, 0.5), (MARGIN * 5 + 800, 900, 0.9)):
            found = at - base
            if begin <= found < end:
                yield Hit("T-LONG", found, found + width, score)

    data = bytes(MARGIN * 12)
    for size in range(MARGIN, 6 * MARGIN, 997):
        base = 0
        sweep = Sweep([find], size=size)
        sights = []
        for at in range(0, len(data), 701):
            sights += sweep.feed(data[at : at + 701])
            base = sweep._base
        sights += sweep.finish()
        assert [sight.hit.score for sight in sights] == [0.9], size


@pytest.mark.skipif(sys.platform != "linux", reason="the unit of ru_maxrss")
def test_a_long_stream_needs_little_memory() -> None:
    """300 MB grow the process by less than 100, however much there is address space for."""
    script = f"""
        import resource
        from clinigate.phi.direct import scan_stream
        chunk = bytes(2**20)
        stream = (chunk if i % 100 else b"ssn {SSN}" for i in range(301))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        found = len(list(scan_stream(stream)))
        print(found, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024 < 100)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["4", "True"]
