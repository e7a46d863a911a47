"""Rights of patients on a PostgreSQL server: the same probes pass, and what was said goes along."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from clinigate.chaos.labs.postgres import postgres_missing, postgres_server
from clinigate.core.verdict import Status
from clinigate.hipaa.premises import Premises
from clinigate.reference.credentials import CARE_DSN_VARIABLE
from clinigate.reference.launch import running
from clinigate.targets.service import Request


@pytest.fixture(scope="module")
def on_server(of_reference: Any) -> Iterator[tuple[Premises, str]]:
    """The premises of a service whose records of care a server keeps, and its address."""
    missing = postgres_missing()
    if missing is not None:
        pytest.skip(missing)
    with (
        postgres_server(fsync=False) as dsn,
        running(care=True, environ={CARE_DSN_VARIABLE: dsn}) as service,
        of_reference(service) as premises,
    ):
        yield premises, dsn


def test_all_pass_on_postgresql(
    on_server: tuple[Premises, str], see: Any, every: list[str]
) -> None:
    premises, _ = on_server
    seen = {name: see(name, premises) for name in every}
    assert {name: each.told for name, each in seen.items() if each.status is not Status.PASS} == {}


def test_what_was_said_goes_with_its_patient(on_server: tuple[Premises, str]) -> None:
    import psycopg

    premises, dsn = on_server
    service = premises.service
    assert service is not None
    made = service.send(Request("POST", "/v1/patients", {"facility": "north"})).body["id"]
    service.send(Request("POST", f"/v1/patients/{made}/objections", {"to": "all"}))
    query = "SELECT kind FROM rights WHERE patient = %s"
    with psycopg.connect(dsn, autocommit=True) as link:
        assert link.execute(query, (made,)).fetchall() == [("objection",)]
        service.send(Request("DELETE", f"/v1/patients/{made}"))
        assert link.execute(query, (made,)).fetchall() == []
