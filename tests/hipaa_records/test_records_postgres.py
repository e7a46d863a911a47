"""Records of care on a PostgreSQL server: the same probes, and the same safeguards."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clinigate.chaos.labs.postgres import postgres_missing, postgres_server
from clinigate.core.verdict import Status
from clinigate.hipaa.premises import ask_program
from clinigate.hipaa.probes.records.backups import made
from clinigate.hipaa.probes.records.doing import PROBES
from clinigate.hipaa.probes.records.store import linked, linked_to
from clinigate.hipaa.probes.records.tables import held_by
from clinigate.reference.care.restore import main as restore
from clinigate.reference.credentials import CARE_DSN_VARIABLE, STORE_KEY_VARIABLE
from clinigate.reference.launch import Connection, running


@pytest.fixture(scope="module")
def dsn() -> Iterator[str]:
    missing = postgres_missing()
    if missing is not None:
        pytest.skip(missing)
    with postgres_server(fsync=False) as found:
        yield found


@pytest.fixture(scope="module")
def on_server(dsn: str) -> Iterator[Connection]:
    with running(care=True, environ={CARE_DSN_VARIABLE: dsn}) as service:
        yield service


@pytest.fixture
def at_server(
    on_server: Connection, dsn: str, tmp_path: Path, premises_of: Any, monkeypatch: Any
) -> Callable[..., Any]:
    monkeypatch.setenv(CARE_DSN_VARIABLE, dsn)
    return lambda **changes: premises_of(on_server, tmp_path, **changes)


def test_all_pass_on_postgresql(at_server: Callable[..., Any], see: Any) -> None:
    with at_server() as premises:
        assert premises.table.records.store.dsn_env == CARE_DSN_VARIABLE
        seen = {name: see(name, premises) for name in PROBES}
    wrong = {name: each for name, each in seen.items() if each.status is not Status.PASS}
    assert wrong == {}


def test_the_server_of_the_stores_is_the_one_of_the_records(
    at_server: Callable[..., Any], dsn: str, see: Any
) -> None:
    with at_server() as premises:
        records = premises.table.records.model_dump(exclude_none=True)
    del records["store"]["dsn_env"]
    with at_server(
        records=records, store_dsn_env="THE_STORE", environ={"THE_STORE": dsn}
    ) as premises:
        assert see("bit_flip", premises).status is Status.PASS


def test_an_audit_table_without_safeguards_is_found(
    at_server: Callable[..., Any], dsn: str, see: Any
) -> None:
    with linked_to(dsn, "the test") as link:
        link.run("CREATE TABLE loose (seq BIGINT, who TEXT)")
        link.run("INSERT INTO loose VALUES (?, ?)", 1, "nobody")
        with at_server() as premises:
            records = premises.table.records.model_dump(exclude_none=True)
        records["store"]["audit"] = "loose"
        with at_server(records=records) as premises:
            found = see("audit_append_only", premises)
        assert link.rows("SELECT seq, who FROM loose") == [(1, "nobody")]
        link.run("DROP TABLE loose")
    assert found.findings == [
        "loose.seq: takes an UPDATE of its rows",
        "loose.who: takes an UPDATE of its rows",
        "loose: takes a DELETE of its rows",
        "loose: takes a TRUNCATE of its rows",
    ]


def test_a_backup_of_a_server_is_restored_into_a_server(
    on_server: Connection, at_server: Callable[..., Any], dsn: str, monkeypatch: Any
) -> None:
    monkeypatch.setenv(STORE_KEY_VARIABLE, on_server.store_key)
    with at_server() as premises, linked(premises) as link:
        (backup,) = made(premises, premises.table.records.backup)
        source = held_by(link)
        link.run("CREATE DATABASE empty")
    into = dsn.rpartition("/")[0] + "/empty"
    monkeypatch.setenv("INTO", into)
    assert restore([str(backup), "--dsn-env", "INTO"]) == 0
    with linked_to(into, "the test") as link:
        restored = held_by(link)
    assert restored == source
    assert restore([str(backup), "--dsn-env", "INTO"]) == 4


def test_a_restore_into_a_server_is_compared_with_the_store(
    at_server: Callable[..., Any], dsn: str, see: Any
) -> None:
    """First into an empty one; then its tables are there already, and the program fails."""
    with linked_to(dsn, "the test") as link:
        link.run("CREATE DATABASE spare")
    into = dsn.rpartition("/")[0] + "/spare"
    with at_server() as premises:
        records = premises.table.records.model_dump(exclude_none=True)
    words = records["backup"]["restore"]
    records["backup"] |= {"restore": [*words[:-1], "--dsn-env", "SPARE"], "into_dsn_env": "SPARE"}
    with at_server(records=records, environ={"SPARE": into}) as premises:
        at = replace(premises, ask_verifier=ask_program)
        assert see("backup_plan", at).status is Status.PASS
        seen = see("backup_plan", at)
    assert seen.status is Status.FAIL
    assert "cannot be restored" in seen.findings[0]


def test_a_reader_says_nothing_of_what_the_service_may(
    at_server: Callable[..., Any], dsn: str, see: Any
) -> None:
    """Who may only read is refused every change, whatever safeguards there are."""
    with linked_to(dsn, "the test") as link:
        link.run("CREATE ROLE reader LOGIN PASSWORD 'reads'")
        link.run("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader")
    reader = re.sub("//[^@/]*@", "//reader:reads@", dsn)
    assert reader != dsn
    with at_server() as premises:
        records = premises.table.records.model_dump(exclude_none=True)
    records["store"]["dsn_env"] = "READER"
    with at_server(records=records, environ={"READER": reader}) as premises:
        seen = see("audit_append_only", premises)
    assert (seen.status, seen.findings) == (Status.NOT_ASSESSED, []), seen.reason
    assert "may not add rows either" in seen.reason
