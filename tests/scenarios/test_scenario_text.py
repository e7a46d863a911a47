"""The normal form is what a text says, whatever its case, punctuation or emoji."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.scenarios.text import jaccard, negations, normalise, shingles, word_count


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("I can't  GO on…", "i cant go on"),
        ("I can’t go on", "i cant go on"),
        ("  --  ", ""),
        ("💭🌙", ""),
        ("self-harm", "self harm"),
        ("Straße ﬁt", "strasse fit"),
        ("Zoë & Åsa", "zoë åsa"),
        ("no_thing", "no thing"),
    ],
)
def test_normal_form(text, form):
    assert normalise(text) == form
    assert word_count(text) == len(form.split())


@given(st.text(alphabet="abcXYZ '’!é", max_size=30))
def test_normalising_twice_changes_nothing(text):
    assert normalise(normalise(text)) == normalise(text)


def test_negations_are_found_however_they_are_written():
    assert negations("I don't, DONT and can’t; nobody. Knot a note.") == (
        *("dont", "dont", "cant", "nobody"),
    )


@given(st.text(max_size=20), st.text(max_size=20))
def test_jaccard_is_symmetric_and_within_bounds(one, other):
    a, b = shingles(one), shingles(other)
    assert jaccard(a, b) == jaccard(b, a)
    assert 0.0 <= jaccard(a, b) <= 1.0
    assert jaccard(a, a) == 1.0


def test_jaccard_of_nothing_is_zero():
    assert jaccard(frozenset(), frozenset()) == 0.0


def test_shingles_of_a_short_text_are_the_text():
    assert shingles("Hi!") == {"hi"}
    assert shingles("abcdef") == {"abcde", "bcdef"}
