"""The parts that probes of who sees what stand on: limits by the hour, operations, answers."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from clinigate.config.hipaa_access import AccessTable, LimitTable
from clinigate.hipaa.interface import operations
from clinigate.hipaa.probes.access.showing import leaves
from clinigate.reference.care.base import Base
from clinigate.reference.care.settings import Settings
from clinigate.reference.web.problems import Problem
from clinigate.reference.web.ratelimit import RateLimit


def test_both_windows_count_and_a_refusal_counts_in_neither() -> None:
    now = [0.0]
    limit = RateLimit(clock=lambda: now[0])
    for _ in range(2):
        limit.admit("program", 2, per_hour=3)
    with pytest.raises(Problem, match="2 requests in a minute"):
        limit.admit("program", 2, per_hour=3)
    now[0] = 60.0
    limit.admit("program", 2, per_hour=3)
    with pytest.raises(Problem, match="3 requests in an hour") as refused:
        limit.admit("program", 2, per_hour=3)
    assert refused.value.headers == {"Retry-After": "3540", "RateLimit-Limit": "3"}
    now[0] = 3600.0
    limit.admit("program", 2, per_hour=3)


@pytest.mark.parametrize(("limitless", "let_in"), [(True, 9), (False, 1)])
def test_without_limits_everybody_is_let_in(limitless: bool, let_in: int) -> None:
    limit = RateLimit(clock=lambda: 0.0, limitless=limitless)
    admitted = 0
    for _ in range(9):
        with suppress(Problem):
            limit.admit("program", 1, per_hour=1)
            admitted += 1
    assert admitted == let_in


def test_settings_are_texts_by_name(tmp_path: Path) -> None:
    base = Base(tmp_path / "care.db")
    settings = Settings(base)
    settings.put("language", "O'Hara")
    assert Settings(base).get("language") == "O'Hara"
    assert settings.get("x' OR '1'='1") is None
    assert Settings(base, quotes_itself=True).get("x' OR '1'='1") is not None
    base.close()


def _operations(tmp_path: Path, premises_of: Any, document: dict[str, Any]) -> Any:
    (tmp_path / "openapi.json").write_text(json.dumps(document))
    with premises_of({"hipaa": {"openapi": "openapi.json"}}, tmp_path, {}) as premises:
        return operations(premises)


def test_an_operation_is_asked_about_somebody(tmp_path: Path, premises_of: Any) -> None:
    integer = {"name": "number", "in": "path", "schema": {"type": "integer"}}
    query = {"name": "patient", "in": "query", "schema": {"type": "string"}}
    item = {"parameters": [integer], "get": {"parameters": [query]}}
    document = {"servers": [{"url": "/v1"}], "paths": {"/a/{number}/b/{name}": item}}
    (found,) = _operations(tmp_path, premises_of, document)
    assert found.request.path == "/v1/a/999999999/b/clinigate-probe"
    assert found.template == "/v1/a/{number}/b/{name}"
    assert [each.name for each in found.in_path] == ["number", "name"]
    asked = found.about({"name": "x/'y", "patient": "p 1", "nobody": "z"})
    assert asked.path == "/v1/a/999999999/b/x%2F%27y?patient=p+1"


_VALUES = st.recursive(
    st.none() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=12,
)


@given(_VALUES)
def test_every_value_is_a_leaf_once(value: Any) -> None:
    def count(node: Any) -> int:
        if isinstance(node, dict):
            return sum(count(each) for each in node.values())
        if isinstance(node, list):
            return sum(count(each) for each in node)
        return node is not None

    assert len(list(leaves(value))) == count(value)


def test_leaves_are_named_by_members() -> None:
    said = {"id": 1, "name": [{"family": "A"}, {"family": "B"}], "none": None}
    assert list(leaves(said)) == [("id", 1), ("name.family", "A"), ("name.family", "B")]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, "give one of bearer_env and client_id_env"),
        ({"bearer_env": "A", "client_id_env": "B", "client_secret_env": "C"}, "give one of"),
        ({"client_id_env": "B"}, "give client_id_env and client_secret_env, or neither"),
        ({"bearer_env": "A", "requests": 0}, "requests"),
        ({"bearer_env": "A", "burst": 1}, "burst"),
    ],
)
def test_a_limit_has_one_client(changes: dict[str, Any], told: str) -> None:
    limit = {"requests": 5, "seconds": 60, "call": {"path": "/x"}, **changes}
    with pytest.raises(ValidationError, match=told):
        LimitTable.model_validate(limit)


def test_a_replica_is_a_host() -> None:
    assert AccessTable.model_validate({"replicas": ["https://a.example:8443/"]}).replicas
    with pytest.raises(ValidationError, match="a host alone"):
        AccessTable.model_validate({"replicas": ["https://a.example/v1"]})
