"""The OpenAPI document tells every route as it is: methods, scopes, requests, answers, refusals."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from clinigate.reference.web.app import ReferenceApp
from clinigate.reference.web.clients import EVALUATOR_SCOPES
from clinigate.reference.web.openapi import document
from clinigate.reference.web.openapi_schemas import SCHEMAS
from clinigate.reference.web.requests import MAX_BODY_BYTES, MAX_MESSAGES, MOST_TRACES

DOCUMENT = document()
HELLO = {"role": "user", "content": "hello"}
TRACE = "0" * 32


def example_of(operation: dict[str, Any]) -> dict[str, Any]:
    """What is sent as JSON: the example that the document gives."""
    media = operation.get("requestBody", {}).get("content", {})
    return {"json": media["application/json"]["example"]} if "application/json" in media else {}


def each_operation() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            yield method.upper(), path, operation


OPERATIONS = [pytest.param(*one, id=f"{one[0]} {one[1]}") for one in each_operation()]


def scope_of(operation: dict[str, Any]) -> str | None:
    """The scope that an operation asks for; None for an open one and the one for tokens."""
    (needed,) = operation["security"][:1] or [{}]
    return needed["oauth2"][0] if "oauth2" in needed else None


GUARDED = [one for one in OPERATIONS if scope_of(one.values[2])]
WITH_BODY = [one for one in GUARDED if "requestBody" in one.values[2]]


def valid(schema: dict[str, Any], value: Any) -> bool:
    whole = {**schema, "components": DOCUMENT["components"]}
    return bool(Draft202012Validator(whole).is_valid(value))


def said(operation: dict[str, Any], answer: Any) -> bool:
    """Whether the document has an answer's status, its headers and its shape."""
    told = operation["responses"][str(answer.status_code)]
    if "$ref" in told:
        told = DOCUMENT["components"]["responses"][told["$ref"].rpartition("/")[2]]
    assert {name.lower() for name in told.get("headers", {})} <= set(answer.headers)
    media = {kind.partition(";")[0]: held for kind, held in told["content"].items()}
    kind = answer.headers["content-type"].partition(";")[0]
    return kind != "application/json" or valid(media[kind]["schema"], answer.json())


def concrete(path: str) -> str:
    return path.replace("{id}", TRACE)


def form_of(app: ReferenceApp) -> dict[str, str]:
    held = app.credentials["app"]
    return {
        "grant_type": "client_credentials",
        "client_id": held.client_id,
        "client_secret": held.client_secret,
    }


def test_the_document_is_served_to_anyone(anyone: Any) -> None:
    answer = anyone.get("/openapi.json")
    assert answer.status_code == 200
    assert answer.json() == DOCUMENT
    assert DOCUMENT["openapi"] == "3.1.0"


def test_it_has_every_route_and_no_other(app: ReferenceApp) -> None:
    served = {
        (method, route.path)
        for route in app.api.routes()
        for method in (route.methods or set()) - {"HEAD"}
    }
    assert {(method, path) for method, path, _ in each_operation()} == served
    names = [operation["operationId"] for *_, operation in each_operation()]
    assert len(set(names)) == len(names)


def test_every_shape_is_a_schema_and_every_reference_leads_somewhere() -> None:
    for schema in DOCUMENT["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    for place in re.findall(r"'\$ref': '#/components/(\w+)/(\w+)'", repr(DOCUMENT)):
        assert place[1] in DOCUMENT["components"][place[0]]


def test_it_names_the_scopes_that_there_are() -> None:
    flow = DOCUMENT["components"]["securitySchemes"]["oauth2"]["flows"]["clientCredentials"]
    asked_for = {scope_of(operation) for *_, operation in each_operation()} - {None}
    assert set(flow["scopes"]) == EVALUATOR_SCOPES == asked_for


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS)
def test_it_has_what_is_answered(
    method: str, path: str, operation: dict[str, Any], app: ReferenceApp, caller: Any
) -> None:
    if path == "/oauth/token":
        options: dict[str, Any] = {"data": form_of(app)}
    else:
        options = example_of(operation)
    answer = caller.send(method, concrete(path), **options)
    assert answer.status_code == (404 if "{id}" in path else 200)
    assert said(operation, answer)


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS)
def test_it_has_the_refusal_of_another_method(
    method: str, path: str, operation: dict[str, Any], caller: Any
) -> None:
    answer = caller.send("DELETE", concrete(path))
    assert answer.status_code == 405
    assert method in answer.headers["allow"]
    assert said(operation, answer)


@pytest.mark.parametrize(("method", "path", "operation"), GUARDED)
def test_the_scope_it_names_is_the_one_that_is_asked_for(
    method: str, path: str, operation: dict[str, Any], app: ReferenceApp, as_client: Any
) -> None:
    named = scope_of(operation)
    options = example_of(operation)
    assert as_client(app, named).send(method, concrete(path), **options).status_code < 405
    others = as_client(app, *EVALUATOR_SCOPES - {named})
    refused = others.send(method, concrete(path), **options)
    assert refused.status_code == 403
    assert said(operation, refused)


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS)
def test_it_says_where_anyone_may_come_in(
    method: str, path: str, operation: dict[str, Any], anyone: Any
) -> None:
    options = example_of(operation)
    answer = anyone.send(method, concrete(path), **options)
    assert said(operation, answer)
    if path != "/oauth/token":
        assert (answer.status_code == 401) is bool(operation["security"])


@pytest.mark.parametrize(("method", "path", "operation"), WITH_BODY)
@pytest.mark.parametrize(
    ("status", "options"),
    [
        (400, {"content": b"{", "headers": {"content-type": "application/json"}}),
        (413, {"json": {"messages": [{"role": "user", "content": "x" * MAX_BODY_BYTES}]}}),
        (415, {"content": b"{}"}),
        (422, {"json": {}}),
    ],
)
def test_it_has_the_refusals_of_a_body(
    method: str,
    path: str,
    operation: dict[str, Any],
    status: int,
    options: dict[str, Any],
    caller: Any,
) -> None:
    answer = caller.send(method, path, **options)
    assert answer.status_code == status
    assert said(operation, answer)


def test_it_has_the_refusal_of_too_many_requests(make_app: Any, as_client: Any) -> None:
    caller = as_client(make_app(evaluator_per_minute=1))
    chat = DOCUMENT["paths"]["/v1/chat/completions"]["post"]
    assert caller.ask("/v1/chat/completions", "hello").status_code == 200
    refused = caller.ask("/v1/chat/completions", "hello")
    assert refused.status_code == 429
    assert said(chat, refused)


@pytest.mark.parametrize(
    ("changes", "status"),
    [({"grant_type": "password"}, 400), ({"client_secret": "wrong"}, 401), ({"scope": "x"}, 400)],
)
def test_it_has_the_refusals_of_a_token(
    app: ReferenceApp, anyone: Any, changes: dict[str, str], status: int
) -> None:
    answer = anyone.post("/oauth/token", data={**form_of(app), **changes})
    assert answer.status_code == status
    assert said(DOCUMENT["paths"]["/oauth/token"]["post"], answer)


@pytest.mark.parametrize(
    ("messages", "served"),
    [
        ([HELLO], True),
        ([HELLO] * MAX_MESSAGES, True),
        ([{"role": "user", "content": [{"type": "text", "text": "hello"}]}], True),
        ([{"role": "developer", "content": ""}, HELLO], True),
        ([], False),
        ([HELLO] * (MAX_MESSAGES + 1), False),
        ([{"role": "user", "content": " "}], False),
        ([{"role": "user", "content": "\x1f\x85\ufeff\u2003"}], False),
        ([{"role": "user", "content": [{"type": "text", "text": " "}]}], False),
        ([{"role": "user", "content": [{"type": "image_url"}]}], False),
        ([{"role": "assistant", "content": "hello"}], False),
        ([{"role": "me", "content": "hello"}, HELLO], False),
        ([{"role": "user"}, HELLO], False),
        (["hello"], False),
    ],
)
def test_what_it_calls_a_conversation_is_what_is_served(
    messages: list[Any], served: bool, caller: Any
) -> None:
    assert valid(SCHEMAS["Conversation"], {"messages": messages}) is served
    answer = caller.post("/v1/crisis", json={"messages": messages})
    assert answer.status_code == (200 if served else 422)


@pytest.mark.parametrize(("limit", "served"), [(1, True), (MOST_TRACES, True), (0, False)])
def test_what_it_calls_a_limit_is_what_is_served(limit: int, served: bool, caller: Any) -> None:
    (told,) = DOCUMENT["paths"]["/v1/crisis/traces"]["get"]["parameters"]
    assert valid(told["schema"], limit) is served
    answer = caller.get("/v1/crisis/traces", params={"limit": limit})
    assert answer.status_code == (200 if served else 422)


def test_a_stream_and_a_crisis_are_told_as_well(caller: Any) -> None:
    chat = DOCUMENT["paths"]["/v1/chat/completions"]["post"]
    assert said(chat, caller.ask("/v1/chat/completions", "I want to end my life"))
    stream = caller.ask("/v1/chat/completions", "hello", stream=True)
    assert stream.headers["content-type"].partition(";")[0] in chat["responses"]["200"]["content"]
