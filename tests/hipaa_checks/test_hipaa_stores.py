"""Stores are searched whole, whatever their size and kind."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clinigate.chaos.labs.postgres import postgres_missing, postgres_server
from clinigate.core.verdict import Status
from clinigate.hipaa import stores
from clinigate.hipaa.planting import patients_for
from clinigate.phi.canary_search import CanarySearch

PATIENT = patients_for("stores", 0)[0]


@pytest.fixture(scope="module")
def dsn() -> Iterator[str]:
    missing = postgres_missing()
    if missing is not None:
        pytest.skip(missing)
    with postgres_server() as found:
        yield found


@pytest.mark.parametrize("at", [0, 1, 60, 100, 127, 128, 200])
def test_nothing_is_lost_between_two_chunks(
    at: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clinigate.phi.leaks.stores._CHUNK", 64)
    ssn = PATIENT.values["ssn"].encode()
    data = b"." * at + ssn + b"." * (400 - at)
    pieces = [data[i : i + 64] for i in range(0, len(data), 64)]
    hits = stores.hits_in(CanarySearch([PATIENT]), iter(pieces), pytest.fail)
    assert {(hit.field, hit.form) for hit in hits} == {("ssn", "plain")}
    path = tmp_path / "file"
    path.write_bytes(data)
    assert b"".join(stores.chunks_of(path, 3)) == data[3:]


def test_what_was_not_searched_to_its_end_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clinigate.phi.packed.LONGEST", 2**16)
    said: list[str] = []
    chunks = iter([zlib.compress(b"-" * 2**20)])
    assert list(stores.hits_in(CanarySearch([PATIENT]), chunks, said.append)) == []
    assert len(said) == 1


def test_what_sqlite_has_removed_meanwhile_holds_nothing(tmp_path: Path) -> None:
    assert list(stores.chunks_of(tmp_path / "a.db-journal")) == []
    with pytest.raises(FileNotFoundError):
        list(stores.chunks_of(tmp_path / "a.db"))


def test_rows_of_postgresql_are_searched(
    dsn: str, at_clean: Callable[..., Any], see: Callable[..., Any]
) -> None:
    import psycopg

    with psycopg.connect(dsn, autocommit=True) as link:
        link.execute("CREATE TABLE notes (id int, said text, raw bytea, more jsonb)")
        link.execute("CREATE TABLE empty (id int)")
        email = PATIENT.values["email"]
        row = (1, PATIENT.values["ssn"], PATIENT.values["mrn"].encode(), f'{{"a": "{email}"}}')
        link.execute("INSERT INTO notes VALUES (%s, %s, %s, %s)", row)
    with at_clean(hipaa={"stores": [], "store_dsn_env": "STORE_DSN"}) as premises:
        at_server = replace(premises, environ={**premises.environ, "STORE_DSN": dsn})
        tables = stores.stores_of(at_server)
        assert [store.name for store in tables] == ["public.empty", "public.notes"]
        hits = stores.hits_in(CanarySearch([PATIENT]), tables[1].chunks(), pytest.fail)
        assert {(hit.field, hit.form) for hit in hits} >= {
            ("ssn", "plain"),
            ("mrn", "hex"),
            ("email", "plain"),
        }
        # The service writes elsewhere, so that nothing is shown of this server.
        seen = see("phi_encryption", at_server)
        assert (seen.status, "did not change" in seen.reason) == (Status.INCONCLUSIVE, True)
        gone = replace(premises, environ={**premises.environ, "STORE_DSN": "host=127.0.0.1 port=1"})
        seen = see("phi_encryption", gone)
        assert (seen.status, "cannot be asked" in seen.reason) == (Status.ERROR, True)
