"""Accounts of the reference service: what may be used once, what is locked and what ends."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from clinigate.hipaa.probes.accounts.synthetic import Account
from clinigate.reference.care import accounts as kept
from clinigate.reference.care.accounts import LOCKED_AFTER, LOCKED_S, Accounts
from clinigate.reference.launch import Connection

GOOD = "a-good-password-of-nobody"


class Clock:
    """A clock that stands still until it is set."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def service(clean: Connection) -> Iterator[httpx.Client]:
    """The clean service, asked as a program that may do everything."""
    tls = ssl.create_default_context(cafile=str(clean.ca_file))
    headers = {"Authorization": f"Bearer {clean.token()}"}
    with httpx.Client(base_url=clean.base_url, verify=tls, headers=headers) as client:
        yield client


def test_an_account_is_locked_for_a_while(clock: Clock) -> None:
    accounts = Accounts(clock, reset_s=10)
    for _ in range(LOCKED_AFTER):
        assert accounts.locked_s("ann") == 0
        accounts.failed("Ann ")
    assert accounts.locked_s("ann") == LOCKED_S
    assert accounts.locked_s("bob") == 0
    clock.now += LOCKED_S
    assert accounts.locked_s("ann") == 0
    accounts.failed("ann")
    assert accounts.locked_s("ann") == 0


def test_a_log_in_that_succeeds_forgets_those_that_failed(clock: Clock) -> None:
    accounts = Accounts(clock, reset_s=10)
    for _ in range(3 * LOCKED_AFTER):
        accounts.failed("ann")
        accounts.let_in("ann")
    assert accounts.locked_s("ann") == 0


def test_made_up_logins_fill_no_memory(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "_MOST", 10)
    accounts = Accounts(clock, reset_s=10)
    for number in range(50):
        accounts.failed(f"nobody-{number}")
    assert len(accounts._failed) == 10


def test_a_code_is_good_once_and_none_before_it(clock: Clock) -> None:
    accounts = Accounts(clock, reset_s=10)
    assert accounts.is_fresh("ann", 7)
    accounts.use("ann", 7)
    assert not accounts.is_fresh("ann", 7)
    assert not accounts.is_fresh("ann", 6)
    assert accounts.is_fresh("ann", 8)
    assert accounts.is_fresh("bob", 7)


def test_a_reset_is_good_once_and_for_a_while(clock: Clock) -> None:
    accounts = Accounts(clock, reset_s=10)
    token = accounts.reset("ann")
    assert accounts.reset_of(token) == "ann"
    assert accounts.reset_of(token) is None
    first, second = accounts.reset("ann"), accounts.reset("ann")
    assert accounts.reset_of(first) is None
    clock.now += 10
    assert accounts.reset_of(second) is None


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"role": "patient"}, 422),
        ({"role": "king"}, 422),
        ({"facility": "west"}, 422),
        ({"login": " "}, 422),
        ({"password": "short"}, 422),
        ({"login": "ADMIN"}, 409),
    ],
)
def test_an_account_that_makes_no_sense_is_refused(
    change: dict[str, Any], status: int, service: httpx.Client
) -> None:
    body = {"login": "fresh", "password": GOOD, "role": "nurse", "facility": "north", **change}
    assert service.post("/v1/accounts", json=body).status_code == status


def test_somebody_without_the_scope_changes_no_account(clean: Connection) -> None:
    tls = ssl.create_default_context(cafile=str(clean.ca_file))
    headers = {"Authorization": f"Bearer {clean.token('read:patient_data')}"}
    with httpx.Client(base_url=clean.base_url, verify=tls, headers=headers) as client:
        asked = [
            client.post("/v1/accounts", json={}),
            client.delete("/v1/accounts/admin"),
            client.post("/v1/accounts/admin/disable"),
            client.put("/v1/accounts/admin/role", json={"role": "nurse"}),
            client.post("/v1/accounts/admin/reset"),
            client.post("/v1/emergency", json={}),
        ]
    assert {each.status_code for each in asked} == {403}


def test_the_change_of_a_role_is_on_record(service: httpx.Client, clean: Connection) -> None:
    body = {"login": "Changing.Person", "password": GOOD, "role": "nurse", "facility": "north"}
    made = service.post("/v1/accounts", json=body).json()
    try:
        answer = service.put(f"/v1/accounts/{made['id']}/role", json={"role": "auditor"})
    finally:
        service.delete(f"/v1/accounts/{made['id']}")
    row = _row(clean.audit_log, answer.headers["x-request-id"])
    assert row["resource"] == "account changing.person role nurse to auditor"
    assert row["action"] == "account.role"


def test_what_there_is_not_is_not_found(service: httpx.Client) -> None:
    one = "/v1/accounts/nobody-at-all"
    answers = [
        service.delete(one),
        service.post(f"{one}/disable"),
        service.put(f"{one}/role", json={"role": "nurse"}),
        service.post("/v1/emergency", json={"patient": "p-none", "reason": "none"}),
    ]
    assert {each.status_code for each in answers} == {404}


def test_a_session_ends_when_its_owner_says_so(service: httpx.Client, clean: Connection) -> None:
    body = {"login": "leaving", "password": GOOD, "role": "clinician", "facility": "north"}
    made = service.post("/v1/accounts", json=body).json()
    try:
        code = Account("leaving", GOOD, secret=made["totp"]).code()
        login = {"login": "LEAVING", "password": GOOD, "otp": code}
        token = service.post("/v1/session", json=login).json()["access_token"]
        mine = {"Authorization": f"Bearer {token}"}
        assert service.get("/v1/patients?mrn=none", headers=mine).status_code == 200
        assert service.delete("/v1/session", headers=mine).status_code == 200
        assert service.get("/v1/patients?mrn=none", headers=mine).status_code == 401
        assert service.delete("/v1/session", headers=mine).status_code == 401
    finally:
        service.delete(f"/v1/accounts/{made['id']}")


def _row(log: Path, request: str) -> dict[str, Any]:
    rows = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    (row,) = (row for row in rows if row["request"] == request)
    assert isinstance(row, dict)
    return row
