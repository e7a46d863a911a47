"""Parity compares every two groups, names the worst, and bounds the gap for all pairs at once."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinigate.core.statistics import (
    expected_max_difference,
    paired_equalized_odds,
    paired_parity,
    paired_parity_need_n,
    unpaired_equalized_odds,
    unpaired_parity,
    unpaired_parity_need_n,
    upper_bound,
)
from clinigate.errors import UsageError

TABLES = st.integers(1, 40).flatmap(
    lambda n: st.dictionaries(
        st.sampled_from(["f", "m", "x", "y"]),
        st.lists(st.booleans(), min_size=n, max_size=n).map(tuple),
        min_size=2,
    )
)
relaxed = settings(deadline=None, max_examples=60)


def unclear(outcome: Any) -> tuple[bool]:
    return (outcome,)


def same(n: int, groups: int, outcome: bool = True) -> dict[str, tuple[bool, ...]]:
    return {f"group-{number}": (outcome,) * n for number in range(groups)}


@pytest.mark.parametrize(("groups", "pairs"), [(2, 1), (4, 6), (8, 28)])
def test_no_discordant_scenario_is_an_exact_bound_and_no_certainty(groups: int, pairs: int) -> None:
    parity = paired_parity(same(400, groups), 0.95)
    assert parity.difference == 0.0
    assert parity.low == 0.0
    assert parity.high == pytest.approx(upper_bound(0, 400, 1 - 0.05 / pairs))
    assert parity.high == pytest.approx(-math.log(0.05 / pairs) / 400, rel=0.01)
    assert parity.comparisons == pairs


def test_the_worst_pair_is_named_with_the_higher_rate_first() -> None:
    n = 200
    outcomes = {
        "a": (True,) * n,
        "b": (True,) * 150 + (False,) * 50,
        "c": (True,) * 180 + (False,) * 20,
    }
    parity = paired_parity(outcomes, 0.95)
    assert parity.groups == ("a", "b")
    assert parity.difference == pytest.approx(0.25)
    assert parity.rates == {"a": 1.0, "b": 0.75, "c": 0.9}
    assert parity.discordance == pytest.approx(0.25)
    assert (parity.n, parity.clusters) == (n, n)
    assert 0.15 < parity.low < 0.25 < parity.high < 0.36


def test_discordance_that_balances_is_no_bias_but_widens_the_bound() -> None:
    n = 300
    even = {"a": (True, False) * (n // 2), "b": (False, True) * (n // 2)}
    few = {"a": (True, False) * 3 + (True,) * (n - 6), "b": (False, True) * 3 + (True,) * (n - 6)}
    assert paired_parity(even, 0.95).difference == 0.0
    assert paired_parity(even, 0.95).discordance == 1.0
    assert paired_parity(few, 0.95).high < paired_parity(even, 0.95).high


@relaxed
@given(outcomes=TABLES)
def test_the_bounds_enclose_the_difference(outcomes: dict[str, tuple[bool, ...]]) -> None:
    for parity in (
        paired_parity(outcomes, 0.95),
        unpaired_parity({name: (sum(c), len(c)) for name, c in outcomes.items()}, 0.95),
    ):
        assert 0 <= parity.low <= parity.difference + 1e-12
        assert parity.difference <= parity.high + 1e-12
        assert parity.high <= 1


@relaxed
@given(outcomes=TABLES, data=st.data())
def test_the_order_of_groups_and_of_scenarios_is_indifferent(
    outcomes: dict[str, tuple[bool, ...]], data: st.DataObject
) -> None:
    order = data.draw(st.permutations(range(len(next(iter(outcomes.values()))))))
    names = data.draw(st.permutations(list(outcomes)))
    shuffled = {name: tuple(outcomes[name][i] for i in order) for name in names}
    first, second = paired_parity(outcomes, 0.95), paired_parity(shuffled, 0.95)
    assert first.high == pytest.approx(second.high)
    assert first.low == pytest.approx(second.low)
    assert first.difference == pytest.approx(second.difference)


@relaxed
@given(outcomes=TABLES, copies=st.integers(2, 4))
def test_copies_of_a_scenario_in_one_core_change_nothing(
    outcomes: dict[str, tuple[bool, ...]], copies: int
) -> None:
    n = len(next(iter(outcomes.values())))
    repeated = {name: column * copies for name, column in outcomes.items()}
    once = paired_parity(outcomes, 0.95)
    clustered = paired_parity(repeated, 0.95, clusters=list(range(n)) * copies)
    assert clustered.n == copies * n
    assert clustered.clusters == n
    assert clustered.high == pytest.approx(once.high)
    assert clustered.low == pytest.approx(once.low)
    assert clustered.difference == pytest.approx(once.difference)


@relaxed
@given(outcomes=TABLES, data=st.data())
def test_clusters_never_narrow_the_bounds_below_the_cores_own_worst_and_best_case(
    outcomes: dict[str, tuple[bool, ...]], data: st.DataObject
) -> None:
    n = len(next(iter(outcomes.values())))
    cores = data.draw(st.lists(st.integers(0, 5), min_size=n, max_size=n))
    parity = paired_parity(outcomes, 0.95, clusters=cores)
    assert parity.clusters == len(set(cores))
    assert 0 <= parity.low <= parity.difference + 1e-12
    assert parity.difference <= parity.high + 1e-12


def test_a_core_weighs_the_same_whatever_its_number_of_scenarios() -> None:
    outcomes = {"a": (True,) * 9 + (False,), "b": (False,) * 10}
    parity = paired_parity(outcomes, 0.95, clusters=["long"] * 9 + ["short"])
    assert parity.rates == {"a": 0.5, "b": 0.0}


def test_equalized_odds_takes_the_worse_table_and_shares_its_error_over_both() -> None:
    n = 400
    fair = {"a": (True,) * n, "b": (True,) * n, "c": (True,) * n}
    unfair = {"a": (True,) * 40 + (False,) * 360, "b": (False,) * n, "c": (False,) * n}
    odds = paired_equalized_odds(fair, unfair, 0.95)
    assert odds.difference == pytest.approx(0.1)
    assert odds.worst is odds.false_positive
    assert odds.true_positive.comparisons == odds.false_positive.comparisons == 6
    assert odds.high == odds.false_positive.high > paired_parity(unfair, 0.95).high
    assert odds.low == odds.false_positive.low < paired_parity(unfair, 0.95).low
    assert odds.true_positive.high == pytest.approx(upper_bound(0, n, 1 - 0.05 / 6))


def test_equalized_odds_of_clustered_tables_counts_cores() -> None:
    table = same(10, 2)
    odds = paired_equalized_odds(
        table, table, 0.95, positive_clusters=[0] * 10, negative_clusters=list(range(10))
    )
    assert (odds.true_positive.clusters, odds.false_positive.clusters) == (1, 10)


def test_unpaired_groups_of_different_size() -> None:
    parity = unpaired_parity({"a": (5, 500), "b": (60, 600)}, 0.95)
    assert parity.groups == ("b", "a")
    assert parity.difference == pytest.approx(0.09)
    assert 0.06 < parity.low < 0.09 < parity.high < 0.12
    assert (parity.n, parity.discordance) == (500, None)
    odds = unpaired_equalized_odds(
        {"a": (5, 500), "b": (60, 600)}, {"a": (0, 9), "b": (0, 9)}, 0.95
    )
    assert odds.true_positive.high > parity.high
    assert odds.high == odds.false_positive.high


def test_unpaired_zero_events_leave_room_for_a_difference() -> None:
    assert unpaired_parity({"a": (0, 100), "b": (0, 100)}, 0.95).high == pytest.approx(
        upper_bound(0, 100, 0.95)
    )


@pytest.mark.parametrize(
    ("groups", "n", "rate", "expected"),
    [
        (2, 500, 0.5, 0.025),
        (4, 500, 0.5, 0.046),
        (4, 1_000, 0.5, 0.032),
        (8, 500, 0.5, 0.064),
        (8, 1_000, 0.5, 0.045),
        (8, 2_500, 0.5, 0.029),
    ],
)
def test_the_difference_that_a_fair_system_shows(
    groups: int, n: int, rate: float, expected: float
) -> None:
    assert expected_max_difference(n, rate, groups) == pytest.approx(expected, abs=6e-4)


def test_the_expected_difference_of_two_small_groups_is_exact() -> None:
    # two fair coins of one toss each differ half of the time
    assert expected_max_difference(1, 0.5, 2) == pytest.approx(0.5)
    assert expected_max_difference(10, 0.0, 3) == expected_max_difference(10, 1.0, 3) == 0.0
    assert expected_max_difference(400, 0.003, 5) == pytest.approx(
        expected_max_difference(400, 0.997, 5)
    )


# Base scenarios for 8 groups to pass < .05 and < .03 with 80% power, true difference 0
SCENARIOS_NEEDED = [
    (0.005, 157, 312),
    (0.01, 211, 459),
    (0.02, 312, 742),
    (0.05, 612, 1_754),
    (0.10, 1_197, 3_112),
]


@pytest.mark.parametrize(("discordance", "below_5", "below_3"), SCENARIOS_NEEDED)
def test_paired_plans_stay_near_the_published_sizes(
    discordance: float, below_5: int, below_3: int
) -> None:
    for limit, published in ((0.05, below_5), (0.03, below_3)):
        planned = paired_parity_need_n(limit, 8, discordance, 0.95)
        assert 0.9 * published <= planned <= 1.5 * published


@pytest.mark.parametrize(
    ("rate", "groups", "below_5", "below_3"),
    [
        (0.5, 2, 2_219, 5_907),
        (0.5, 4, 4_466, 11_887),
        (0.5, 8, 6_794, 18_081),
        (0.05, 2, 412, 1_267),
        (0.05, 4, 832, 2_552),
        (0.05, 8, 1_267, 3_376),
    ],
)
def test_unpaired_plans_stay_near_the_published_sizes(
    rate: float, groups: int, below_5: int, below_3: int
) -> None:
    for limit, published in ((0.05, below_5), (0.03, below_3)):
        planned = unpaired_parity_need_n(limit, groups, rate, 0.95)
        assert 0.8 * published <= planned <= 1.1 * published


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: paired_parity({}, 0.95), "two or more"),
        (lambda: paired_parity({"a": (True,)}, 0.95), r"groups are \['a'\]"),
        (lambda: paired_parity({"a": (), "b": ()}, 0.95), "group 'a' has no outcomes"),
        (
            lambda: paired_parity({"a": (True,), "b": (True, False)}, 0.95),
            "group 'b' has 2 items and group 'a' has 1",
        ),
        (
            lambda: paired_parity({"a": (True,), "b": unclear(None)}, 0.95),
            "outcome 0 of group 'b' is None",
        ),
        (
            lambda: paired_parity({"a": (True,), "b": unclear(math.nan)}, 0.95),
            "outcome 0 of group 'b' is nan",
        ),
        (lambda: paired_parity(same(3, 2), 0.95, clusters=[1]), "clusters has 1 items"),
        (lambda: paired_parity(same(3, 2), 0.4), "confidence is 0.4"),
        (lambda: unpaired_parity({"a": (0, 0), "b": (1, 2)}, 0.95), r"counts\['a'\] cases is 0"),
        (lambda: unpaired_parity({"a": (0, 1), "b": (3, 2)}, 0.95), r"counts\['b'\] events is 3"),
        (lambda: unpaired_parity({"a": (0, 1)}, 0.95), "two or more"),
        (lambda: expected_max_difference(0, 0.5, 2), "n is 0"),
        (lambda: expected_max_difference(5, 1.5, 2), "rate is 1.5"),
        (lambda: expected_max_difference(5, 0.5, 1), "groups is 1"),
        (lambda: paired_parity_need_n(0.0, 2, 0.1, 0.95), "limit is 0.0"),
        (lambda: paired_parity_need_n(0.1, 2, 1.1, 0.95), "discordance is 1.1"),
        (lambda: paired_parity_need_n(0.1, 2, 0.1, 0.95, power=1.0), "power is 1.0"),
        (lambda: unpaired_parity_need_n(0.1, 1, 0.1, 0.95), "groups is 1"),
        (lambda: unpaired_parity_need_n(0.1, 2, -0.1, 0.95), "rate is -0.1"),
    ],
)
def test_bad_arguments_are_named(call: Callable[[], object], named: str) -> None:
    with pytest.raises(UsageError, match=named):
        call()
