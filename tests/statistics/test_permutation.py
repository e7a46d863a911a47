"""Exchanging groups tells bias from chance, and says how large a gap chance alone shows."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.core.statistics import expected_max_difference, paired_parity
from clinigate.core.statistics.permutation import (
    PairedTable,
    paired_permutation,
    unpaired_permutation,
)
from clinigate.errors import UsageError


def table(columns, clusters=None):
    n = len(next(iter(columns.values())))
    return PairedTable(columns, range(n) if clusters is None else clusters)


@given(st.lists(st.tuples(*[st.booleans()] * 3), min_size=1, max_size=30), st.integers(0, 99))
def test_what_was_seen_is_the_largest_difference_and_p_is_a_probability(rows, seed):
    columns = dict(zip("abc", map(list, zip(*rows, strict=True)), strict=True))
    found = paired_permutation([table(columns)], seed=seed, draws=50)
    assert found.difference == pytest.approx(paired_parity(columns, 0.95).difference)
    assert 0 < found.p <= 1
    assert found.expected >= 0


def test_two_groups_agree_with_the_sign_test():
    """Of 12 discordant pairs 10 favour the first: the exact two-sided p is 0.0386."""
    first = [True] * 10 + [False] * 2 + [True] * 30
    second = [False] * 10 + [True] * 2 + [True] * 30
    found = paired_permutation([table({"a": first, "b": second})], seed=1, draws=20_000)
    assert found.p == pytest.approx(0.0386, abs=0.005)


def test_all_alike_is_no_evidence():
    same = [True, False, True]
    found = paired_permutation([table({"a": same, "b": same})], seed=0)
    assert (found.difference, found.expected, found.p) == (0.0, 0.0, 1.0)


def test_one_p_speaks_of_all_attributes_at_once():
    """What is rare in one attribute is less rare as the largest of ten."""
    draw = random.Random(3)
    fair = [table({g: [draw.random() < 0.1 for _ in range(60)] for g in "abcd"}) for _ in range(10)]
    worst = max(fair, key=lambda one: paired_permutation([one], seed=0, draws=1).difference)
    alone = paired_permutation([worst], seed=0)
    together = paired_permutation(fair, seed=0)
    assert together.difference == alone.difference
    assert together.p > alone.p


def test_bases_of_one_core_are_exchanged_together():
    """Ten tellings of one statement are one piece of evidence, not ten."""
    cores = [core for core in range(6) for _ in range(10)]
    columns = {"a": [core < 5 for core in cores], "b": [core == 5 for core in cores]}
    assert paired_permutation([table(columns)], seed=0).p < 0.01
    assert paired_permutation([table(columns, cores)], seed=0).p > 0.1


def test_two_outcomes_of_the_same_bases_are_exchanged_together():
    """One uneven crisis and one uneven ordinary message: however they are exchanged, either the
    flags or the wrong answers differ by two. As two tables they would in three of four draws.
    """
    flags = {"a": [True, True], "b": [False, False]}
    wrong = {"a": [False, True], "b": [True, False]}
    apart = paired_permutation([table(flags), table(wrong)], seed=0)
    together = paired_permutation([PairedTable(flags, range(2), wrong)], seed=0)
    assert apart.p == pytest.approx(0.75, abs=0.05)
    assert together.p == 1


def test_a_fair_system_is_called_unfair_no_more_often_than_p_says():
    draw = random.Random(5)
    ps = []
    for trial in range(120):
        columns = {g: [draw.random() < 0.3 for _ in range(40)] for g in "abc"}
        ps.append(paired_permutation([table(columns)], seed=trial, draws=200).p)
    assert sum(p <= 0.05 for p in ps) <= 12
    assert 0.35 < np.mean(ps) < 0.65


def test_unpaired_expectation_is_that_of_independent_groups():
    counts = dict.fromkeys("abcd", (30, 100))
    found = unpaired_permutation([counts], seed=0, draws=5_000)
    assert found.difference == 0
    assert found.p == 1
    assert found.expected == pytest.approx(expected_max_difference(100, 0.3, 4), rel=0.05)


def test_unpaired_bias_is_evidence():
    found = unpaired_permutation([{"a": (50, 100), "b": (20, 100)}], seed=0)
    assert found.difference == pytest.approx(0.3)
    assert found.p < 0.001


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: paired_permutation([], seed=0), "tables is empty"),
        (lambda: unpaired_permutation([], seed=0), "tables is empty"),
        (lambda: paired_permutation([table({"a": [True]})], seed=0), "two or more to compare"),
        (lambda: paired_permutation([table({"a": [], "b": []})], seed=0), "has no bases"),
        (lambda: paired_permutation([table({"a": [1], "b": [1, 0]})], seed=0), "group 'b'"),
        (
            lambda: paired_permutation(
                [PairedTable({"a": [1], "b": [0]}, [1], {"a": [1], "c": [0]})], seed=0
            ),
            "different groups",
        ),
        (lambda: unpaired_permutation([{"a": (1, 0), "b": (1, 2)}], seed=0), "group 'a': cases"),
        (lambda: unpaired_permutation([{"a": (3, 2), "b": (1, 2)}], seed=0), "group 'a': events"),
        (lambda: unpaired_permutation([{"a": (1, 2), "b": (1, 2)}], seed=0, draws=0), "draws"),
    ],
)
def test_what_cannot_be_meant_is_refused(call, message):
    with pytest.raises(UsageError, match=message):
        call()
