"""Services that are wrong in one way which the reference service has no defect for."""

from __future__ import annotations

import base64
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from odd import Answers, Asked, Said, document, odd_service

from clinigate.core.verdict import Status
from clinigate.hipaa.probes.access import jwt

KEY = rsa.generate_private_key(65537, 2048)
PUBLIC = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
PRIVATE = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
JWT = jwt.made(
    jwt.Token({"alg": "RS256"}, {"sub": "ann", "aud": "us", "iss": "us", "exp": 9e9}, "").said(),
    KEY,
    "RS256",
)
ONE_SCOPE = {"security": [{"oauth": ["read"]}]}
OPAQUE = "an-opaque-token-of-ann"
Look = Callable[..., Any]


@pytest.fixture
def look(tmp_path: Path, premises_of: Callable[..., Any], see: Any) -> Iterator[Look]:
    """Runs a probe on services that answer alike or each in its way; the first is the target."""
    with ExitStack() as stack:

        def at(name: str, *answers: Answers, **hipaa: Any) -> Any:
            services = [stack.enter_context(odd_service(each)) for each in answers]
            replicas = [each.base_url for each in services[1:]]
            access = {**hipaa.pop("access", {}), "replicas": replicas}
            tables = _tables(services[0].base_url)
            tables["hipaa"] |= hipaa | {"access": access}
            environ = {"TOKEN": "target", "CLIENT": "client", "PASSWORD": "x", "KEY": PRIVATE}
            with premises_of(tables, tmp_path, {**environ, "OLD": "old"}) as premises:
                return see(name, premises)

        yield at


def _tables(base_url: str) -> dict[str, Any]:
    chat = {"path": "/chat", "request": {"said": "{{messages}}"}, "answer": {"text": "said"}}
    auth = {"bearer_env": "TOKEN"}
    ann = {"login": "ann", "password_env": "PASSWORD", "scopes": ["read"], "facility": "a"}
    eve = {"login": "eve", "password_env": "PASSWORD", "patient": "p-eve"}
    return {
        "target": {"kind": "http", "base_url": base_url, "auth": auth, "chat": chat},
        "hipaa": {
            "test_environment": True,
            "login": {"path": "/login", "body": {"login": "{{login}}"}},
            "roles": {"ann": ann, "eve": eve},
            "patients": {
                "create": {
                    "path": "/patients",
                    "body": {"email": "{{email}}", "mrn": "{{mrn}}", "ssn": "{{ssn}}"},
                    "answer": "id",
                },
                "read": {"path": "/patients/{{patient}}", "method": "GET", "answer": "record"},
                "remove": {"path": "/patients/{{patient}}", "method": "DELETE"},
            },
            "safety": {"most_per_second": 5000.0},
        },
    }


def _guarded(token: str, is_good: Callable[[str], bool]) -> Answers:
    """A service with one operation, which takes tokens that it finds good."""

    def answers(asked: Asked) -> Said:
        if asked.path == "/openapi.json":
            return Said(body=document(GET_records=["read"]))
        if asked.path == "/login":
            return Said(body={"access_token": token})
        if asked.path == "/.well-known/jwks.json":
            return Said(body={"keys": [_jwk()]})
        if asked.path == "/records":
            return Said() if is_good(asked.token) else Said(401)
        return Said(404)

    return answers


def _jwk() -> dict[str, Any]:
    def text(number: int, size: int) -> str:
        return base64.urlsafe_b64encode(number.to_bytes(size, "big")).decode().rstrip("=")

    numbers = KEY.public_key().public_numbers()
    return {"kty": "RSA", "n": text(numbers.n, 256), "e": text(numbers.e, 3)}


def _is_confused(token: str) -> bool:
    """What a library does that takes the algorithm from the token, and one key for all."""
    found = jwt.read(token)
    if found is None or found.algorithm != "HS256":
        return token == JWT
    return jwt.hs256(token.rpartition(".")[0], PUBLIC) == token


def test_tokens_that_are_opaque_are_said_to_be(look: Look) -> None:
    seen = look("token_forgery", _guarded(OPAQUE, OPAQUE.__eq__))
    assert (seen.status, seen.findings) == (Status.PASS, [])
    assert "tokens are opaque" in seen.reason


def test_without_the_key_what_it_would_sign_is_not_tried(look: Look) -> None:
    seen = look("token_forgery", _guarded(JWT, JWT.__eq__))
    assert (seen.status, seen.findings) == (Status.INCONCLUSIVE, [])
    assert "give [hipaa.access] signing_key_env or refused_tokens" in seen.reason


def test_tokens_that_were_made_so_take_the_place_of_the_key(look: Look) -> None:
    old = {"refused_tokens": {"for another audience": "OLD"}}
    right = look("token_forgery", _guarded(JWT, JWT.__eq__), access=old)
    assert (right.status, right.findings) == (Status.PASS, []), right.reason
    wrong = look("token_forgery", _guarded(JWT, lambda it: it in (JWT, "old")), access=old)
    assert wrong.findings == [("for another audience", "GET /records answers 200 to it")]


def test_a_public_key_that_verifies_hmac_is_found(look: Look) -> None:
    seen = look("token_forgery", _guarded(JWT, _is_confused))
    what = "a token signed with HMAC and the public key (PEM)"
    assert seen.findings == [(what, "GET /records answers 200 to it")]


def _looks_at_the_signature_alone(token: str) -> bool:
    said, _, _ = token.rpartition(".")
    return jwt.read(token) is not None and jwt.made(said, KEY, "RS256") == token


def test_an_audience_that_nobody_looks_at_is_found(look: Look) -> None:
    service = _guarded(JWT, _looks_at_the_signature_alone)
    seen = look("token_forgery", service, access={"signing_key_env": "KEY"})
    assert {what for what, _ in seen.findings} == {
        "a token for another audience",
        "a token of another issuer",
        "a token that has expired",
    }


def test_a_key_that_is_not_the_services_is_told(look: Look) -> None:
    seen = look("token_forgery", _guarded(JWT, JWT.__eq__), access={"signing_key_env": "NONE"})
    assert seen.status is Status.ERROR
    assert "[hipaa.access] signing_key_env" in seen.reason
    # RS256 gives one signature for one text: with another key it is another.
    other = rsa.generate_private_key(65537, 2048)
    token = jwt.made(jwt.Token({"alg": "RS256"}, {"exp": 9e9}, "").said(), other, "RS256")
    seen = look("token_forgery", _guarded(token, token.__eq__), access={"signing_key_env": "KEY"})
    assert (seen.status, seen.findings) == (Status.INCONCLUSIVE, [])
    assert "a token that it signs anew is not let in" in seen.reason


def test_a_session_that_forgeries_end_shows_nothing(look: Look) -> None:
    asked: list[str] = []

    def once(token: str) -> bool:
        asked.append(token)
        return token == OPAQUE and len(asked) == 1

    seen = look("token_forgery", _guarded(OPAQUE, once))
    assert (seen.status, seen.findings) == (Status.INCONCLUSIVE, [])
    assert "the real token is refused after the forged ones" in seen.reason


class _Limited:
    """Counts what a client asks; `most` may be counted by each replica or by all."""

    def __init__(self, most: int, wait: str = "30") -> None:
        self.most, self.wait, self.count = most, wait, 0

    def __call__(self, asked: Asked) -> Said:
        if asked.token != "client":
            return Said()
        self.count += 1
        return Said() if self.count <= self.most else Said(429, headers={"Retry-After": self.wait})


def _limit(**changes: Any) -> dict[str, Any]:
    limit = {"requests": 6, "seconds": 60, "bearer_env": "CLIENT", "call": {"path": "/x"}}
    return {"access": {"limits": {"client": limit | changes}}}


def test_a_limit_that_all_replicas_keep_passes(look: Look) -> None:
    both = _Limited(6)
    seen = look("rate_limits", both, both, **_limit())
    assert (seen.status, seen.findings, both.count) == (Status.PASS, [], 7), seen.reason


def test_a_limit_that_each_replica_keeps_for_itself_is_found(look: Look) -> None:
    seen = look("rate_limits", _Limited(6), _Limited(6), **_limit())
    assert seen.findings == [("the limit client", "7 requests are let in, where 6 may be")]


@pytest.mark.parametrize("wait", ["", "soon", "0", "3600"])
def test_who_is_told_to_wait_is_told_how_long(wait: str, look: Look) -> None:
    seen = look("rate_limits", _Limited(6, wait), **_limit())
    ((_, message),) = seen.findings
    assert message.startswith("429 without the seconds to wait in Retry-After")


def test_a_limit_that_slows_everybody_is_found(look: Look) -> None:
    limited = _Limited(6)

    def answers(asked: Asked) -> Said:
        return limited(Asked(asked.method, asked.path, "client", asked.body))

    seen = look("rate_limits", answers, **_limit())
    told = "the target's own client is answered 429 while another is over it"
    assert seen.findings == [("the limit client", told)]


@pytest.mark.parametrize(
    ("answers", "changes", "told"),
    [
        (lambda _: Said(500), {}, "it answers 500"),
        (lambda _: Said(), {"requests": 9999, "seconds": 1}, "raise [hipaa.safety]"),
        (lambda _: Said(), {"seconds": 1e-5, "requests": 1}, "raise [hipaa.safety]"),
    ],
)
def test_a_limit_that_cannot_be_used_up_is_told(
    answers: Answers, changes: dict[str, Any], told: str, look: Look
) -> None:
    seen = look("rate_limits", answers, **_limit(**changes))
    assert (seen.status, seen.findings) == (Status.NOT_ASSESSED, [])
    assert told in seen.reason


def test_a_client_without_a_token_service_is_a_mistake(look: Look) -> None:
    of_oauth = {"bearer_env": None, "client_id_env": "CLIENT", "client_secret_env": "CLIENT"}
    seen = look("rate_limits", _Limited(6), **_limit(**of_oauth))
    assert seen.status is Status.ERROR
    assert "needs [target.auth.oauth2]; or give bearer_env" in seen.reason


class _Records:
    """Keeps patients; `shown` says what of one is answered to whom, `others` who may read any."""

    def __init__(self, *, others: int = 403, unknown: int = 403, **more: Any) -> None:
        self.kept: dict[str, Any] = {}
        self.others, self.unknown, self.more = others, unknown, more

    def __call__(self, asked: Asked) -> Said:
        if asked.path == "/openapi.json":
            return Said(
                body={"paths": {"/patients/{id}": {"get": {"security": [{"o": ["read"]}]}}}}
            )
        if asked.path == "/login":
            return Said(body={"access_token": asked.body["login"]})
        if asked.path == "/patients":
            self.kept["p1"] = asked.body
            return Said(body={"id": "p1"})
        if asked.method == "DELETE":
            return Said()
        one = self.kept.get(asked.path.removeprefix("/patients/"))
        if asked.token == "eve":
            return Said(self.others if one else self.unknown)
        if one is None:
            return Said(404)
        record = {"id": "p1", "contact": {"email": one["email"]}}
        told = dict.fromkeys(self.more, one["ssn"])
        return Said(body={"record": record, **told})


def test_an_answer_that_tells_of_a_patient_is_found(look: Look) -> None:
    right = look("idor", _Records())
    assert (right.status, right.findings) == (Status.PASS, []), right.reason
    seen = look("idor", _Records(unknown=404))
    told = "tells the role eve that there is such a patient"
    assert seen.findings == [("GET /patients/{id}", told)]


def test_somebody_else_is_needed(look: Look) -> None:
    alone = {"ann": {"login": "ann", "password_env": "PASSWORD", "scopes": ["read"]}}
    seen = look("idor", _Records(), roles=alone)
    assert seen.status is Status.NOT_ASSESSED
    assert "give a role of [hipaa.roles] patient or another facility" in seen.reason


def test_members_of_a_record_are_named_as_deep_as_they_stand(look: Look) -> None:
    fields = {"fields": {"ann": ["id", "contact"]}}
    right = look("minimum_necessary", _Records(), access=fields)
    assert (right.status, right.findings) == (Status.PASS, []), right.reason
    seen = look("minimum_necessary", _Records(), access={"fields": {"ann": ["id"]}})
    assert seen.findings == [
        ("the role ann", "is shown contact.email"),
        ("the role ann", "is shown the family_name by a read"),
        ("the role ann", "is shown the email by a read"),
    ]


def test_a_value_beside_the_record_is_found(look: Look) -> None:
    fields = {"fields": {"ann": ["id", "contact"]}}
    seen = look("minimum_necessary", _Records(debug=True), access=fields)
    assert seen.findings == [("the role ann", "is shown the ssn by a read")]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.mark.parametrize(
    ("sent", "findings", "told"),
    [
        ({"messages": [{"content": "x"}]}, [], "0 findings"),
        ({"messages": [], "user": {"ssn": 1}}, ["has user.ssn"], "1 finding"),
        (None, [], "nothing came"),
        (b"words", [], "it is no JSON"),
    ],
)
def test_what_a_model_provider_is_sent_is_looked_at(
    sent: Any, findings: list[str], told: str, look: Look
) -> None:
    port, records = _free_port(), _Records()

    def answers(asked: Asked) -> Said:
        if asked.path != "/chat":
            return records(asked)
        body = {"content": sent} if isinstance(sent, bytes) else {"json": sent}
        if sent is not None:
            httpx.post(f"http://127.0.0.1:{port}/v1/chat", **body, trust_env=False)
        return Said(body={"said": "Good."})

    access = {
        "fields": {"ann": ["id", "contact"]},
        "provider": {"listen": port, "fields": ["messages"]},
    }
    seen = look("minimum_necessary", answers, access=access, patience_s=0.2)
    assert [message for _, message in seen.findings] == findings
    assert (seen.status is Status.PASS) == (told == "0 findings"), seen.reason
    assert told in seen.reason


def test_a_port_that_is_taken_is_told(look: Look) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        provider = {"listen": server.getsockname()[1], "fields": ["messages"]}
        access = {"fields": {"ann": ["id", "contact"]}, "provider": provider}
        seen = look("minimum_necessary", _Records(), access=access)
    assert seen.status is Status.ERROR
    assert "[hipaa.access.provider] listen" in seen.reason


def test_a_role_that_nobody_knows_is_a_mistake(look: Look) -> None:
    seen = look("minimum_necessary", _Records(), access={"fields": {"bob": ["id"]}})
    assert seen.status is Status.ERROR
    assert "[hipaa.access] fields: bob is no role that logs in; known are ann, eve" in seen.reason


def test_what_was_found_before_a_service_breaks_off_is_told(look: Look) -> None:
    records = _Records()

    def answers(asked: Asked) -> Said:
        if asked.path == "/patients":
            return Said(500)
        return Said(503) if "'" in asked.path else records(asked)

    seen = look("injection", answers)
    assert ("GET /patients/{id}, id", "a quote in it is answered 503") in seen.findings
    assert "POST /patients: answers 500 and gives no id" in seen.reason


def test_one_facility_is_not_two(look: Look) -> None:
    seen = look("facility_matrix", _Records())
    assert seen.status is Status.NOT_ASSESSED
    assert "[hipaa.patients] facilities" in seen.reason
