"""What probes of accounts cannot try is told and never a pass; what is half done is found."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clinigate.core.verdict import Status
from clinigate.hipaa.probes.accounts.doing import PROBES
from clinigate.targets.service import Answer, Request

AtClean = Callable[..., Any]
#: Waits for nothing, so that what takes time is told as untried.
_NO_WAIT = {"login": {"longest_wait_s": 0.0}}


def _says(status: int, body: Any = None) -> Answer:
    return Answer(status, {"x-request-id": "made-up"}, body, json.dumps(body).encode())


def _at(method: str, ending: str, answer: Answer) -> Callable[[Request], Answer | None]:
    """Answers requests of a method whose address ends so."""
    return lambda request: (
        answer if request.method == method and request.path.endswith(ending) else None
    )


@pytest.mark.parametrize("name", PROBES)
def test_without_tables_nothing_is_shown(name: str, at_clean: AtClean, see: Any) -> None:
    with at_clean(accounts=None) as premises:
        seen = see(name, premises)
    assert (seen.status, seen.findings) == (Status.NOT_ASSESSED, [])
    assert "[hipaa.accounts]" in seen.reason


@pytest.mark.parametrize("name", PROBES)
def test_without_log_ins_nothing_is_shown(name: str, at_clean: AtClean, see: Any) -> None:
    with at_clean(login=None) as premises:
        seen = see(name, premises)
    assert seen.status is Status.NOT_ASSESSED
    assert "[hipaa.login]" in seen.reason


@pytest.mark.parametrize("name", [name for name in PROBES if name != "break_glass"])
def test_a_service_that_adds_no_account_is_an_error(name: str, at_clean: AtClean, see: Any) -> None:
    broken = _at("POST", "/accounts", _says(500))
    with at_clean(answer=broken) as premises:
        seen = see(name, premises)
    assert (seen.status, seen.findings) == (Status.ERROR, [])
    assert "mend [hipaa.accounts] add" in seen.reason


@pytest.mark.parametrize(
    ("name", "hipaa", "told"),
    [
        ("idle_logoff", {"login": {"idle_timeout_s": None}}, "[hipaa.login] idle_timeout_s"),
        ("idle_logoff", {"login": {"idle_timeout_s": 900}}, "start the test environment with a"),
        ("termination", {"accounts": {"disable": None}}, "needs disable"),
        ("role_change", {"accounts": {"roles": None}}, "needs roles"),
        ("login_monitoring", {"audit": {"file": None, "verify": None}}, "[hipaa.audit] file"),
        ("password_storage", {"accounts": {"digests": None}}, "needs digests"),
        ("mfa", {"accounts": {"secret_answer": None}}, "needs secret_answer"),
        ("mfa", {"accounts": {"secret_answer": "nowhere"}}, "no secret stands there"),
        ("break_glass", {"patients": None}, "[hipaa.patients]"),
        (
            "break_glass",
            {"accounts": {"emergency": {"begin": {"role": "clinician_north"}}}},
            "name a role of [hipaa.roles] in begin that must be refused",
        ),
        ("mfa", {"test_environment": False}, "[hipaa] test_environment = true"),
        ("mfa", {"safety": {"production": True}}, "production = true"),
    ],
)
def test_what_is_not_configured_is_not_assessed(
    name: str, hipaa: dict[str, Any], told: str, at_clean: AtClean, see: Any
) -> None:
    with at_clean(**hipaa) as premises:
        seen = see(name, premises)
    assert (seen.status, seen.findings) == (Status.NOT_ASSESSED, []), seen.reason
    assert told in seen.reason


def test_nobody_is_locked_out_unasked(at_clean: AtClean, see: Any) -> None:
    with at_clean(allow_destructive=False) as premises:
        seen = see("lockout", premises)
    assert seen.status is Status.NOT_ASSESSED
    assert "--allow-destructive" in seen.reason


@pytest.mark.parametrize(
    ("name", "hipaa", "told"),
    [
        ("password_policy", {"accounts": {"passwords": {"change": None}}}, "give change in"),
        (
            "password_policy",
            {"accounts": {"passwords": {"reset": None, "begin_reset": None}}},
            "give begin_reset and reset",
        ),
        ("password_policy", {}, "say reset_lasts_s"),
        ("break_glass", {}, "say lasts_s"),
        ("break_glass", {"accounts": {"emergency": {"alerts_file": None}}}, "the alert; give"),
        ("break_glass", {"accounts": {"emergency": {"flag": None}}}, "say flag in"),
        ("break_glass", {"audit": {"file": None, "verify": None}}, "[hipaa.audit] file or"),
        ("login_monitoring", {"accounts": {"source": None}}, "[hipaa.accounts] source"),
        ("login_monitoring", {"logs": []}, "[hipaa] logs"),
        ("termination", {"login": {"refresh": None}}, "give refresh in [hipaa.login]"),
        ("role_change", {"audit": {"file": None, "verify": None}}, "[hipaa.audit] file or"),
        (
            "password_storage",
            {"accounts": {"digests": {"query": "SELECT '$2b$12$c2FsdA'"}}},
            "0 are new, so that",
        ),
    ],
)
def test_what_is_half_configured_is_no_pass(
    name: str, hipaa: dict[str, Any], told: str, at_clean: AtClean, see: Any
) -> None:
    login = {**_NO_WAIT["login"], **hipaa.get("login", {})}
    with at_clean(**{**hipaa, "login": login}) as premises:
        seen = see(name, premises)
    assert (seen.status, seen.findings) == (Status.INCONCLUSIVE, []), seen.reason
    assert told in seen.reason


@pytest.mark.parametrize(
    ("name", "method", "ending", "status", "told"),
    [
        ("termination", "GET", "mrn=clinigate", 500, "it answers 500, which refuses nobody"),
        ("password_policy", "POST", "/session/password", 500, "says nothing of the password"),
        ("password_policy", "POST", "/session/reset", 503, "a reset; it answers 503"),
        ("break_glass", "POST", "/v1/emergency", 500, "it answers 500, which refuses nobody"),
    ],
)
def test_a_service_that_breaks_never_passes(
    name: str, method: str, ending: str, status: int, told: str, at_clean: AtClean, see: Any
) -> None:
    with at_clean(answer=_at(method, ending, _says(status)), **_NO_WAIT) as premises:
        seen = see(name, premises)
    assert seen.status is not Status.PASS
    assert told in seen.reason


@pytest.mark.parametrize(
    ("name", "hipaa", "environ", "told"),
    [
        ("mfa", {"accounts": {"add": {"role": "nobody"}}}, {}, "[hipaa.roles.nobody]"),
        ("mfa", {"login": {"body": {"name": "{{user}}"}}}, {}, "known here are login"),
        ("mfa", {"login": {"path": "/nowhere"}}, {}, "refuses nobody"),
        ("mfa", {"accounts": {"secret_answer": "id"}}, {}, "no secret in base 32"),
        (
            "role_change",
            {"accounts": {"roles": {"change": {"path": "/nowhere"}}}},
            {},
            "mend [hipaa.accounts.roles] change",
        ),
        (
            "termination",
            {"accounts": {"disable": {"path": "/nowhere"}}},
            {},
            "mend [hipaa.accounts] disable",
        ),
        (
            "password_policy",
            {"accounts": {"passwords": {"begin_reset": {"path": "/nowhere"}}}},
            {},
            "mend [hipaa.accounts.passwords] begin_reset",
        ),
        ("password_storage", {"accounts": {"digests": {"file": "gone.db"}}}, {}, "is no file"),
        (
            "password_storage",
            {"accounts": {"digests": {"query": "SELECT a FROM nowhere"}}},
            {},
            "OperationalError",
        ),
        (
            "password_storage",
            {"accounts": {"digests": {"query": "DELETE FROM people RETURNING password"}}},
            {},
            "OperationalError",
        ),
        (
            "password_storage",
            {"accounts": {"digests": {"query": "SELECT login, password FROM people"}}},
            {},
            "select the digest alone",
        ),
        (
            "password_storage",
            {"accounts": {"digests": {"file": None, "dsn_env": "STORE"}}},
            {"STORE": "postgresql://127.0.0.1:1/gone"},
            "[db]",
        ),
        ("login_monitoring", {"logs": ["gone.log"]}, {}, "neither a file nor a folder"),
    ],
)
def test_what_is_configured_wrongly_is_an_error(
    name: str,
    hipaa: dict[str, Any],
    environ: dict[str, str],
    told: str,
    at_clean: AtClean,
    see: Any,
) -> None:
    with at_clean(environ=environ, **hipaa) as premises:
        seen = see(name, premises)
    assert seen.status in (Status.ERROR, Status.NOT_ASSESSED), seen.reason
    assert seen.findings == []
    unreachable = "the server cannot be asked" if told == "[db]" else told
    assert told in seen.reason or unreachable in seen.reason


@pytest.mark.parametrize(
    ("name", "method", "ending", "answer", "told"),
    [
        (
            "termination",
            "POST",
            "/session/refresh",
            _says(200, {"access_token": "made-up"}),
            "the refresh token of a disabled account opens a session",
        ),
        (
            "password_policy",
            "POST",
            "/session/reset",
            _says(200, {"changed": True}),
            "the token of a reset, a second time: sets a password",
        ),
        (
            "password_policy",
            "POST",
            "/session/password",
            _says(200, {"changed": True}),
            "a weak password in a change: is taken",
        ),
        (
            "role_change",
            "PUT",
            "/role",
            _says(200, {"role": "auditor"}),
            "the session goes on with the role that was taken away",
        ),
        (
            "role_change",
            "PUT",
            "/role",
            _says(200, {"role": "auditor"}),
            "no row tells the role before and the role after",
        ),
        (
            "break_glass",
            "POST",
            "/v1/emergency",
            _says(403),
            "with a reason: access in an emergency is refused",
        ),
        ("break_glass", "POST", "/v1/emergency", _says(403), "alerts: no alert tells of it"),
        (
            "break_glass",
            "POST",
            "/v1/emergency",
            _says(403),
            "leaves no audit row that is flagged as an emergency",
        ),
    ],
)
def test_a_service_that_does_half_is_found_out(
    name: str,
    method: str,
    ending: str,
    answer: Answer,
    told: str,
    at_clean: AtClean,
    see: Any,
) -> None:
    with at_clean(answer=_at(method, ending, answer), **_NO_WAIT) as premises:
        seen = see(name, premises)
    assert seen.status is Status.FAIL, seen.reason
    assert any(told in each for each in seen.findings), seen.findings


def test_a_service_that_turns_everybody_away_locks_nobody_out(at_clean: AtClean, see: Any) -> None:
    with at_clean(answer=_at("POST", "/v1/session", _says(429))) as premises:
        seen = see("lockout", premises)
    assert (seen.status, seen.findings) == (Status.INCONCLUSIVE, [])
    assert "an account that nobody guessed at is not let in either" in seen.reason


def test_a_log_without_rows_is_found(at_clean: AtClean, see: Any, tmp_path: Path) -> None:
    (tmp_path / "idle.jsonl").touch()
    audit = {"file": "idle.jsonl", "verify": None}
    with at_clean(audit=audit, patience_s=0.01) as premises:
        seen = see("login_monitoring", premises)
    assert seen.status is Status.FAIL
    assert "a wrong password: leaves no audit row" in seen.findings
    assert "a login that nobody has: leaves no audit row" in seen.findings


def test_a_code_that_does_twice_is_found(at_clean: AtClean, see: Any) -> None:
    seen_codes: set[str] = set()

    def takes_it_again(request: Request) -> Answer | None:
        code = request.body.get("otp") if request.path == "/v1/session" else None
        if code is None or code not in seen_codes:
            seen_codes.add(str(code))
            return None
        return _says(200, {"access_token": "made-up"})

    with at_clean(answer=takes_it_again) as premises:
        seen = see("mfa", premises)
    assert seen.status is Status.FAIL
    assert seen.findings == ["with a second factor that was used: a code opens a second session"]


def test_a_session_that_ends_too_soon_is_found(at_clean: AtClean, see: Any) -> None:
    with at_clean(answer=_at("GET", "mrn=clinigate", _says(401))) as premises:
        seen = see("idle_logoff", premises)
    assert seen.status is Status.FAIL
    assert "a session that has begun: what it may do is refused" in seen.findings
    assert "before its time is over: a session that is used is ended" in seen.findings


def test_alerts_are_read_from_the_service_too(at_clean: AtClean, see: Any) -> None:
    told: list[str] = []

    def alerts(request: Request) -> Answer | None:
        if request.path == "/v1/emergency":
            told.append(str(request.body["patient"]))
        return _says(200, {"alerts": told}) if request.path == "/alerts" else None

    by_call = {"alerts": {"path": "/alerts", "method": "GET", "answer": "alerts"}}
    emergency = {"alerts_file": None, **by_call}
    with at_clean(answer=alerts, accounts={"emergency": emergency}) as premises:
        seen = see("break_glass", premises)
    assert (seen.status, seen.findings) == (Status.PASS, []), seen.reason


def test_an_old_password_that_opens_is_found(at_clean: AtClean, see: Any) -> None:
    def keeps_the_old(request: Request) -> Answer | None:
        change = request.path.endswith("/session/password")
        strong = change and str(request.body["password"]).endswith("-aZ7")
        return _says(200, {"changed": True}) if strong else None

    with at_clean(answer=keeps_the_old, **_NO_WAIT) as premises:
        seen = see("password_policy", premises)
    assert seen.status is Status.FAIL
    assert seen.findings == ["after a change: the old password still opens a session"]


def test_a_refresh_token_that_outlasts_is_found(at_clean: AtClean, see: Any) -> None:
    opens = _says(200, {"access_token": "made-up"})
    with at_clean(answer=_at("POST", "/session/refresh", opens)) as premises:
        seen = see("idle_logoff", premises)
    assert seen.status is Status.FAIL
    (found,) = seen.findings
    assert "the refresh token goes on with the session" in found


def test_a_password_in_a_log_is_found_and_told_to_nobody(
    at_clean: AtClean, see: Any, tmp_path: Path
) -> None:
    log = tmp_path / "front.log"
    log.write_text("begun\n", encoding="utf-8")
    typed: list[str] = []

    def logs_what_is_typed(request: Request) -> Answer | None:
        if request.path == "/v1/session":
            typed.append(str(request.body["password"]))
            with log.open("a", encoding="utf-8") as file:
                file.write(f"log-in with {typed[-1]}\n")
        return None

    with at_clean(answer=logs_what_is_typed, logs=["front.log"]) as premises:
        seen = see("login_monitoring", premises)
    assert seen.status is Status.FAIL
    assert seen.findings == ["front.log: holds a password in plain form"]
    assert not [each for each in typed if each in repr(seen)]


def test_equal_passwords_with_equal_digests_are_found(at_clean: AtClean, see: Any) -> None:
    # One digest for each account, whatever its password: what lies there without salt.
    query = "SELECT '$2b$12$c2FsdA' FROM people"
    with at_clean(accounts={"digests": {"query": query}}) as premises:
        seen = see("password_storage", premises)
    assert seen.status is Status.FAIL
    assert seen.findings == ["the store: equal passwords have equal digests"]


def test_what_was_added_is_removed(at_clean: AtClean, see: Any) -> None:
    kept = "DELETE"
    with at_clean(answer=_at(kept, "", _says(500))) as premises:
        seen = see("unique_users", premises)
    assert "a synthetic account could not be removed; answers 500" in seen.reason
    with at_clean(accounts={"remove": None, "disable": None}) as premises:
        seen = see("unique_users", premises)
    assert "a synthetic account stays; give [hipaa.accounts] remove" in seen.reason
