"""Disguises are undone, and what an utterance is wrapped in does not hide it."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.reference.engine.bayes import NaiveBayes, features
from clinigate.reference.engine.nearest import NearestIndex
from clinigate.reference.engine.text import GRAM, grams, skeleton, words

UTTERANCES = [
    "I keep thinking about killing myself",
    "This queue is killing me",
    "Finally passed my driving test",
    "My chest is crushing and my left arm is numb",
]


@pytest.mark.parametrize(
    "disguise",
    [
        "i KEEP thinking ABOUT killing MYSELF",
        "i k e e p thinking about k i l l i n g myself ...",
        "1 k33p 7h1nk1ng 4b0u7 k1ll1ng my53lf",
        "I keep thinking abt killing mself",
        "I kéép thínking about killing mysélf 🌙",
        "I keep thinking about unaliving myself",
        "I-keep-thinking-about-killing-myself",
        "Ｉ ｋｅｅｐ thinking about killing myself",
    ],
)
def test_one_utterance_has_one_skeleton(disguise: str) -> None:
    assert skeleton(disguise) == skeleton(UTTERANCES[0])


def test_an_apostrophe_may_be_typed_in_two_ways() -> None:
    assert words("I don’t, can't") == words("I don't, can’t") == ["i", "don't", "can't"]


@given(st.text())
def test_a_skeleton_is_letters_alone(text: str) -> None:
    letters = skeleton(text)
    assert letters == "" or (letters.isascii() and letters.isalpha() and letters.islower())
    assert all(len(gram) == GRAM for gram in grams(text))


@given(
    position=st.integers(0, len(UTTERANCES) - 1),
    before=st.sampled_from(["", "Hola. ", "Sorry to bother you. ", "🌙 "]),
    after=st.sampled_from(["", " Gracias.", " …", " xx"]),
)
def test_the_nearest_utterance_is_the_one_that_is_contained(
    position: int, before: str, after: str
) -> None:
    index = NearestIndex(UTTERANCES)
    best = index.search(before + UTTERANCES[position] + after)[0]
    assert best.position == position
    assert best.coverage == 1.0
    assert best.score == pytest.approx(best.weight)


def test_what_shares_nothing_is_near_nothing() -> None:
    assert NearestIndex(UTTERANCES).search("🌙") == []
    assert NearestIndex(UTTERANCES).search("zzz qqq xxx") == []


def test_bayes_agrees_with_a_count_by_hand() -> None:
    model = NaiveBayes([("good good day", "a"), ("bad day", "b")])
    # Features of class a: good 2, day 1, "good good" 1, "good day" 1: 5; of class b: 3; 6 kinds.
    # The vocabulary is good, day, bad, "good good", "good day", "bad day".
    a, b = 3 / (5 + 6), 1 / (3 + 6)
    assert model.probabilities("good")["a"] == pytest.approx(a / (a + b))


@given(st.text(alphabet="abdgo ", max_size=40))
def test_probabilities_sum_to_one(text: str) -> None:
    model = NaiveBayes([("good good day", "a"), ("bad day", "b"), ("odd dog", "c")])
    shares = model.probabilities(text)
    assert set(shares) == {"a", "b", "c"}
    assert math.isclose(math.fsum(shares.values()), 1.0)


def test_words_never_seen_say_nothing() -> None:
    shares = NaiveBayes([("good", "a"), ("bad", "b")]).probabilities("unheard of")
    assert shares == {"a": 0.5, "b": 0.5}


def test_features_are_words_and_pairs() -> None:
    assert features("A good day") == ["a", "good", "day", "a good", "good day"]
