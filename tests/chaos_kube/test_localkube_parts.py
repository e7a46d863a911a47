"""Selectors and patches of localkube, by themselves."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.chaos.drivers.kubernetes_api import KubeAccess
from clinigate.chaos.localkube import running_localkube
from clinigate.chaos.localkube.patching import apply_patch, json_patch, merge_patch, strategic_merge
from clinigate.chaos.localkube.paths import parse_path, verb_of
from clinigate.chaos.localkube.selectors import field_selector, label_selector, matches
from clinigate.chaos.localkube.status import StatusError
from clinigate.errors import MissingExtraError

WORDS = st.text("abc-", min_size=1, max_size=4).map(lambda text: f"x{text}x")
LABELS = st.dictionaries(WORDS, WORDS, max_size=4)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)


def labelled(labels: dict[str, str]) -> dict[str, Any]:
    return {"metadata": {"labels": labels}}


@given(LABELS, LABELS)
def test_equality_selects_exactly_what_carries_all_labels(
    wanted: dict[str, str], labels: dict[str, str]
) -> None:
    text = ",".join(f"{key}={value}" for key, value in wanted.items())
    expected = wanted.items() <= labels.items()
    assert label_selector(text)(labelled(labels)) is expected
    assert matches({"matchLabels": wanted}, labels) is expected


@pytest.mark.parametrize(
    ("text", "labels", "selected"),
    [
        ("app!=api", {"app": "api"}, False),
        ("app!=api", {}, True),
        ("app notin (api, db)", {"app": "web"}, True),
        ("app", {"app": ""}, True),
        ("!app", {"app": ""}, False),
        ("app in (api)", {"app": "db"}, False),
        ("", {}, True),
    ],
)
def test_each_form_of_a_requirement(text: str, labels: dict[str, str], selected: bool) -> None:
    assert label_selector(text)(labelled(labels)) is selected


@pytest.mark.parametrize("text", ["a=b=c", "app in api", ",", "a=b,", "=x", "a b"])
def test_what_is_no_selector_is_refused(text: str) -> None:
    with pytest.raises(StatusError):
        label_selector(text)


def test_no_selector_selects_nothing_and_an_empty_one_everything() -> None:
    assert not matches(None, {"app": "api"})
    assert matches({}, {"app": "api"})


def test_fields_are_compared_by_their_path() -> None:
    pod = {"metadata": {"name": "api-1"}, "status": {"phase": "Running"}}
    assert field_selector("metadata.name=api-1,status.phase!=Failed")(pod)
    assert not field_selector("status.phase=Failed")(pod)
    with pytest.raises(StatusError):
        field_selector("metadata.name")


@given(JSON)
def test_merging_a_document_into_itself_changes_nothing(document: Any) -> None:
    once = merge_patch(None, document)
    assert merge_patch(once, document) == once


def test_a_merge_patch_removes_by_null() -> None:
    assert merge_patch({"a": 1, "b": {"c": 2}}, {"b": {"c": None}}) == {"a": 1, "b": {}}


def test_a_strategic_patch_joins_containers_by_name_and_conditions_by_type() -> None:
    pod = {
        "containers": [{"name": "a", "image": "1", "env": [{"name": "X", "value": "1"}]}],
        "conditions": [{"type": "Ready", "status": "True"}],
        "args": ["one"],
    }
    patch = {
        "containers": [{"name": "a", "env": [{"name": "Y", "value": "2"}]}, {"name": "b"}],
        "conditions": [{"type": "Ready", "status": "False"}],
        "args": ["two"],
    }
    merged = strategic_merge(pod, patch)
    assert merged["containers"][0]["image"] == "1"
    assert [each["name"] for each in merged["containers"][0]["env"]] == ["X", "Y"]
    assert merged["containers"][1] == {"name": "b"}
    assert merged["conditions"] == [{"type": "Ready", "status": "False"}]
    assert merged["args"] == ["two"]


def test_a_strategic_patch_knows_its_directives() -> None:
    pod = {"containers": [{"name": "a"}, {"name": "b"}], "tags": ["x", "y"]}
    gone = {"containers": [{"name": "a", "$patch": "delete"}]}
    assert strategic_merge(pod, gone)["containers"] == [{"name": "b"}]
    all_new = {"containers": [{"$patch": "replace"}, {"name": "c"}]}
    assert strategic_merge(pod, all_new)["containers"] == [{"name": "c"}]
    assert strategic_merge(pod, {"$deleteFromPrimitiveList/tags": ["x"]})["tags"] == ["y"]


def test_a_json_patch_adds_replaces_removes_and_tests() -> None:
    document = {"a": [1, 2], "b": {"c/d": 3}}
    operations = [
        {"op": "test", "path": "/a/0", "value": 1},
        {"op": "add", "path": "/a/-", "value": 4},
        {"op": "replace", "path": "/b/c~1d", "value": 5},
        {"op": "remove", "path": "/a/0"},
    ]
    assert json_patch(document, operations) == {"a": [2, 4], "b": {"c/d": 5}}
    assert document == {"a": [1, 2], "b": {"c/d": 3}}


@pytest.mark.parametrize(
    ("form", "patch", "code"),
    [
        ("application/json-patch+json", {"a": 1}, 400),
        ("application/json-patch+json", [{"op": "replace", "path": "/none", "value": 1}], 422),
        ("application/json-patch+json", [{"op": "test", "path": "/a", "value": 2}], 422),
        ("application/json-patch+json", [{"op": "jump", "path": "/a"}], 422),
        ("application/merge-patch+json", [1], 400),
        ("application/apply-patch+yaml", {}, 415),
    ],
)
def test_a_patch_that_cannot_be_used_is_refused(form: str, patch: Any, code: int) -> None:
    with pytest.raises(StatusError) as caught:
        apply_patch(form, {"a": 1}, patch)
    assert caught.value.code == code


def test_without_its_libraries_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aiohttp", None)
    with (
        pytest.raises(MissingExtraError, match=r"pip install 'clinigate\[chaos\]'"),
        running_localkube(),
    ):
        pass
    monkeypatch.setitem(sys.modules, "kubernetes", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'clinigate\[chaos\]'"):
        KubeAccess("/nowhere").connect()


def test_paths_name_collections_objects_and_parts() -> None:
    address = parse_path("/apis/apps/v1/namespaces/clinic/deployments/api/scale")
    assert (address.resource.kind, address.namespace) == ("Deployment", "clinic")
    assert (address.name, address.part) == ("api", "scale")
    assert address.request("get").resource == "deployments/scale"
    assert parse_path("/api/v1/pods").namespace == ""
    namespace = parse_path("/api/v1/namespaces/clinic")
    assert namespace.request("get").namespace == "clinic"
    assert verb_of("GET", namespace, watch=False) == "get"
    assert verb_of("DELETE", parse_path("/api/v1/namespaces/x/pods"), watch=False) == (
        "deletecollection"
    )


@pytest.mark.parametrize(
    "path", ["/", "/api", "/apis/apps", "/api/v2/pods", "/api/v1/pods/a/b/c", "/api/v1/pods/a/exec"]
)
def test_what_is_not_served_is_404(path: str) -> None:
    with pytest.raises(StatusError) as caught:
        parse_path(path)
    assert caught.value.code == 404
