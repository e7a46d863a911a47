"""The lists are what their script makes: folded, sorted, without doubles; look-ups fold too."""

from __future__ import annotations

from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.phi.names.candidates import windows
from clinigate.phi.names.lexicon import clinical, closed, lexicon
from clinigate.phi.names.text import fold


@pytest.mark.parametrize("name", ["given", "family", "places", "lands", "plain"])
def test_a_list_is_folded_sorted_and_has_no_doubles(name: str) -> None:
    text = files("clinigate.phi.names").joinpath("data", f"{name}.txt").read_text("utf-8")
    entries = text.splitlines()
    assert entries == sorted(set(entries))
    assert all(fold(entry) == entry for entry in entries)


@pytest.mark.parametrize(
    ("word", "kinds"),
    [("maria", "gf"), ("dayton", "fp"), ("norway", "l"), ("metformin", "m"), ("table", "c")],
)
def test_a_word_is_known_as_what_it_may_be(word: str, kinds: str) -> None:
    assert set(kinds) <= set(lexicon().kinds(word))


def test_places_of_several_words_are_known_as_one() -> None:
    words = ["near", "san", "francisco", "today"]
    assert [lexicon().phrase_at(words, at) for at in range(4)] == [0, 2, 0, 0]


def test_hidden_entries_are_gone_and_words_of_medicine_stay() -> None:
    less = lexicon().without(lambda _entry: True)
    gone = (less.given, less.family, less.places, less.lands, less.phrases)
    assert not any(gone)
    assert less.medical == lexicon().medical


@pytest.mark.parametrize("word", ["patients", "loading", "stopped", "carefully"])
def test_what_is_derived_from_a_plain_word_is_plain(word: str) -> None:
    assert lexicon().is_plain(word)


def test_sections_hold_their_entries() -> None:
    assert "foley catheter" in clinical()["devices"]
    assert "mrs" in closed("titles")


@given(st.text(max_size=40))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_lines_that_hold_no_name_are_not_looked_at() -> None:
    line = b"2026-01-01 10:00:00 INFO [app.views] GET /healthz 200 1.2ms\n"
    data = line * 50 + b"seen by Maria Delgado\n" + line * 50
    ((start, end),) = windows(data)
    assert b"Maria Delgado" in data[start:end]
    assert end - start < 6 * len(line)


@given(st.binary(max_size=400))
def test_windows_are_in_order_and_apart(data: bytes) -> None:
    at = -1
    for start, end in windows(data):
        assert at < start < end <= len(data)
        at = end
