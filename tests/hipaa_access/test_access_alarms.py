"""What nobody looked at is no pass, and a service that is right in its own way is no finding."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from odd import Answers, Asked, Said, document, odd_service

from clinigate.core.verdict import Status
from clinigate.hipaa.probes.access.limits import seconds_to_wait

Look = Callable[..., Any]
PATIENT = {"path": "/patients/{{patient}}", "method": "GET", "answer": "record"}


@pytest.fixture
def look(tmp_path: Path, premises_of: Callable[..., Any], see: Any) -> Iterator[Look]:
    """Runs a probe on a service that answers in its way."""
    with ExitStack() as stack:

        def at(name: str, answers: Answers, **auth: Any) -> Any:
            service = stack.enter_context(odd_service(answers))
            environ = {"TOKEN": "target", "PASSWORD": "x", "CLIENT": "c", "SECRET": "s"}
            with premises_of(_tables(service.base_url, auth), tmp_path, environ) as premises:
                return see(name, premises)

        yield at


def _tables(base_url: str, auth: dict[str, Any]) -> dict[str, Any]:
    chat = {"path": "/chat", "request": {"said": "{{messages}}"}, "answer": {"text": "said"}}
    eve = {"login": "eve", "password_env": "PASSWORD", "scopes": ["read"], "patient": "p-eve"}
    create = {"path": "/patients", "body": {"email": "{{email}}"}, "answer": "id"}
    return {
        "target": {
            "kind": "http",
            "base_url": base_url,
            "auth": auth or {"bearer_env": "TOKEN"},
            "chat": chat,
        },
        "hipaa": {
            "test_environment": True,
            "access": {"scopes": ["read"], "patient_parameters": ["id"]},
            "login": {"path": "/login", "body": {"login": "{{login}}"}},
            "roles": {"eve": eve},
            "patients": {"create": create, "read": PATIENT},
            "safety": {"most_per_second": 5000.0},
        },
    }


def _service(document: dict[str, Any], others: Answers) -> Answers:
    def answers(asked: Asked) -> Said:
        if asked.path == "/openapi.json":
            return Said(body=document)
        if asked.path == "/login":
            return Said(body={"access_token": "eve"}) if asked.body["login"] == "eve" else Said(401)
        if asked.path == "/patients":
            return Said(201, {"id": "p-1"})
        return others(asked)

    return answers


def test_records_that_nobody_finds_are_not_kept_from_anybody(look: Look) -> None:
    """As where the document's ids are others than those that a patient is written under."""
    found = document(GET_charts__=["read"])
    seen = look("idor", _service(found, lambda _: Said(404)))
    assert (seen.status, seen.findings) == (Status.INCONCLUSIVE, []), seen.reason
    assert "it answers 404, as to the target itself" in seen.reason

    def hides(asked: Asked) -> Said:
        return Said() if (asked.token, asked.path) == ("target", "/charts/p-1") else Said(404)

    assert look("idor", _service(found, hides)).status is Status.PASS


def test_a_document_without_scopes_says_nothing_of_roles(look: Look) -> None:
    seen = look("role_matrix", _service(document(GET_admin=[]), lambda _: Said(403)))
    assert (seen.status, seen.findings) == (Status.NOT_ASSESSED, []), seen.reason
    assert "the document names no scopes" in seen.reason
    told = look("role_matrix", _service(document(GET_charts=["read"]), lambda _: Said(403)))
    assert [message for _, message in told.findings] == [
        "refuses the role eve, who is declared to use it"
    ]


@pytest.mark.parametrize("status", [401, 429])
def test_a_quote_that_nobody_looks_at_shows_nothing(status: int, look: Look) -> None:
    def limited(asked: Asked) -> Said:
        return Said(404 if asked.path.replace("-", "").replace("/", "").isalnum() else status)

    seen = look("injection", _service(document(GET_charts__=["read"]), limited))
    assert seen.findings == []
    assert seen.status is not Status.PASS
    assert f"a quote in it is answered {status}, unlooked at" in seen.reason


def test_seconds_to_wait_are_read_in_both_ways() -> None:
    """RFC 9110, section 10.2.3."""
    now = "Sun, 22 Nov 2026 10:00:00 GMT"
    assert seconds_to_wait("60", now) == 60
    assert seconds_to_wait("Sun, 22 Nov 2026 10:01:00 GMT", now) == 60
    assert seconds_to_wait("Sun, 22 Nov 2026 09:00:00 GMT", now) == -3600
    assert (seconds_to_wait("", now), seconds_to_wait("soon", "")) == (None, None)


def _jwt(claims: dict[str, Any]) -> str:
    parts = (base64.urlsafe_b64encode(json.dumps(each).encode()) for each in ({"alg": "x"}, claims))
    return ".".join([*(part.decode().rstrip("=") for part in parts), "c2ln"])


@pytest.mark.parametrize("claim", [{"scope": "read"}, {"scp": ["read"]}])
def test_who_asks_for_no_scope_may_be_given_some(claim: dict[str, Any], look: Look) -> None:
    """RFC 6749, section 3.3."""
    given = _jwt(claim)

    def others(asked: Asked) -> Said:
        if asked.path == "/token":
            return Said(body={"access_token": given})
        return Said() if asked.token == given else Said(401)

    oauth2 = {"token_url": "/token", "client_id_env": "CLIENT", "client_secret_env": "SECRET"}
    seen = look("scopes", _service(document(GET_charts=["read"]), others), oauth2=oauth2)
    assert (seen.status, seen.findings) == (Status.INCONCLUSIVE, []), seen.reason
    assert "who asks for none is given read" in seen.reason
