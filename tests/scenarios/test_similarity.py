"""Near-copies and slot-filled cores are found, all of them, and different wordings are not."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.scenarios.similarity import (
    MAX_JACCARD,
    effective_number,
    near_copies,
    slot_fills,
)
from clinigate.scenarios.text import jaccard, shingles

WORDS = st.sampled_from(
    ["i", "want", "to", "go", "home", "now", "and", "never", "see", "anyone", "of", "them", "again"]
)
TEXTS = st.lists(st.lists(WORDS, min_size=1, max_size=9).map(" ".join), max_size=12)


@given(TEXTS)
def test_no_near_copy_is_lost_by_looking_at_the_rarest_grams_alone(texts):
    found = {(copy.one, copy.other) for copy in near_copies(texts)}
    grams = [shingles(text) for text in texts]
    pairs = combinations(range(len(texts)), 2)
    assert found == {(i, j) for i, j in pairs if jaccard(grams[i], grams[j]) > MAX_JACCARD}


def without_spans(words: list[str]) -> set[tuple[tuple[str, ...], tuple[str, ...]]]:
    return {
        (tuple(words[:start]), tuple(words[end:]))
        for start in range(len(words) + 1)
        for end in range(start, min(start + 3, len(words)) + 1)
        if end - start < len(words)
    }


@given(TEXTS)
def test_every_pair_that_differs_in_one_short_span_is_found_once(texts):
    found = [(copy.one, copy.other) for copy in slot_fills(texts)]
    frames = [without_spans(text.split()) for text in texts]
    pairs = combinations(range(len(texts)), 2)
    assert sorted(found) == [(i, j) for i, j in pairs if frames[i] & frames[j]]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("My sister left and I want to die", "My job is gone and I want to die"),
        ("I lost my husband and nothing is left", "I lost my house and nothing is left"),
        ("Tonight I will end it", "Very soon I will end it"),
        ("I will end it tonight", "I will end it"),
    ],
)
def test_slots_filled_differently_are_one_core(one, other):
    (copy,) = slot_fills([one, other])
    assert (copy.one, copy.other) == (0, 1)


def test_other_words_for_the_same_are_another_core():
    texts = [
        "I keep thinking that I want to die",
        "Every night I pray that morning does not come for me",
        "The will is signed, the cat has a new home, I am ready",
    ]
    assert list(near_copies(texts)) == []
    assert list(slot_fills(texts)) == []


def test_effective_number_counts_copies_once():
    different = ["abcdefgh", "ijklmnop", "qrstuvwx"]
    assert effective_number([]) == 0
    assert effective_number(different) == pytest.approx(3)
    assert effective_number(["abcdefgh"] * 5) == pytest.approx(1)
    assert 1 < effective_number([*different, "abcdefgh"]) < 4
