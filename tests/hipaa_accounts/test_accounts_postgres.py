"""Accounts on a PostgreSQL server: their digests are read from it, and who reads writes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from clinigate.chaos.labs.postgres import postgres_missing, postgres_server
from clinigate.core.verdict import Status
from clinigate.reference.credentials import CARE_DSN_VARIABLE
from clinigate.reference.launch import running

PROBES = ("password_storage", "unique_users", "termination", "break_glass")


def test_all_pass_on_postgresql(
    premises_of: Any, see: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = postgres_missing()
    if missing is not None:
        pytest.skip(missing)
    with (
        postgres_server(fsync=False) as dsn,
        running(care=True, idle_timeout_s=2.0, environ={CARE_DSN_VARIABLE: dsn}) as service,
    ):
        monkeypatch.setenv(CARE_DSN_VARIABLE, dsn)
        with premises_of(service, tmp_path) as premises:
            assert premises.table.accounts.digests.dsn_env == CARE_DSN_VARIABLE
            seen = {name: see(name, premises) for name in PROBES}
        query = {"query": "DELETE FROM people RETURNING password"}
        with premises_of(service, tmp_path, accounts={"digests": query}) as premises:
            writing = see("password_storage", premises)
        with premises_of(service, tmp_path) as premises:
            again = see("password_storage", premises)
    assert {
        name: each.reason for name, each in seen.items() if each.status is not Status.PASS
    } == {}
    assert writing.status is Status.ERROR
    assert "the server cannot be asked" in writing.reason
    assert again.status is Status.PASS
