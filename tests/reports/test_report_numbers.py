"""Printed numbers: rounding never makes a result look better than it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.core.criterion import Relation
from clinigate.reports.numbers import NONE, Ruler, count, percent

RELATIONS = st.sampled_from(list(Relation))
SHARES = st.floats(0, 1)
LIMITS = st.sampled_from([0.001, 0.02, 0.03, 0.05, 0.1, 0.9, 0.95, 0.999])


def number(text: str) -> float:
    return float(text.lstrip("≤≥ ").replace(",", "").removesuffix(" ms"))


@pytest.mark.parametrize(
    ("ruler", "estimate", "bound", "limit"),
    [
        (Ruler(Relation.BELOW, 0.001), "0.00000", "≤ 0.00094", "< 0.001"),
        (Ruler(Relation.BELOW, 0.1), "0.0000", "≤ 0.0010", "< 0.1"),
        (Ruler(Relation.ABOVE, 4.0, "points"), "0.00", "≤ 0.01", "> 4"),
        (Ruler(Relation.BELOW, 0.1, "s"), "0 ms", "≤ 1 ms", "< 100 ms"),
        (Ruler(Relation.AT_MOST, 300.0, "s"), "0.00 s", "≤ 0.01 s", "≤ 300 s"),
        (Ruler(Relation.AT_LEAST, 100.0, "1/s"), "0.00/s", "≤ 0.01/s", "≥ 100/s"),
        (Ruler(Relation.AT_MOST, 250.0, "W"), "0.00 W", "≤ 0.01 W", "≤ 250 W"),
        (Ruler(Relation.AT_LEAST, 1.0), "0.00000", "≤ 0.00094", "≥ 1"),
    ],
)
def test_each_unit_has_its_places(ruler: Ruler, estimate: str, bound: str, limit: str) -> None:
    assert ruler.estimate(0.0) == estimate
    assert ruler.bound(0.000935, upper=True) == bound
    assert ruler.limit_text() == limit


@given(SHARES, RELATIONS, LIMITS)
def test_a_bound_is_rounded_to_the_side_that_promises_less(
    value: float, relation: Relation, limit: float
) -> None:
    ruler = Ruler(relation, limit)
    assert number(ruler.bound(value, upper=True)) >= value - 1e-12
    assert number(ruler.bound(value, upper=False)) <= value + 1e-12


@given(SHARES, RELATIONS, LIMITS)
def test_a_printed_number_keeps_the_limit_exactly_if_the_measured_one_does(
    value: float, relation: Relation, limit: float
) -> None:
    """As long as the difference shows in twelve places, which no count comes near."""
    shown = number(Ruler(relation, limit).estimate(value))
    if abs(value - limit) > 1e-11 and 1e-11 < value < 1 - 1e-11:
        assert relation.holds(shown, limit) == relation.holds(value, limit)
        assert shown not in (0.0, 1.0)


def test_one_miss_in_a_million_is_not_printed_as_none() -> None:
    assert Ruler(Relation.BELOW, 0.1).estimate(1e-6) == "0.000001"
    assert Ruler(Relation.AT_LEAST, 0.95).estimate(1 - 1e-6) == "0.999999"


def test_what_is_missing_is_a_dash() -> None:
    ruler = Ruler(Relation.BELOW, 0.1)
    assert ruler.estimate(None) == NONE
    assert ruler.bound(None, upper=True) == NONE
    assert ruler.estimate(float("nan")) == NONE


def test_counts_and_confidences() -> None:
    assert count(10012) == "10,012"
    assert percent(0.95) == "95%"
    assert percent(0.995) == "99.5%"


def test_slow_answers_are_written_in_full() -> None:
    ruler = Ruler(Relation.BELOW, 0.1, "s")
    assert ruler.estimate(2.0041) == "2,004 ms"
    assert ruler.bound(0.1000004, upper=True) == "≤ 101 ms"
    assert ruler.bound(0.0999996, upper=True) == "≤ 99.9996 ms"
