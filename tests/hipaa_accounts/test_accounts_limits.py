"""What probes of accounts cannot try is told, and is never a pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from otherwise import at, says

from clinigate.core.verdict import Status
from clinigate.hipaa.probes.accounts.doing import PROBES

AtClean = Callable[..., Any]
#: Waits for nothing, so that what takes time is told as untried.
_NO_WAIT = {"login": {"longest_wait_s": 0.0}}


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
    broken = at("POST", "/accounts", says(500))
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
    with at_clean(answer=at(method, ending, says(status)), **_NO_WAIT) as premises:
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
