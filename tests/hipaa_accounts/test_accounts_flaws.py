"""A service that does half of what it should with accounts is found out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from otherwise import at, says

from clinigate.core.verdict import Status
from clinigate.targets.service import Answer, Request

AtClean = Callable[..., Any]
#: Waits for nothing: what takes time is not tried then.
_NO_WAIT = {"login": {"longest_wait_s": 0.0}}


@pytest.mark.parametrize(
    ("name", "method", "ending", "answer", "told"),
    [
        (
            "termination",
            "POST",
            "/session/refresh",
            says(200, {"access_token": "made-up"}),
            "the refresh token of a disabled account opens a session",
        ),
        (
            "password_policy",
            "POST",
            "/session/reset",
            says(200, {"changed": True}),
            "the token of a reset, a second time: sets a password",
        ),
        (
            "password_policy",
            "POST",
            "/session/password",
            says(200, {"changed": True}),
            "a weak password in a change: is taken",
        ),
        (
            "role_change",
            "PUT",
            "/role",
            says(200, {"role": "auditor"}),
            "the session goes on with the role that was taken away",
        ),
        (
            "role_change",
            "PUT",
            "/role",
            says(200, {"role": "auditor"}),
            "no row tells the role before and the role after",
        ),
        (
            "break_glass",
            "POST",
            "/v1/emergency",
            says(403),
            "with a reason: access in an emergency is refused",
        ),
        ("break_glass", "POST", "/v1/emergency", says(403), "alerts: no alert tells of it"),
        (
            "break_glass",
            "POST",
            "/v1/emergency",
            says(403),
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
    with at_clean(answer=at(method, ending, answer), **_NO_WAIT) as premises:
        seen = see(name, premises)
    assert seen.status is Status.FAIL, seen.reason
    assert any(told in each for each in seen.findings), seen.findings


def test_a_service_that_turns_everybody_away_locks_nobody_out(at_clean: AtClean, see: Any) -> None:
    with at_clean(answer=at("POST", "/v1/session", says(429))) as premises:
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
        return says(200, {"access_token": "made-up"})

    with at_clean(answer=takes_it_again) as premises:
        seen = see("mfa", premises)
    assert seen.status is Status.FAIL
    assert seen.findings == ["with a second factor that was used: a code opens a second session"]


def test_a_session_that_ends_too_soon_is_found(at_clean: AtClean, see: Any) -> None:
    with at_clean(answer=at("GET", "mrn=clinigate", says(401))) as premises:
        seen = see("idle_logoff", premises)
    assert seen.status is Status.FAIL
    assert "a session that has begun: what it may do is refused" in seen.findings
    assert "before its time is over: a session that is used is ended" in seen.findings


def test_alerts_are_read_from_the_service_too(at_clean: AtClean, see: Any) -> None:
    told: list[str] = []

    def alerts(request: Request) -> Answer | None:
        if request.path == "/v1/emergency":
            told.append(str(request.body["patient"]))
        return says(200, {"alerts": told}) if request.path == "/alerts" else None

    by_call = {"alerts": {"path": "/alerts", "method": "GET", "answer": "alerts"}}
    emergency = {"alerts_file": None, **by_call}
    with at_clean(answer=alerts, accounts={"emergency": emergency}) as premises:
        seen = see("break_glass", premises)
    assert (seen.status, seen.findings) == (Status.PASS, []), seen.reason


def test_an_old_password_that_opens_is_found(at_clean: AtClean, see: Any) -> None:
    def keeps_the_old(request: Request) -> Answer | None:
        change = request.path.endswith("/session/password")
        strong = change and str(request.body["password"]).endswith("-aZ7")
        return says(200, {"changed": True}) if strong else None

    with at_clean(answer=keeps_the_old, **_NO_WAIT) as premises:
        seen = see("password_policy", premises)
    assert seen.status is Status.FAIL
    assert seen.findings == ["after a change: the old password still opens a session"]


def test_a_refresh_token_that_outlasts_is_found(at_clean: AtClean, see: Any) -> None:
    opens = says(200, {"access_token": "made-up"})
    with at_clean(answer=at("POST", "/session/refresh", opens)) as premises:
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
    with at_clean(answer=at(kept, "", says(500))) as premises:
        seen = see("unique_users", premises)
    assert "a synthetic account could not be removed; answers 500" in seen.reason
    with at_clean(accounts={"remove": None, "disable": None}) as premises:
        seen = see("unique_users", premises)
    assert "a synthetic account stays; give [hipaa.accounts] remove" in seen.reason
