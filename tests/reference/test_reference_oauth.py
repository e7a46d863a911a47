"""Tokens: who gets one, what it opens, and for how long. RFC 6749 section 4.4, RFC 6750."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest

from clinigate.reference.web.app import ReferenceApp


def ask_token(anyone: Any, app: ReferenceApp, **changes: str) -> httpx.Response:
    held = app.credentials["app"]
    form = {
        "grant_type": "client_credentials",
        "client_id": held.client_id,
        "client_secret": held.client_secret,
    }
    answer: httpx.Response = anyone.post("/oauth/token", data={**form, **changes})
    return answer


def test_the_right_secret_gets_a_token_that_opens_its_scopes(
    app: ReferenceApp, anyone: Any
) -> None:
    answer = ask_token(anyone, app, scope="crisis emotion")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert (body["token_type"], body["expires_in"], body["scope"]) == (
        "Bearer",
        3600,
        "crisis emotion",
    )
    anyone.headers["Authorization"] = f"Bearer {body['access_token']}"
    assert anyone.ask("/v1/crisis", "hello").status_code == 200
    assert anyone.ask("/v1/emotion", "hello").status_code == 200
    refused = anyone.ask("/v1/chat/completions", "hello")
    assert refused.status_code == 403
    assert refused.json()["error"]["code"] == "insufficient_scope"
    assert 'scope="chat"' in refused.headers["www-authenticate"]


def test_basic_authentication_works_as_well(app: ReferenceApp, anyone: Any) -> None:
    held = app.credentials["app"]
    answer = anyone.post(
        "/oauth/token",
        data={"grant_type": "client_credentials"},
        headers={"Authorization": basic(held.client_id, held.client_secret)},
    )
    assert answer.status_code == 200
    assert answer.json()["scope"] == "chat consent crisis emotion instruments metrics"


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "nobody"}, 401, "invalid_client"),
        ({"client_id": "nobody", "client_secret": ""}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"scope": "chat admin"}, 400, "invalid_scope"),
        ({"scope": " "}, 400, "invalid_scope"),
    ],
)
def test_a_wrong_request_gets_no_token(
    app: ReferenceApp, anyone: Any, changes: dict[str, str], status: int, error: str
) -> None:
    answer = ask_token(anyone, app, **changes)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert "access_token" not in answer.text
    if status == 401:
        assert "www-authenticate" in answer.headers


@pytest.mark.parametrize(
    "body", [b"grant_type=client_credentials&grant_type=x", b"\xff\xfe", b"a=1&" * 30]
)
def test_a_malformed_form_is_refused(anyone: Any, body: bytes) -> None:
    answer = anyone.post("/oauth/token", content=body)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_malformed_basic_credentials_are_refused(anyone: Any) -> None:
    answer = anyone.post(
        "/oauth/token",
        data={"grant_type": "client_credentials"},
        headers={"Authorization": "Basic %%%"},
    )
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_an_expired_token_opens_nothing(make_app: Any, as_client: Any, clock: Any) -> None:
    caller = as_client(make_app(token_lifetime_s=60.0))
    assert caller.ask("/v1/crisis", "hello").status_code == 200
    clock.now += 60.0
    answer = caller.ask("/v1/crisis", "hello")
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_token")
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "missing_token"),
        ("Bearer", "missing_token"),
        ("Basic abc", "missing_token"),
        ("Bearer guessed", "invalid_token"),
    ],
)
def test_without_a_valid_token_every_route_with_data_is_shut(
    anyone: Any, header: str | None, code: str
) -> None:
    if header is not None:
        anyone.headers["Authorization"] = header
    for path in ("/v1/chat/completions", "/v1/crisis", "/v1/emotion"):
        answer = anyone.ask(path, "hello")
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, code)
        assert answer.headers["www-authenticate"].startswith("Bearer")
    assert anyone.get("/metrics").status_code == 401


def test_a_client_keeps_its_latest_thousand_tokens(app: ReferenceApp, as_client: Any) -> None:
    first = as_client(app)
    latest = [app.token() for _ in range(1000)]
    assert first.ask("/v1/crisis", "hello").status_code == 401
    first.headers["Authorization"] = f"Bearer {latest[0]}"
    assert first.ask("/v1/crisis", "hello").status_code == 200


def test_neither_tokens_nor_secrets_show_in_reprs(app: ReferenceApp) -> None:
    held = app.credentials["app"]
    assert held.client_secret not in repr(held)
    assert held.client_secret not in repr(app.credentials)
