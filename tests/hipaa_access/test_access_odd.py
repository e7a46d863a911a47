"""Routes that hang, redirect, never end or break: told with the reason, and never a pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from odd import Answers, Asked, Odd, Said, document, odd_service

from clinigate.core.verdict import Status
from clinigate.hipaa.probes.access import DECLARED

RECORD = {"id": "p1", "name": "Example"}
PEOPLE = {"ann": ["read"], "bob": []}


def _right(asked: Asked) -> Said:
    """A service that is right: ann may read, and nobody else may."""
    if asked.path == "/openapi.json":
        return Said(body=document(GET_health=None, GET_records=["read"], POST_records=["write"]))
    if asked.path == "/login":
        known = asked.body["login"] in PEOPLE and asked.body["password"] == "right"
        return Said(body={"access_token": asked.body["login"]}) if known else Said(401)
    if asked.path == "/health":
        return Said(body={})
    if asked.path != "/records":
        return Said(404)
    if asked.token == "target":
        return Said(body=RECORD)
    if asked.token not in PEOPLE:
        return Said(401)
    scopes = PEOPLE[asked.token]
    if ("read" if asked.method == "GET" else "write") not in scopes:
        return Said(403)
    return Said(body=RECORD)


def _but(**at: Said) -> Answers:
    """The right service, but for some addresses."""
    return lambda asked: at.get(asked.path.strip("/").replace("/", "_"), _right(asked))


@pytest.fixture(scope="module")
def odd() -> Iterator[Odd]:
    with odd_service(_right) as service:
        yield service


@pytest.fixture
def seen_of(
    odd: Odd, tmp_path: Path, premises_of: Callable[..., Any], see: Any
) -> Iterator[Callable[..., Any]]:
    """Runs a probe on the service, which answers as it is told to."""

    def look(name: str, answers: Answers = _right, **hipaa: Any) -> Any:
        odd.answers = answers
        odd.asked.clear()
        # 0.3 s: long for an answer of this process, and short for one that never comes.
        tables = _tables(odd.base_url) | {"hipaa": _hipaa() | hipaa}
        with premises_of(tables, tmp_path, {"TOKEN": "target", "PASSWORD": "right"}) as premises:
            return see(name, premises)

    yield look
    odd.answers = _right


def _tables(base_url: str) -> dict[str, Any]:
    chat = {"path": "/chat", "request": {"said": "{{messages}}"}, "answer": {"text": "said"}}
    auth = {"bearer_env": "TOKEN"}
    target = {"kind": "http", "base_url": base_url, "timeout_s": 0.3, "auth": auth, "chat": chat}
    return {"target": target}


def _hipaa() -> dict[str, Any]:
    def role(name: str) -> dict[str, Any]:
        return {"login": name, "password_env": "PASSWORD", "scopes": PEOPLE[name]}

    return {
        "test_environment": True,
        "login": {"path": "/login", "body": {"login": "{{login}}", "password": "{{password}}"}},
        "roles": {name: role(name) for name in PEOPLE},
        "safety": {"most_per_second": 5000.0},
    }


@pytest.mark.parametrize("name", ["anonymous_sweep", "role_matrix"])
def test_a_service_that_is_right_passes(name: str, seen_of: Callable[..., Any]) -> None:
    seen = seen_of(name)
    assert (seen.status, seen.findings) == (Status.PASS, []), seen.reason


@pytest.mark.parametrize("name", ["anonymous_sweep", "role_matrix"])
@pytest.mark.parametrize(
    ("said", "told"),
    [
        (Said(hangs=True), "GET /records: no answer"),
        (Said(302, headers={"Location": "/login"}), "it answers 302 and leads elsewhere"),
        (Said(500), "it answers 500, which shows nothing of access"),
        (Said(429), "it answers 429"),
        (Said(422), "before it asks who it is"),
    ],
)
def test_what_shows_nothing_is_no_pass(
    name: str, said: Said, told: str, seen_of: Callable[..., Any]
) -> None:
    seen = seen_of(name, _but(records=said))
    # Whether anything else could be tried is the one difference.
    assert seen.status in (Status.INCONCLUSIVE, Status.NOT_ASSESSED)
    assert seen.findings == []
    assert told in seen.reason


def test_an_address_that_hangs_is_asked_once(odd: Odd, seen_of: Callable[..., Any]) -> None:
    seen_of("role_matrix", _but(records=Said(hangs=True)))
    asked = [(each.method, each.path) for each in odd.asked if each.path == "/records"]
    assert sorted(asked) == [("GET", "/records"), ("POST", "/records")]


def test_an_answer_without_an_end_is_an_answer(seen_of: Callable[..., Any]) -> None:
    seen = seen_of("anonymous_sweep", _but(records=Said(endless=True)))
    assert ("GET /records", "serves nobody") in seen.findings


def test_addresses_that_the_document_leaves_out_are_found(seen_of: Callable[..., Any]) -> None:
    seen = seen_of(
        "anonymous_sweep",
        _but(
            admin=Said(301, headers={"Location": "/admin/"}),
            debug_vars=Said(body={"secret": 1}),
            our_own=Said(body={}),
        ),
        access={"addresses": ["/our/own"]},
    )
    # /admin leads to /admin/, which there is not.
    assert seen.findings == [
        ("GET /debug/vars", "serves nobody, and is not declared open"),
        ("GET /our/own", "serves nobody, and is not declared open"),
    ]


def test_an_address_that_leads_to_what_is_served_serves(seen_of: Callable[..., Any]) -> None:
    def answers(asked: Asked) -> Said:
        if asked.path == "/admin":
            return Said(301, headers={"Location": "/admin/home"})
        return Said(body={}) if asked.path == "/admin/home" else _right(asked)

    seen = seen_of("anonymous_sweep", answers)
    assert seen.findings == [("GET /admin", "serves nobody, and is not declared open")]


def test_a_page_that_is_served_anywhere_is_nothing(seen_of: Callable[..., Any]) -> None:
    def answers(asked: Asked) -> Said:
        said = _right(asked)
        return Said(body="a page") if said.status == 404 else said

    seen = seen_of("anonymous_sweep", answers)
    assert (seen.status, seen.findings) == (Status.PASS, []), seen.reason


def test_what_is_named_open_may_serve(seen_of: Callable[..., Any]) -> None:
    seen = seen_of("anonymous_sweep", _but(status=Said(body={})), open=["GET /status"])
    assert seen.status is Status.PASS, seen.reason


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (Said(404), "/openapi.json: answers 404 and no OpenAPI document"),
        (Said(body={"paths": {}}), "/openapi.json has no paths"),
        (Said(hangs=True), "no answer"),
    ],
)
def test_without_a_document_it_is_an_error(
    said: Said, told: str, seen_of: Callable[..., Any]
) -> None:
    seen = seen_of("role_matrix", lambda asked: said)
    assert seen.status is Status.ERROR
    assert told in seen.reason


def test_a_role_that_may_more_or_less_is_found(seen_of: Callable[..., Any]) -> None:
    def answers(asked: Asked) -> Said:
        if (asked.method, asked.path) == ("GET", "/records") and asked.token in PEOPLE:
            return Said(403) if asked.token == "ann" else Said(body=RECORD)
        return _right(asked)

    seen = seen_of("role_matrix", answers)
    assert seen.findings == [
        ("GET /records", "refuses the role ann, who is declared to use it"),
        ("GET /records", "serves the role bob"),
    ]


def test_who_is_let_in_where_others_are_refused_is_found(seen_of: Callable[..., Any]) -> None:
    def answers(asked: Asked) -> Said:
        if asked.method == "POST" and asked.token == "bob":
            return Said(404)
        return _right(asked)

    seen = seen_of("role_matrix", answers)
    told = "lets the role bob in: it answers 404, and refuses others"
    assert seen.findings == [("POST /records", told)]


def test_a_role_that_cannot_log_in_is_told(seen_of: Callable[..., Any]) -> None:
    roles = _hipaa()["roles"]
    lost = {"login": "eve", "password_env": "NOWHERE", "scopes": []}
    seen = seen_of("role_matrix", roles={**roles, "eve": lost})
    assert (seen.status, seen.findings) == (Status.INCONCLUSIVE, [])
    assert "the role eve: [hipaa.roles.eve] password_env" in seen.reason


def test_outside_of_a_test_environment_nothing_is_written(
    odd: Odd, seen_of: Callable[..., Any]
) -> None:
    seen = seen_of("role_matrix", test_environment=False)
    assert seen.status is Status.INCONCLUSIVE
    assert "[hipaa] test_environment = true" in seen.reason
    assert not [each for each in odd.asked if each.method != "GET" and each.path != "/login"]


def test_a_budget_that_is_used_up_is_told(seen_of: Callable[..., Any]) -> None:
    seen = seen_of("anonymous_sweep", safety={"most_requests": 20})
    assert (seen.status, seen.findings) == (Status.INCONCLUSIVE, [])
    assert "raise [hipaa.safety] most_requests" in seen.reason


@pytest.mark.parametrize("named", DECLARED, ids=lambda named: named.name)
def test_what_is_not_configured_is_not_assessed(named: Any, seen_of: Callable[..., Any]) -> None:
    seen = seen_of(named.name, login=None, roles={}, patients=None)
    if named.name == "anonymous_sweep":
        assert seen.status is Status.PASS  # it needs nothing but the service
    else:
        assert seen.status is Status.NOT_ASSESSED
        assert "needs " in seen.reason or "say in [hipaa.access" in seen.reason


@pytest.mark.parametrize("named", DECLARED, ids=lambda named: named.name)
def test_without_a_service_nothing_is_assessed(
    named: Any, tmp_path: Path, premises_of: Callable[..., Any], see: Any
) -> None:
    with premises_of({}, tmp_path, {}) as premises:
        seen = see(named.name, premises)
    assert seen.status is Status.NOT_ASSESSED
    assert "give [target] kind = 'http' or 'openai'" in seen.reason
