"""Both engines find the same, and where the bytes were cut makes no difference."""

from __future__ import annotations

import base64
import gzip
import random
import re
import sys
import zlib
from collections.abc import Callable, Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.errors import ConfigError
from clinigate.phi import packed
from clinigate.phi.canaries import Patient, make_patients
from clinigate.phi.canary_engine import Mark, Needle, automaton, tree
from clinigate.phi.canary_file import load_canaries
from clinigate.phi.canary_search import CanaryHit, CanarySearch
from clinigate.phi.packed import HEADS
from clinigate.phi.scanning import ScanOptions, scan
from clinigate.phi.tokens import Tokens
from clinigate.phi.wrapped import SOFT_BREAK

PATIENTS = make_patients(seed=5, count=2)
VALUES = [value.encode() for patient in PATIENTS for value in patient.values.values()]
SEARCH = CanarySearch(PATIENTS)

NEEDLES = [
    Needle(b"abab", folded=True),
    Needle(b"aba", folded=True),
    Needle(b"AbaB", folded=False),
    Needle(b"b", folded=False),
    Needle(b"\x00a\x00b", folded=True),
    Needle(b"a\nb", folded=False),
    Needle(b"x.[", folded=True),
]
MARKS = (*HEADS, SOFT_BREAK, Mark(rb"a\s{1,2}b", re.compile(rb"a\s{1,2}b"), before=4))
PIECES = [b"ab", b"AB", b"a", b"b", b"\x00", b"\n", b"\r\n", b"=", b"x.[", b"\\n", b"78da", b"H4sI",
          b"\x1f\x8b\x08", b"x\x9c", b"eJw", b"KLUv/", b"28B52FFD", b" ", b"\xff"]  # fmt: skip


@given(parts=st.lists(st.sampled_from(PIECES) | st.binary(max_size=3), max_size=40))
def test_both_engines_spot_the_same(parts: list[bytes]) -> None:
    pytest.importorskip("hyperscan")
    data = b"".join(parts)
    assert automaton(NEEDLES, MARKS).spot(data) == tree(NEEDLES, MARKS).spot(data)


def test_nothing_to_look_for_is_found_nowhere() -> None:
    assert CanarySearch([]).search(b"anything") == []
    assert not CanarySearch([])
    for engine in (tree, automaton):
        assert engine([]).spot(b"abc").needles == []
        assert engine(NEEDLES, MARKS).spot(b"").needles == []


def _in_lines(data: bytes) -> bytes:
    flat = base64.b64encode(data)
    return b"\n".join(flat[at : at + 64] for at in range(0, len(flat), 64))


WRAPPINGS: list[Callable[[bytes], bytes]] = [
    bytes,
    bytes.upper,
    base64.b64encode,
    _in_lines,
    gzip.compress,
    lambda data: base64.b64encode(zlib.compress(data)),
    lambda data: zlib.compress(data).hex().encode(),
    lambda data: data[:5] + b"=\r\n" + data[5:],
    lambda data: data + data[:4] + data,
]
CONTENT = st.lists(
    st.binary(max_size=30)
    | st.sampled_from(VALUES).flatmap(
        lambda value: st.sampled_from(WRAPPINGS).map(
            lambda wrap: wrap(b"-" * 40 + value + b"-" * 9)
        )
    ),
    max_size=6,
).map(b"".join)


def without_hyperscan(patients: Sequence[Patient]) -> CanarySearch:
    held = sys.modules.get("hyperscan")
    sys.modules["hyperscan"] = None  # type: ignore[assignment]
    try:
        search = CanarySearch(patients)
        search.search(b"=\n")  # the engine of broken lines is made when it is needed
        return search
    finally:
        if held is None:
            del sys.modules["hyperscan"]
        else:
            sys.modules["hyperscan"] = held


SLOW = without_hyperscan(PATIENTS)


@given(data=CONTENT)
def test_the_search_without_hyperscan_finds_the_same(data: bytes) -> None:
    assert SLOW.search(data) == SEARCH.search(data)


def in_order(hits: list[CanaryHit]) -> list[CanaryHit]:
    return sorted(hits, key=lambda hit: (hit.start, hit.end, hit.patient, hit.field))


@given(data=CONTENT, cuts=st.lists(st.integers(0, 900), max_size=8), gather=st.integers(0, 60))
def test_where_bytes_are_cut_makes_no_difference(data: bytes, cuts: list[int], gather: int) -> None:
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    stream = SEARCH.stream(gather=gather)
    found = [hit for a, b in pairwise(edges) for hit in stream.feed(data[a:b])] + stream.finish()
    assert in_order(found) == in_order(SEARCH.search(data))


def test_a_long_stream_is_searched_to_its_end() -> None:
    value = VALUES[0]
    chunks = [bytes(2**20), bytes(2**20 - 4) + value[:4], value[4:] + bytes(2**20), value]
    starts = [hit.start for hit in SEARCH.search_stream(chunks)]
    assert starts == [2**21 - 4, 2**21 + len(value) - 4 + 2**20]


def test_a_compressed_stream_goes_on_over_chunks() -> None:
    noise = random.Random(1).randbytes(2**20)
    packed_up = gzip.compress(noise + VALUES[1] * 3, 1)
    chunks = [packed_up[at : at + 300_000] for at in range(0, len(packed_up), 300_000)]
    assert CanaryHit("canary-1", "ssn", "compressed", 0, 0) in SEARCH.search_stream(chunks)


def test_zstd_is_read_where_pyarrow_is() -> None:
    pa = pytest.importorskip("pyarrow")
    whole = pa.Codec("zstd").compress(b"-" * 50 + VALUES[0] + b"-" * 50, asbytes=True)
    for data in (whole, base64.b64encode(whole), whole.hex().encode()):
        assert "compressed" in {hit.form for hit in SEARCH.search(b"head " + data)}
    assert SEARCH.search(whole[:12]) == []


def test_what_was_not_read_to_its_end_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "LONGEST", 2**16)
    stream = SEARCH.stream()
    found = stream.feed(gzip.compress(bytes(2**24) + VALUES[0])) + stream.finish()
    assert (found, stream.cut) == ([], 1)
    stream = SEARCH.stream()
    found = stream.feed(gzip.compress(VALUES[0])) + stream.finish()
    assert (len(found), stream.cut) == (1, 0)


def test_values_of_one_character_are_no_canaries(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    path.write_text(
        '{"schema":"clinigate.canaries/1","patients":[{"id":"a","values":{"x":"00000000"}}]}'
    )
    with pytest.raises(ConfigError, match="turns up wherever something is padded") as caught:
        load_canaries(path)
    assert "00000000" not in str(caught.value)


def test_a_scan_tells_of_what_is_packed_and_too_long_to_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing found in what was not read to its end is no clean scan."""
    monkeypatch.setattr(packed, "LONGEST", 2**20)
    noise = random.Random(1).randbytes(64)
    path = tmp_path / "a.dump"
    for size, truncated in ((2**19, 0), (3 * 2**20, 1)):
        path.write_bytes(b"\0head" + noise + zlib.compress(b"-" * size) + b"\0tail")
        done = scan(
            ScanOptions(
                base=tmp_path,
                paths=("a.dump",),
                patients=PATIENTS,
                tokens=Tokens(b"k" * 32, lasting=True),
                today=date(2026, 11, 22),
            )
        )
        assert done.counts.truncated == truncated


def test_what_only_begins_as_zstd_does_holds_nothing_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("pyarrow")
    monkeypatch.setattr(packed, "_LONGEST_HELD", 4096)
    stream = SEARCH.stream()
    stream.feed(b"\x28\xb5\x2f\xfd" + b"\xff" * 10_000)
    stream.finish()
    assert stream.cut == 0
