"""No engine loses what the exact table finds: hyperscan, RE2 and `re` are held to one another.

The text is made of what the table's rows are made of: values, words, boundaries, bytes of several
encodings, and pieces of all of these cut anywhere.
"""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from clinigate.core.flaw import FlawSeverity
from clinigate.phi.finding import find, find_bytes, search_for
from clinigate.phi.matching.engines import ENGINES
from clinigate.phi.matching.exact import matches_ending_within, matches_within
from clinigate.phi.matching.outline import DIGITS, cluster, outline
from clinigate.phi.matching.plan import Plan
from clinigate.phi.matching.search import Search, text_of
from clinigate.phi.matching.stretches import joined
from clinigate.phi.matching.syntax import near_word, portable, trigger
from clinigate.phi.matching.texts import required
from clinigate.phi.model import Hit, Letter
from clinigate.phi.nearby import near
from clinigate.phi.recognizer import Recognizer, Tier, form
from clinigate.phi.table import RECOGNIZERS

VALUES = (
    "219-53-" + "8841", "219538841", "(415) 555-0132", "415-867-5309", "020 7946 1958",
    "zelda@mercy-clinic.org", "zoë@klinik.example", "MRN: 48209137", "mrn", "patientId=48209137",
    "dob 1961-04-05", "04/05/1961", "http://a.example/patients/4711", "8.8.4.4", "10.0.0.1",
    "1HGCM82633A004352", "00:1B:44:11:3A:B7", "4111 1111 1111 1111", "1EG4-TE5-MK73",
    "550e8400-e29b-41d4-a716-446655440000", "12 Elm Street", "Elm Street, Springfield, IL 62704",
    '"ssn": ', "ssn", "Phone", "telephone", "CLIENT", "remote", "age 93", "Zoë Müller",
    "patient_name: Zelda Quist", "IMEI 490154203237518", "DE89370400440532013000", "zip 03601",
)  # fmt: skip
JOINTS = (" ", "", "\n", "\r\n", ": ", "=", ", ", '"', "-", ".", "/", "\t", "\x0b", "x", "7", "é")
ENCODINGS = ("utf-8", "latin-1", "utf-16-le", "utf-16-be")


@st.composite
def made_texts(draw: st.DrawFn) -> bytes:
    """Texts in some encoding, cut anywhere, with bytes of any kind between."""
    pieces = draw(st.lists(st.sampled_from(VALUES) | st.sampled_from(JOINTS), max_size=14))
    data = "".join(pieces).encode(draw(st.sampled_from(ENCODINGS)), "replace")
    first = draw(st.integers(0, max(0, len(data) - 1)))
    return data[first:] + draw(st.binary(max_size=6)) + data[:first]


def everywhere(rows: tuple[Recognizer, ...], threshold: float, data: bytes) -> set[Hit]:
    """What the rows find by definition: each form tried at each place of the text."""
    found = set()
    for row in rows:
        for each in row.forms:
            group = "v" if "v" in each.exact.groupindex else 0
            for match in matches_within(each, data, 0, len(data)):
                start, end = match.span(group)
                before = match.start()
                before += bool(before) and data[before - 1 : before + 1].isalpha()
                beside = bool(row.boost) and near(data, before, end, row.context)
                score = min(1.0, each.score + (row.boost if beside else 0))
                value = text_of(data[start:end])
                if score >= threshold and each.guard(data, start, end) and row.accept(value):
                    nobody = row.placeholder(value)
                    found.add(Hit(row.id, start, end, round(score, 3), nobody))
    return found


@pytest.mark.parametrize("engine", ENGINES)
@given(data=made_texts())
@settings(max_examples=25, deadline=None)
@example(data=b"telephone 020 7946 1958")
@example(data=b"client\n8.8.4.4")
@example(data="ssn\n219538841".encode("utf-16-le"))
@example(data=b"zip\x0b03601")
def test_every_engine_finds_what_the_table_finds_by_definition(engine: str, data: bytes) -> None:
    found = set(search_for(0.8, RECOGNIZERS, engine).hits(data))
    assert found == everywhere(RECOGNIZERS, 0.8, data)


#: Fewer are compiled sooner.
SOME = RECOGNIZERS[::4]


@given(data=made_texts(), threshold=st.sampled_from([0.1, 0.4]))
@settings(max_examples=12, deadline=None)
def test_at_a_lower_threshold_too(data: bytes, threshold: float) -> None:
    found = set(search_for(threshold, SOME).hits(data))
    assert found == everywhere(SOME, threshold, data)


def row(pattern: str, score: float = 0.9, *, context: str = "") -> Recognizer:
    return Recognizer(
        "T-ROW", Letter.R, "a row of a test", Tier.CONTEXTUAL, (form(pattern, score),),
        frozenset(context.split()), severity=FlawSeverity.LOW,
    )  # fmt: skip


PATTERNS = (
    r"(?:^|[^0-9])(?P<v>\d{3})(?:$|[^0-9])",
    r"(?:^|[^0-9]) (?P<v>\d{2,4})(?:$|\D)",
    r"[^a-z](?P<v>b{1,3}\s?c)",
    r"(?P<v>ab?c)$",
    r"^(?P<v>a[\s\d]{1,3})",
    r"(?i:ab|ba)[:= ]{0,2}(?P<v>\d+c?)".replace("+", "{1,3}"),
    r"(?:(?:^|[^a-z])[aA]|[a-z]A)b(?P<v>c{1,2})(?:$|[^c])",
    r"(?:a(?P<v>b|\d)c)",
    r"\d{2}",
    r"(?:^|[^0-9])(?P<v>\d{4})(?:$|[^0-9])",
    r"(?:^|[^a-z])(?P<v>1:?2(?:[ab]?\d){2})",
    r"(?:^|[^a-c])(?P<v>[ab][a-c:]{0,4}(?:@|%)\d?)",
)


CROWD = (
    *(b"ab", b"AB", b"b", b"c", b"ca", b"bcd", b"BCD", b"bbc", b"Abcc", b"a", b"A", b"Ab"),
    *(
        b"1",
        b"12",
        b"1122",
        b"123",
        b":",
        b"@",
        b"%1",
        b".",
        b"." * 20,
        "é".encode(),
        b"\n",
        b"\v",
        b"\r",
        b" ",
    ),
)


@pytest.mark.parametrize("engine", ENGINES)
@given(
    pattern=st.sampled_from(PATTERNS),
    words=st.sampled_from(["", "ab", "ca bcd"]),
    data=st.lists(st.sampled_from(CROWD), max_size=30).map(b"".join),
)
@settings(max_examples=100, deadline=None)
@example(pattern=PATTERNS[1], words="ab", data=b"ab 12")
@example(pattern=PATTERNS[-1], words="", data=b"." * 20 + b"ab@")
@example(pattern=PATTERNS[-3], words="ca bcd", data=b"1231" + b"." * 20 + b"BCD")
@example(pattern=PATTERNS[0], words="ab", data=b"ab" + b"." * 62 + b"123")
def test_small_rows_on_crowded_texts(engine: str, pattern: str, words: str, data: bytes) -> None:
    rows = (row(pattern, 0.45 if words else 0.9, context=words),)
    assert set(search_for(0.8, rows, engine).hits(data)) == everywhere(rows, 0.8, data)


@given(
    pattern=st.sampled_from((*PATTERNS, r"(?P<v>[ab]{1,6}(?:$|c))")),
    data=st.lists(st.sampled_from(CROWD), max_size=30).map(b"".join),
    begin=st.integers(0, 40),
    width=st.integers(0, 40),
)
@settings(max_examples=300, deadline=None)
@example(pattern=r"(?P<v>[ab]{1,6}(?:$|c))", data=b"1abcabababa", begin=0, width=4)
@example(pattern=r"(?P<v>(?:a{1,6}$|a))", data=b"aaaaaaa1", begin=0, width=1)
def test_what_ends_within_a_stretch_is_found_without_what_follows(
    pattern: str, data: bytes, begin: int, width: int
) -> None:
    each, end, reached = form(pattern, 0.9), -1, min(begin + width, len(data))
    while end < reached:  # an engine's stretch goes as far as the last match that starts in it
        end = reached
        spans = [match.span() for match in matches_within(each, data, begin, end)]
        reached = max([end, *(stop for _, stop in spans)])
    assert [match.span() for match in matches_ending_within(each, data, begin, end)] == spans


@given(data=made_texts(), cut=st.integers(0, 400), width=st.integers(0, 400))
@settings(max_examples=60, deadline=None)
def test_stretches_that_abut_find_what_the_whole_does(data: bytes, cut: int, width: int) -> None:
    search = search_for(0.8)
    first, second = min(cut, len(data)), min(cut + width, len(data))
    parts = ((0, first), (first, second), (second, len(data)))
    assert {h for begin, end in parts for h in search.hits(data, begin, end)} == set(
        search.hits(data)
    )


def test_what_an_engine_refuses_is_found_the_slow_way() -> None:
    """Its automaton knows no look-ahead, RE2 none and no repetition beyond 1,000."""
    for pattern in (r"(?P<v>a(?=b))", r"(?P<v>ab{1,1001}c)"):
        for engine in ENGINES:
            hits = list(Search((row(pattern), row(r"\d{3}")), 0.8, engine).hits(b"xabc 123"))
            assert len(hits) == 2, (engine, pattern)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("before", [0, 14, 31, 79, 65_536, 65_600])
def test_the_last_byte_is_as_good_as_any(engine: str, before: int) -> None:
    """Its automaton by itself loses a match that ends there, in texts of some lengths."""
    for last in (b"ab@", b"ab@1", b"ab%"):
        data = b"." * before + last
        assert [h.end for h in Search((row(PATTERNS[-1]),), 0.8, engine).hits(data)] == [len(data)]


def test_no_rows_find_nothing() -> None:
    for engine in ENGINES:
        assert list(Search((), 0.8, engine).hits(b"ssn 219")) == []


@given(text=st.text(st.sampled_from("zë0 é\U0001f600@.\n"), max_size=20))
@settings(max_examples=50, deadline=None)
def test_spans_of_texts_count_letters_and_those_of_bytes_bytes(text: str) -> None:
    whole = f"{text} ssn 219-53-{8841} {text}"
    data = whole.encode()
    spans = [whole[h.start : h.end] for h in find(whole)]
    assert spans == [data[h.start : h.end].decode() for h in find_bytes(data)]
    assert "219-53-" + "8841" in spans


def test_a_lone_surrogate_is_no_trouble() -> None:
    assert [hit.start for hit in find("\ud800 ssn 219-53-" + "8841")] == [6]


@given(
    parts=st.lists(st.tuples(st.integers(-5, 30), st.integers(0, 12)).map(
        lambda p: (p[0], p[0] + p[1])), max_size=8),
    begin=st.integers(0, 20), width=st.integers(0, 15),
)  # fmt: skip
def test_parts_are_joined_within_bounds(
    parts: list[tuple[int, int]], begin: int, width: int
) -> None:
    got = list(joined(parts, begin, begin + width))
    places = {i for a, b in parts for i in range(a, b) if begin <= i < begin + width}
    assert [i for a, b in got for i in range(a, b)] == sorted(places)
    assert all(a < b for a, b in got)
    assert all(one[1] < two[0] for one, two in pairwise(got))


def test_required_texts_stand_in_each_match() -> None:
    assert required(r"(?:^|[^a])(?i:SSN|social)[:=]\d{4}") == {b"ssn", b"social"}
    assert required(r"\d{3}-\d{2}") == {b"-"}
    assert required(r"a?\d{2}") == frozenset()
    assert required(r"(?:ab){0,2}c") == {b"c"}


def test_expressions_mean_what_re_says() -> None:
    assert portable(r"(?P<v>\s[^\s])") == r"(?:[\t\n\x0b\x0c\r ][^\t\n\x0b\x0c\r ])"
    after, before = near_word(r"(?:^|[^\d])(?P<v>\d)(?:$|[^\d])", ("ab",), 64, 24)
    assert re.search(before.encode(), b"ab" + b"." * 62 + b"1")
    assert re.search(after.encode(), b"1" + b"." * 22 + b"AB")


def test_an_open_run_before_a_text_is_looked_for_from_its_last_character_on() -> None:
    assert trigger(r"(?:^|[^a])(?P<v>[ab][a\].]{0,9}(?:@|%40)c)$") == (
        r"(?:(?:[ab]|[a\].])(?:@|%40)c)$"
    )
    for kept in (r"(?P<v>[ab][ab]{0,9}@)", r"(?:^|[^a])(?P<v>[ab][ab]{0,9}c)"):
        assert trigger(kept) == portable(kept)


#: All forms of the table.
EVERYTHING = Plan(RECOGNIZERS, 0.0)


def test_a_plan_leaves_out_what_cannot_count() -> None:
    plan = Plan((row(r"\d", 0.3), row(r"\d", 0.45, context="ab"), row(r"\d", 0.8)), 0.8)
    assert [live.words for live in plan.live] == [("ab",), ()]
    assert len({look.expression for look in plan.looks}) == 4


@pytest.mark.parametrize(
    ("pattern", "held"),
    [
        (r"(?P<v>\d{3}-?\d{2})", True),
        (r"(?P<v>\d(?:[a-z]{0,3}\d){3})", True),
        (r"(?P<v>\d(?:[a-z]{0,4}\d){3})", False),
        (r"(?P<v>\d{4}|[a-f]{4})", False),
        (r"(?P<v>a?\d{4}|b\d{5})c", True),
        (r"(?P<v>[0-9a-f]{8})", False),
        (r"(?P<v>\d{3}(?:\d{4})?\d)", False),
        (r"(?P<v>\d{3}[^\d]?[0-9])", True),
    ],
)
def test_what_has_digits_close_together_in_each_match(pattern: str, held: bool) -> None:
    assert cluster(pattern) is held


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_each_match_of_a_form_holds_what_is_looked_for(data: st.DataObject) -> None:
    """Matches are made of the expression itself, so that no row is left out."""
    live = data.draw(st.sampled_from(EVERYTHING.live))
    match = data.draw(st.from_regex(live.form.exact, fullmatch=True))
    short = outline(live.form.pattern)
    assert short is None or re.search(short.encode(), match, re.MULTILINE)
    assert not cluster(live.form.pattern) or re.search(DIGITS.encode(), match)


@given(
    parts=st.lists(st.sampled_from(["7", "1234567", ".", "ab\n", "w" * 40, "5" * 40]), max_size=60),
    reach=st.integers(13, 90),
)
@settings(max_examples=60, deadline=None)
def test_what_is_within_reach_of_digits_is_seen_wherever_pieces_end(
    parts: list[str], reach: int
) -> None:
    automaton = pytest.importorskip("clinigate.phi.matching.automaton")
    data = "".join(parts).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(automaton, "_PIECE", 96)
        patch.setattr(automaton, "_MOST", 3)
        near = list(automaton._Digits(reach + automaton._LATE).around(data))
    assert all(one[1] < two[0] for one, two in pairwise(near))
    for match in re.finditer(f"(?=({DIGITS}))".encode(), data):
        begin, end = max(0, match.end(1) - reach), min(len(data), match.end(1) + reach)
        assert any(first <= begin and end <= last for first, last in near)


@pytest.mark.parametrize("far", [0, 1000, 20_000, 70_000])
@pytest.mark.parametrize("busy", [False, True])
def test_numbers_are_found_among_few_digits_and_among_many(far: int, busy: bool) -> None:
    number = "219-53-" + "8841"
    filler = b"12:34:56 word\n" if busy else b"some words ab\n"
    data = filler * (far // len(filler)) + f"\nssn 219538841 {number}\n".encode() + filler * 3000
    found = [data[h.start : h.end].decode() for h in find_bytes(data)]
    assert found == ["219538841", number]
