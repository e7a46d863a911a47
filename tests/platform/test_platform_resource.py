"""Fields that are absent are walked on; fields of a wrong kind make a resource unjudged."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.platform.judge import judge
from clinigate.platform.load import Text, load
from clinigate.platform.manifests import Manifests
from clinigate.platform.quantities import amount, share_of, try_amount
from clinigate.platform.resource import Field, ManifestShapeError, Resource
from clinigate.platform.rules import load_rules
from clinigate.platform.selectors import is_everything, selects


def resource(text: str) -> Resource:
    (found,) = load([Text("a.yaml", text.encode(), True)]).resources
    return found


def field(value: object) -> Field:
    return resource("{apiVersion: v1, kind: X, metadata: {name: a}}").root.__class__(
        resource("{apiVersion: v1, kind: X, metadata: {name: a}}"), ("spec",), value
    )


def test_absent_and_null_fields_are_walked_on() -> None:
    made = resource("apiVersion: v1\nkind: X\nmetadata: {name: a}\nspec: {x: null}\n")
    nothing = made["spec"]["x"]["y"]["z"]
    assert not nothing.exists
    assert (nothing.text, nothing.flag, nothing.integer, nothing.scalar) == (None,) * 4
    assert (list(nothing), list(nothing.entries), nothing.texts) == ([], [], {})


@pytest.mark.parametrize(
    ("value", "ask"),
    [
        ("text", lambda it: it["x"]),
        ([1], lambda it: it["x"]),
        ({}, list),
        (1, lambda it: it.text),
        (True, lambda it: it.integer),
        ("1", lambda it: it.integer),
        (1.5, lambda it: it.integer),
        ("true", lambda it: it.flag),
        (True, lambda it: it.scalar),
        ([], lambda it: it.scalar),
        ({"a": 1}, lambda it: it.texts),
        ("a lot", amount),
        ("half", lambda it: share_of(it, 2)),
        (True, lambda it: share_of(it, 2)),
    ],
)
def test_a_wrong_kind_is_said_with_its_place_and_never_its_value(value: object, ask: Any) -> None:
    with pytest.raises(ManifestShapeError, match=r"a\.yaml:1 \(X a spec") as error:
        ask(field(value))
    assert "a lot" not in str(error.value)


def test_a_malformed_workload_is_no_good_one_and_the_others_are_judged() -> None:
    text = "".join(
        f"---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: n}}\n"
        f"spec: {{replicas: {replicas}, template: {{spec: {{containers: [{{name: c}}]}}}}}}\n"
        for name, replicas in (("a", "'$REPLICAS'"), ("b", 1))
    )
    resources = load([Text("a.yaml", text.encode(), True)]).resources
    scan = judge(Manifests(resources), load_rules().rules)["platform.disruption"]
    assert [each.unit for each in scan.excluded] == ["Deployment n/a"]
    assert "a whole number is wanted, found text" in scan.excluded[0].reason
    assert any("Deployment n/b: it is kept at one pod" in each.message for each in scan.findings)


def test_names_stand_for_list_items_so_that_order_does_not_change_a_finding() -> None:
    made = resource(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n"
        "spec: {containers: [{name: x}, {image: y}]}\n"
    )
    first, second = made["spec"]["containers"]
    assert first["image"].place.symbol == "Pod a spec.containers[x].image"
    assert second.place.symbol == "Pod a spec.containers[1]"


@pytest.mark.parametrize(
    ("selector", "labels", "expected"),
    [
        (None, {"a": "1"}, False),
        ({}, {}, True),
        ({"matchLabels": {"a": "1"}}, {"a": "1", "b": "2"}, True),
        ({"matchLabels": {"a": "1"}}, {"a": "2"}, False),
        ({"matchExpressions": [{"key": "a", "operator": "In", "values": ["1"]}]}, {"a": "1"}, True),
        ({"matchExpressions": [{"key": "a", "operator": "NotIn", "values": ["1"]}]}, {}, True),
        ({"matchExpressions": [{"key": "a", "operator": "Exists"}]}, {"b": ""}, False),
        ({"matchExpressions": [{"key": "a", "operator": "DoesNotExist"}]}, {"b": ""}, True),
        (
            {"matchLabels": {"b": "2"}, "matchExpressions": [{"key": "a", "operator": "Exists"}]},
            {"b": "2"},
            False,
        ),
    ],
)
def test_selectors_select_as_the_api_does(
    selector: object, labels: dict[str, str], expected: bool
) -> None:
    assert selects(field(selector), labels) is expected


def test_an_empty_selector_is_everything_and_an_unknown_operator_is_refused() -> None:
    assert is_everything(field({"matchLabels": {}}))
    assert not is_everything(field(None))
    with pytest.raises(ManifestShapeError, match="operator is none of"):
        selects(field({"matchExpressions": [{"key": "a", "operator": "Like"}]}), {})


@pytest.mark.parametrize(
    ("text", "worth"),
    [
        ("500m", Fraction(1, 2)), ("1", 1), (2, 2), ("1Gi", 2**30), ("1.5Gi", 3 * 2**29),
        ("2e3", 2000), ("1E", 10**18), ("1Ki", 1024), ("100k", 100_000), ("1n", Fraction(1, 10**9)),
        ("1GiB", None), ("", None), ("-", None), (True, None), (None, None), ("1e999", None),
    ],
)  # fmt: skip
def test_amounts_are_worth_what_the_api_says(text: object, worth: object) -> None:
    if text == "1e999":
        assert try_amount(text) == Fraction(10) ** 999
    else:
        assert try_amount(text) == worth


@given(st.integers(0, 10**6), st.sampled_from(["", "m", "k", "Ki", "Mi", "Gi"]))
def test_an_amount_grows_with_its_number(number: int, suffix: str) -> None:
    lower, higher = try_amount(f"{number}{suffix}"), try_amount(f"{number + 1}{suffix}")
    assert lower is not None
    assert higher is not None
    assert lower < higher


@given(st.integers(1, 500), st.integers(0, 100))
def test_percentages_are_rounded_up_and_stay_within(pods: int, percent: int) -> None:
    share = share_of(field(f"{percent}%"), pods)
    assert share is not None
    assert percent * pods <= share * 100 < percent * pods + 100
    assert share <= pods
