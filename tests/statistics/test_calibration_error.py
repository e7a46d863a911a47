"""Calibration error is debiased, bounded, repeatable, and silent on too few cases."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinigate.core.statistics import (
    CALIBRATION_N_TO_CERTIFY,
    CALIBRATION_N_TO_JUDGE,
    calibration_error,
)
from clinigate.errors import MissingExtraError, UsageError


def draw_cases(
    rng: np.random.Generator, n: int, *, gap: float = 0.0
) -> tuple[list[float], list[bool]]:
    """Scores that promise `gap` less than what comes true, evenly."""
    scores = rng.random(n) * (1 - gap)
    return scores.tolist(), (rng.random(n) < scores + gap).tolist()


def test_plug_in_ece_by_hand() -> None:
    scores = [0.2] * 10 + [0.7] * 30
    labels = [True] * 4 + [False] * 6 + [True] * 15 + [False] * 15
    result = calibration_error(scores, labels, confidence=0.95, seed=0)
    assert result.bins == 2
    assert result.ece == pytest.approx(0.25 * 0.2 + 0.75 * 0.2)
    variances = 0.25 * (0.4 * 0.6 / 9) + 0.75 * (0.5 * 0.5 / 29)
    assert result.debiased == pytest.approx(math.sqrt(0.04 - variances))


def test_equal_mass_bins_hold_equal_shares() -> None:
    scores = [position / 1_500 for position in range(1_500)]
    assert calibration_error(scores, [True] * 1_500, confidence=0.95, seed=0).bins == 15
    assert calibration_error(scores, [True] * 1_500, confidence=0.95, seed=0, bins=4).bins == 4


@pytest.mark.parametrize("n", [300, 1_000, 3_000])
def test_perfect_scores_show_a_plug_in_error_and_hardly_a_debiased_one(n: int) -> None:
    # a bin's gap is normal with variance mean(s (1 - s)) / (n / 15); for even scores E|gap| is
    noise = math.sqrt(2 / math.pi) * np.mean(
        [math.sqrt(s * (1 - s) * 15 / n) for s in (np.arange(15) + 0.5) / 15]
    )
    rng = np.random.default_rng(1)
    results = [calibration_error(*draw_cases(rng, n), confidence=0.95, seed=0) for _ in range(60)]
    assert np.mean([r.ece for r in results]) == pytest.approx(noise, rel=0.1)
    assert np.median([r.debiased for r in results]) < 0.6 * noise
    assert sum(r.debiased == 0.0 for r in results) > 15


def test_too_few_cases_have_no_bounds() -> None:
    rng = np.random.default_rng(2)
    for n, judged, certified in (
        (CALIBRATION_N_TO_JUDGE - 1, False, False),
        (CALIBRATION_N_TO_JUDGE, True, False),
        (CALIBRATION_N_TO_CERTIFY - 1, True, False),
        (CALIBRATION_N_TO_CERTIFY, True, True),
    ):
        result = calibration_error(*draw_cases(rng, n), confidence=0.95, seed=0)
        assert (result.low is not None, result.high is not None) == (judged, certified)


@pytest.mark.parametrize("gap", [0.02, 0.05])
def test_bounds_cover_the_true_error(gap: float) -> None:
    rng = np.random.default_rng(3)
    trials = 200
    too_low = too_high = 0
    for trial in range(trials):
        cases = draw_cases(rng, 5_000, gap=gap)
        result = calibration_error(*cases, confidence=0.95, seed=trial)
        assert result.low is not None
        assert result.high is not None
        too_low += result.high < gap
        too_high += result.low > gap
    assert too_low <= 0.05 * trials + 7
    assert too_high <= 0.05 * trials + 7


def test_well_calibrated_scores_are_certified_and_bad_ones_fail() -> None:
    rng = np.random.default_rng(4)
    certified = [
        calibration_error(*draw_cases(rng, 10_000), confidence=0.95, seed=0).high for _ in range(20)
    ]
    assert sum(high is not None and high < 0.02 for high in certified) >= 14
    bad = calibration_error(*draw_cases(rng, 5_000, gap=0.06), confidence=0.95, seed=0)
    assert bad.low is not None
    assert bad.low > 0.02


def test_certain_scores_that_all_came_true_leave_room_for_one_that_will_not() -> None:
    result = calibration_error([1.0] * 6_000, [True] * 6_000, confidence=0.95, seed=0)
    assert result.ece == result.debiased == result.low == 0.0
    assert result.high is not None
    assert 3 / 6_000 <= result.high < 10 / 6_000


def test_certain_scores_that_never_came_true_are_an_error_of_one() -> None:
    result = calibration_error([1.0] * 6_000, [False] * 6_000, confidence=0.95, seed=0)
    assert result.ece == result.debiased == 1.0
    assert result.low is not None
    assert result.low > 0.99
    assert result.high == pytest.approx(1.0)


def test_the_seed_repeats_the_bounds_and_moves_them_little() -> None:
    cases = draw_cases(np.random.default_rng(5), 6_000, gap=0.03)
    first = calibration_error(*cases, confidence=0.95, seed=1)
    assert calibration_error(*cases, confidence=0.95, seed=1) == first
    other = calibration_error(*cases, confidence=0.95, seed=2)
    assert other != first
    assert other.high == pytest.approx(first.high, rel=0.05)


@settings(deadline=None, max_examples=40)
@given(
    cases=st.lists(
        st.tuples(st.sampled_from([0.0, 0.1, 0.5, 0.9, 1.0]), st.booleans()),
        min_size=1,
        max_size=50,
    ),
    data=st.data(),
)
def test_the_order_of_cases_is_indifferent_even_among_equal_scores(
    cases: list[tuple[float, bool]], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(cases))
    first, second = (
        calibration_error([s for s, _ in c], [y for _, y in c], confidence=0.95, seed=0)
        for c in (cases, shuffled)
    )
    assert first.ece == pytest.approx(second.ece, abs=1e-12)
    assert first.debiased == pytest.approx(second.debiased, abs=1e-7)
    assert 0 <= first.ece <= 1
    assert 0 <= first.debiased <= 1


def test_without_numpy_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numpy", None)
    with pytest.raises(MissingExtraError, match=r"calibration error .*clinigate\[stats\]"):
        calibration_error([0.5], [True], confidence=0.95, seed=0)


@pytest.mark.parametrize(
    ("arguments", "options", "named"),
    [
        (([], []), {}, "scores is empty"),
        (([0.5], []), {}, "labels has 0 items and scores has 1"),
        (([1.5], [True]), {}, r"scores\[0\] is 1.5"),
        (([math.nan], [True]), {}, r"scores\[0\] is nan"),
        (([0.5], [None]), {}, r"labels\[0\] is None"),
        (([0.5], [True]), {"bins": 1}, "bins is 1"),
        (([0.5], [True]), {"seed": -1}, "seed is -1"),
        (([0.5], [True]), {"confidence": 1.0}, "confidence is 1.0"),
    ],
)
def test_bad_arguments_are_named(
    arguments: tuple[Any, ...], options: dict[str, Any], named: str
) -> None:
    with pytest.raises(UsageError, match=named):
        calibration_error(*arguments, **{"confidence": 0.95, "seed": 0, **options})
