"""Only what a file states is compared with what runs, and by its worth."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.platform.comparison import differences


@pytest.mark.parametrize(
    ("stated", "live", "paths"),
    [
        ({"a": "1000m"}, {"a": 1}, []),
        ({"limits": {"memory": "1Gi"}}, {"limits": {"memory": str(2**30)}}, []),
        ({"a": 8080}, {"a": "8080"}, []),
        ({"a": {}, "b": [], "c": None}, {}, []),
        ({"a": True}, {"a": 1}, [("a",)]),
        ({"a": "x"}, {"a": "y"}, [("a",)]),
        ({"a": {"b": 1}}, {"a": [1]}, [("a",)]),
        ({"a": [1, 2]}, {"a": [1]}, [("a",)]),
        ({"a": [{"name": "x", "v": 1}]}, {"a": [{"name": "y"}, {"name": "x", "v": 1}]}, [("a",)]),
        ({"a": [{"name": "x", "v": 1}]}, {"a": [{"name": "x", "v": 2, "w": 3}]}, [("a", 0, "v")]),
        ({"status": {"x": 1}, "metadata": {"uid": "1"}}, {"metadata": {"uid": "2"}}, []),
        (
            {"env": [{"name": "V", "value": "1.0"}]},
            {"env": [{"name": "V", "value": "1"}]},
            [("env", 0, "value")],
        ),
        ({"a": 1}, {"a": 1, "filled": "in"}, []),
    ],
)
def test_only_what_is_stated_is_compared_and_by_its_worth(
    stated: dict[str, Any], live: dict[str, Any], paths: list[tuple[str | int, ...]]
) -> None:
    assert [each.path for each in differences(stated, live)] == paths


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(0, 99) | st.text("abc", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("xyz", max_size=2), inner),
    max_leaves=10,
)


@given(st.dictionaries(st.text("xyz", max_size=2), PLAIN))
def test_what_is_the_same_has_not_drifted_whatever_the_cluster_adds(stated: dict[str, Any]) -> None:
    assert list(differences(stated, stated)) == []
    assert list(differences(stated, {**stated, "added": {"by": "the API"}})) == []


@given(st.dictionaries(st.text("xyz", max_size=2), PLAIN, min_size=1), st.data())
def test_what_is_gone_has_drifted_unless_it_said_nothing(
    stated: dict[str, Any], data: st.DataObject
) -> None:
    gone = data.draw(st.sampled_from(sorted(stated)))
    live = {key: value for key, value in stated.items() if key != gone}
    expected = [] if stated[gone] in (None, {}, []) else [(gone,)]
    assert [each.path for each in differences(stated, live)] == expected
