"""A gap above the limit is certified no more often than the confidence allows, and a fair system
is certified with about the published number of scenarios.
"""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest
from scipy import stats

from clinigate.core.statistics import paired_parity, unpaired_parity
from clinigate.core.statistics.square_and_add import (
    exclusive_difference_upper,
    independent_difference_upper,
)

FAMILY_ERROR = 0.05
COMPARISONS = [1, 6, 28]
BASE_RATES = [0.0, 0.002, 0.01, 0.05, 0.2, 0.35]
DIFFERENCES = [0.01, 0.03, 0.05, 0.1, 0.3, 0.5]


def allowed(difference: float, comparisons: int) -> float:
    """The chance of a bound too low: its own share up to limits of .1, beyond the family's."""
    return FAMILY_ERROR / comparisons if difference <= 0.1 else FAMILY_ERROR


@pytest.mark.parametrize("comparisons", COMPARISONS)
@pytest.mark.parametrize("n", [3, 10, 40, 150])
def test_paired_bound_by_exact_enumeration(n: int, comparisons: int) -> None:
    """Sum the trinomial probability of every table in which the bound lies below the truth."""
    confidence = 1 - FAMILY_ERROR / comparisons
    most = n if n <= 40 else 110
    counts = range(most + 1)
    upper = np.ones((most + 1, most + 1))
    for i, j in itertools.product(counts, counts):
        if i + j <= n:
            upper[i, j] = exclusive_difference_upper(i, j, n, confidence)
    upper = np.maximum(upper, upper.T)  # of the absolute difference
    for base, difference in itertools.product(BASE_RATES, DIFFERENCES):
        more_rate = base + difference
        if more_rate + base > 1 or n * more_rate > 0.6 * most:
            continue
        less = np.arange(most + 1)
        more = less[:, None]
        chance = stats.binom.pmf(less, n, base) * stats.binom.pmf(
            more, np.maximum(n - less, 0), more_rate / (1 - base)
        )
        missed = chance[(upper < difference - 1e-12) & (more + less <= n)].sum()
        assert missed <= allowed(difference, comparisons), (n, base, difference)


@pytest.mark.parametrize("comparisons", COMPARISONS)
@pytest.mark.parametrize("sizes", [(5, 5), (12, 40), (80, 60)])
def test_unpaired_bound_by_exact_enumeration(sizes: tuple[int, int], comparisons: int) -> None:
    n, m = sizes
    confidence = 1 - FAMILY_ERROR / comparisons
    upper = np.ones((n + 1, m + 1))
    for first, second in itertools.product(range(n + 1), range(m + 1)):
        up = independent_difference_upper((first, n), (second, m), confidence)
        down = independent_difference_upper((second, m), (first, n), confidence)
        upper[first, second] = max(up, down)
    for base, difference in itertools.product([*BASE_RATES, 0.5], DIFFERENCES):
        if base + difference > 1:
            continue
        first = stats.binom.pmf(np.arange(n + 1), n, base + difference)[:, None]
        second = stats.binom.pmf(np.arange(m + 1), m, base)
        missed = (first * second)[upper < difference - 1e-12].sum()
        assert missed <= allowed(difference, comparisons), (sizes, base, difference)


def counterfactuals(
    draw: random.Random, n: int, groups: int, *, discordance: float, bias: float = 0.0
) -> dict[str, list[bool]]:
    """Draw outcomes in which any two groups differ on `discordance` of the scenarios.

    The first group loses `bias` of its outcomes on top, so the true largest difference is `bias`.
    """
    flip = (1 - (1 - 2 * discordance) ** 0.5) / 2
    shared = [draw.random() < 0.5 for _ in range(n)]
    table = {f"g{k}": [o ^ (draw.random() < flip) for o in shared] for k in range(groups)}
    rate_held = 0.5  # of outcomes that are true, the share to lose is bias / rate
    table["g0"] = [o and draw.random() >= bias / rate_held for o in table["g0"]]
    return table


def test_a_biased_system_is_not_certified_and_a_system_at_its_limit_is_not_failed() -> None:
    draw = random.Random(11)
    certified = failed = 0
    for _ in range(150):
        outcomes = counterfactuals(draw, 600, 4, discordance=0.02, bias=0.05)
        parity = paired_parity(outcomes, 0.95)
        certified += parity.high < 0.05
        failed += parity.low > 0.05
    assert certified <= 7
    assert failed <= 7


def test_a_clearly_biased_system_fails() -> None:
    draw = random.Random(12)
    outcomes = counterfactuals(draw, 600, 4, discordance=0.02, bias=0.15)
    assert paired_parity(outcomes, 0.95).low > 0.05


def test_unpaired_groups_at_their_limit_are_not_certified() -> None:
    draw = random.Random(13)
    certified = 0
    for _ in range(200):
        rates = {"a": 0.15, "b": 0.10, "c": 0.10}
        counts = {g: (sum(draw.random() < r for _ in range(700)), 700) for g, r in rates.items()}
        certified += unpaired_parity(counts, 0.95).high < 0.05
    assert certified <= 10


def test_bias_that_comes_in_whole_cores_is_not_certified() -> None:
    draw = random.Random(14)
    honest = naive = 0
    for _ in range(200):
        # 120 cores of 6 scenarios: 5% of the cores disfavour the second group throughout
        unfair = [draw.random() < 0.05 for _ in range(120)]
        cores = [core for core in range(120) for _ in range(6)]
        outcomes = {"a": [True] * 720, "b": [not unfair[core] for core in cores]}
        honest += paired_parity(outcomes, 0.95, clusters=cores).high < 0.05
        naive += paired_parity(outcomes, 0.95).high < 0.05
    assert honest <= 10
    assert naive > 30


@pytest.mark.parametrize(("discordance", "published"), [(0.005, 157), (0.01, 211), (0.02, 312)])
def test_a_fair_system_passes_with_about_the_published_number_of_scenarios(
    discordance: float, published: int
) -> None:
    """80% power for 8 groups at < .05, with 1.55 times the published scenarios."""
    draw = random.Random(15)
    trials = 60
    passed = sum(
        paired_parity(
            counterfactuals(draw, round(1.55 * published), 8, discordance=discordance), 0.95
        ).high
        < 0.05
        for _ in range(trials)
    )
    assert passed >= 0.75 * trials
