"""The random stream is SHA-256 in counter mode, the same everywhere, and draws evenly."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.scenarios import CounterPRNG

LABELS = st.lists(st.text(max_size=8) | st.integers(), max_size=4)


def test_words_are_those_of_the_published_construction():
    """Block i is SHA-256(key || i) and the key is the SHA-256 of the labels' netstrings."""
    key = hashlib.sha256(b"s4:casei7;").digest()
    blocks = b"".join(hashlib.sha256(key + i.to_bytes(8, "big")).digest() for i in range(2))
    expected = [int.from_bytes(blocks[i : i + 8], "big") for i in range(0, 64, 8)]
    stream = CounterPRNG("case", 7)
    assert [stream.u64() for _ in expected] == expected


@given(LABELS)
def test_equal_labels_give_equal_draws(labels):
    one, other = CounterPRNG(*labels), CounterPRNG(*labels)
    assert [one.u64() for _ in range(9)] == [other.u64() for _ in range(9)]


@given(LABELS, LABELS)
def test_other_labels_give_other_draws(labels, others):
    same = [(type(a), a) for a in labels] == [(type(b), b) for b in others]
    assert (CounterPRNG(*labels).u64() == CounterPRNG(*others).u64()) == same


@given(st.integers(1, 2**64), st.integers(0, 2**32))
def test_below_stays_below(limit, seed):
    assert 0 <= CounterPRNG(seed).below(limit) < limit


def test_below_reaches_every_number_about_equally_often():
    """Chi-square of 7,000 draws over 7 numbers, against the 99.99% quantile at 6 degrees (27.9)."""
    stream = CounterPRNG("even")
    counts = [0] * 7
    for _ in range(7_000):
        counts[stream.below(7)] += 1
    assert sum((count - 1_000) ** 2 / 1_000 for count in counts) < 27.9


@given(st.lists(st.integers(), max_size=12, unique=True), st.data())
def test_sample_gives_different_items(items, data):
    count = data.draw(st.integers(0, len(items)))
    drawn = CounterPRNG(data.draw(st.integers())).sample(items, count)
    assert len(set(drawn)) == count
    assert set(drawn) <= set(items)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda prng: prng.below(0), "limit must be 1"),
        (lambda prng: prng.below(2**64 + 1), "limit must be 1"),
        (lambda prng: prng.choice([]), "limit must be 1"),
        (lambda prng: prng.sample([1], 2), "count must be 0 to 1"),
        (lambda prng: prng.sample([1], -1), "count must be 0 to 1"),
    ],
)
def test_what_cannot_be_drawn_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(CounterPRNG("x"))


def test_chance_is_certain_at_one_and_never_at_zero():
    stream = CounterPRNG("chance")
    assert all(stream.chance(3, 3) for _ in range(50))
    assert not any(stream.chance(0, 3) for _ in range(50))
