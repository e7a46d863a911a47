"""Paired comparison: exact tests agree with scipy, bounds hold, and a core counts once."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinigate.core.statistics.paired import (
    holm_rejects,
    mcnemar_exact,
    paired_loss,
    paired_loss_need_n,
    paired_ratio_bounds,
)
from clinigate.errors import UsageError

Pair = tuple[int, bool, bool]
PAIRS = st.lists(st.tuples(st.integers(0, 30), st.booleans(), st.booleans()), min_size=1)


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemars_p_is_the_binomial_one(worse: int, better: int) -> None:
    from scipy.stats import binomtest

    wanted = 1.0
    if worse + better:
        wanted = binomtest(worse, worse + better, 0.5, alternative="greater").pvalue
    assert mcnemar_exact(worse, better) == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize(
    ("better", "worse", "p"), [(0, 5, 0.031), (1, 8, 0.020), (2, 10, 0.019), (10, 25, 0.008)]
)
def test_mcnemars_p_of_the_published_table(better: int, worse: int, p: float) -> None:
    assert mcnemar_exact(worse, better) == pytest.approx(p, abs=5e-4)


def test_one_case_a_core_is_the_plain_count() -> None:
    pairs = [(i, True, False) for i in range(3)] + [(i, False, True) for i in range(3, 5)]
    pairs += [(i, True, True) for i in range(5, 200)]
    found = paired_loss(pairs, 0.95)
    assert (found.n, found.cases, found.lost, found.gained) == (200, 200, 3, 2)
    assert (found.worse, found.better) == (3, 2)
    assert found.value == pytest.approx(1 / 200)
    assert found.low < found.value < found.high


def test_variants_of_a_core_are_no_further_evidence() -> None:
    """Sixty cores with ten variants each bound a loss as sixty cases do."""
    alone = paired_loss([(i, True, True) for i in range(60)], 0.95)
    many = paired_loss([(i, True, True) for i in range(60) for _ in range(10)], 0.95)
    assert many.cases == 600
    assert (many.n, many.low, many.high) == (alone.n, alone.low, alone.high)
    assert many.high == pytest.approx(1 - 0.05 ** (1 / 60))


@given(PAIRS)
@settings(max_examples=60)
def test_the_bounds_hold_the_value_and_mirror(pairs: list[Pair]) -> None:
    found = paired_loss(pairs, 0.95)
    back = paired_loss([(core, now, before) for core, before, now in pairs], 0.95)
    assert -1.0 <= found.low <= found.value + 1e-12
    assert found.value <= found.high + 1e-12 <= 1.0 + 1e-12
    assert (back.value, back.low, back.high) == pytest.approx(
        (-found.value, -found.high, -found.low)
    )


def test_a_loss_at_the_margin_is_rarely_certified_whatever_the_clusters() -> None:
    """True loss .05, margin .05, cores of five variants that are lost together or by themselves."""
    rng = random.Random(3)
    for together in (True, False):
        certified = 0
        for _ in range(200):
            pairs: list[Pair] = []
            for core in range(150):
                whole = rng.random() < 0.05
                for _ in range(5):
                    lost = whole if together else rng.random() < 0.05
                    pairs.append((core, True, not lost))
            certified += paired_loss(pairs, 0.95).high < 0.05
        assert certified <= 0.05 * 200 + 8


def test_how_many_cores_show_that_nothing_is_lost() -> None:
    for margin in (0.01, 0.02, 0.05):
        n = paired_loss_need_n(margin, 0.95)
        assert paired_loss([(i, True, True) for i in range(n)], 0.95).high < margin
        assert paired_loss([(i, True, True) for i in range(n - 1)], 0.95).high >= margin


def test_holm_keeps_the_error_of_all_together() -> None:
    assert holm_rejects([0.01, 0.04, 0.03], 0.05) == (True, False, False)
    assert holm_rejects([0.01, 0.02, 0.04], 0.05) == (True, True, True)
    assert holm_rejects([0.06], 0.05) == (False,)
    assert holm_rejects([], 0.05) == ()


def test_the_ratio_is_that_of_pairs_and_the_hosts_delay_excuses_alone_the_lower_bound() -> None:
    before, now = [0.1] * 40, [0.2] * 40
    assert paired_ratio_bounds(before, now, least=0.05, delay=0.0, confidence=0.95) == (
        pytest.approx((2.0, 2.0, 2.0))
    )
    value, low, high = paired_ratio_bounds(before, now, least=0.05, delay=0.1, confidence=0.95)
    assert (value, low, high) == pytest.approx((2.0, 1.0, 2.0))
    fast = paired_ratio_bounds([0.001] * 40, [0.04] * 40, least=0.05, delay=0.0, confidence=0.95)
    assert fast[0] == 1.0


@pytest.mark.parametrize(
    "call",
    [
        lambda: paired_loss([], 0.95),
        lambda: paired_loss([(1, True, True)], 0.4),
        lambda: mcnemar_exact(-1, 2),
        lambda: paired_ratio_bounds([1.0], [1.0, 2.0], least=0.1, delay=0.0, confidence=0.95),
        lambda: paired_ratio_bounds([1.0], [1.0], least=0.0, delay=0.0, confidence=0.95),
    ],
)
def test_what_cannot_be_meant_is_refused(call) -> None:
    with pytest.raises(UsageError):
        call()
