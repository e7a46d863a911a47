"""What a row of the table finds within a place or a name takes nothing else of it away."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from clinigate.phi.finding import find_bytes, search_for, settled
from clinigate.phi.model import Hit
from clinigate.phi.names import find_names
from clinigate.phi.sweep import line_finder, sights_in

ADDRESS = b"Home address is 8377 Old Mill Road, Duluth, Minnesota 62369-8219.\nseen"


def _covered(hits: list[Hit]) -> set[int]:
    return {at for hit in hits for at in range(hit.start, hit.end)}


def test_the_town_of_an_address_stays_beside_its_street() -> None:
    hits = settled([*search_for(0.4).hits(ADDRESS), *find_names(ADDRESS)])
    start = ADDRESS.index(b"8377")
    assert _covered(hits) >= set(range(start, ADDRESS.index(b"."))) - {ADDRESS.index(b", Min")}
    assert "CG-PHI-ADDRESS" in {hit.rule for hit in hits}


def test_a_month_that_is_a_name_too_is_a_date() -> None:
    text = b"En marzo del 1996 acude"
    hits = settled([*search_for(0.4).hits(text), Hit("CG-PHI-PERSON", 3, 8, 0.5)])
    assert [(hit.rule, text[hit.start : hit.end]) for hit in hits] == [
        ("CG-PHI-DATE", b"marzo del 1996")
    ]


def test_what_is_left_stands_where_it_stands() -> None:
    names = line_finder(lambda data: [Hit("CG-PHI-PLACE", data.index(b"8377"), 54, 0.75)])
    table = search_for(0.4).hits
    sights = list(sights_in([b"\n" + ADDRESS], [table, names]))
    assert [(s.hit.rule, s.line, s.column, s.value) for s in sights] == [
        ("CG-PHI-ADDRESS", 2, 17, b"8377 Old Mill Road"),
        ("CG-PHI-PLACE", 2, 35, b", Duluth, Minnesota"),
        ("CG-PHI-ZIP", 2, 55, b"62369-8219"),
    ]


_HITS = st.builds(
    lambda rule, start, size, score: Hit(rule, start, start + size, score),
    st.sampled_from(["CG-PHI-PERSON", "CG-PHI-DATE", "CG-PHI-SSN"]),
    st.integers(0, 30),
    st.integers(3, 12),
    st.sampled_from([0.4, 0.6]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(_HITS, max_size=8))
def test_a_likely_name_is_covered_and_nothing_overlaps(hits: list[Hit]) -> None:
    name = Hit("CG-PHI-PERSON", 10, 22, 0.75)
    kept = settled([*hits, name])
    assert all(a.end <= b.start for a, b in pairwise(kept))
    left = _covered([name]) - _covered(kept)
    assert not any({at, at + 1, at + 2} <= left for at in left)


def test_rows_alone_settle_as_before() -> None:
    text = b"https://hub.example.com/patients/219-53-8841/x"
    assert [hit.rule for hit in find_bytes(text, threshold=0.4)] == ["CG-PHI-URL"]
