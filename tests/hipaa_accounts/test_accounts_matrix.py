"""The clean service passes every probe of accounts; each defect fails its own and no other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clinigate.core.verdict import Status
from clinigate.hipaa.probes.accounts import DECLARED
from clinigate.hipaa.probes.accounts.doing import PROBES
from clinigate.reference.lapses import accounts
from clinigate.reference.launch import running

#: What is found of each defect: how many things, and one of them.
TOLD = {
    "never-logs-off": (2, "after its time without a request: the session is served"),
    "lingering-sessions": (1, "the session of a disabled account is served"),
    "stale-roles": (1, "the session goes on with the role that was taken away"),
    "twin-logins": (3, "the login in wide letters: makes a second account"),
    "no-lockout": (1, "after 5 log-ins that failed: passwords can be guessed on"),
    "nameless-log-ins": (3, "leaves an audit row that does not say whose log-in it was"),
    "weak-passwords": (7, "weak password 1 of a new account: is taken"),
    "fast-password-digest": (2, "as none of Argon2, bcrypt, scrypt and PBKDF2"),
    "second-factor-skipped": (1, "without a second factor: the password alone opens a session"),
    "unexplained-emergency": (2, "without a reason: access in an emergency is given"),
}

#: Logging in is slow on purpose: of the others those that log in a few times only.
_QUICK = ("termination", "role_change", "unique_users", "password_storage", "break_glass")


def test_a_clean_service_passes_everything(at_clean: Callable[..., Any], see: Any) -> None:
    with at_clean() as premises:
        seen = {name: see(name, premises) for name in PROBES}
    wrong = {
        name: (each.reason, each.findings)
        for name, each in seen.items()
        if each.status is not Status.PASS or each.findings or "synthetic" in each.reason
    }
    assert wrong == {}


@pytest.mark.parametrize("lapse", accounts.LAPSES, ids=lambda each: each.name)
def test_a_defect_fails_its_own_probe_alone(
    lapse: Any, tmp_path: Path, premises_of: Any, see: Any
) -> None:
    (own,) = (metric.removeprefix("hipaa.") for metric in lapse.metrics)
    # Where a session lasts long nothing waits for its end, and what is left is quick.
    options = {"idle_timeout_s": 2.0} if own == "idle_logoff" else {}
    with (
        running(care=True, defect=lapse.name, **options) as service,
        premises_of(service, tmp_path) as premises,
    ):
        seen = {name: see(name, premises) for name in {own, *_QUICK}}
    found = seen.pop(own)
    assert found.status is Status.FAIL, found.reason
    count, message = TOLD[lapse.name]
    assert len(found.findings) == count, found.findings
    assert any(message in each for each in found.findings), found.findings
    bad = {Status.FAIL, Status.ERROR}
    assert {name: each.reason for name, each in seen.items() if each.status in bad} == {}


def test_every_probe_is_declared_and_has_a_defect() -> None:
    declared = {each.name for each in DECLARED}
    assert set(PROBES) == declared
    assert {f"hipaa.{name}" for name in declared} == {
        metric for each in accounts.LAPSES for metric in each.metrics
    }
    assert {each.name for each in accounts.LAPSES} == set(TOLD)


def test_every_probe_says_what_it_does() -> None:
    for each in DECLARED:
        sentences = (each.sends, each.looks_at, each.cannot_see)
        assert all(text.endswith(".") and len(text) > 20 for text in sentences), each.name
        assert "login" in each.needs
