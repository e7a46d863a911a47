"""The tables of a PostgreSQL server are looked at, all of them; what may not be read is told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from clinigate.chaos.labs.postgres import postgres_missing, postgres_server
from clinigate.phi.canaries import make_patients
from clinigate.phi.canary_search import CanarySearch
from clinigate.phi.leaks.model import Looked, Sighting, SinkKind
from clinigate.phi.leaks.reading import Eyes
from clinigate.phi.leaks.sinks import TableSink

psycopg = pytest.importorskip("psycopg")

(PATIENT,) = make_patients(7, 1)
EYES = Eyes(CanarySearch([PATIENT]), {PATIENT.id: "chat"})
MAIL, NAME, SSN = (PATIENT.values[each] for each in ("email", "family_name", "ssn"))

_PREPARED = f"""
CREATE TABLE notes (id int, said text, packed bytea);
INSERT INTO notes VALUES (1, 'fine', NULL), (2, 'mail {MAIL}', convert_to('{NAME}', 'UTF8'));
CREATE TABLE empty (id int);
CREATE TABLE parted (id int, said text) PARTITION BY RANGE (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (10);
INSERT INTO parted VALUES (1, '{SSN}');
CREATE MATERIALIZED VIEW seen AS SELECT said FROM notes WHERE id = 2;
CREATE MATERIALIZED VIEW unseen AS SELECT said FROM notes WITH NO DATA;
CREATE TABLE closed (said text);
CREATE TABLE hidden (said text);
INSERT INTO hidden VALUES ('{MAIL}');
ALTER TABLE hidden ENABLE ROW LEVEL SECURITY;
CREATE ROLE reader LOGIN PASSWORD 'reader';
GRANT SELECT ON notes, empty, parted, parted_1, seen, hidden TO reader;
"""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    reason = postgres_missing()
    if reason is not None:
        pytest.skip(reason)
    with postgres_server(fsync=False) as dsn:
        with psycopg.connect(dsn, autocommit=True) as link:
            link.execute(_PREPARED)
        yield dsn


def looked(dsn: str) -> tuple[list[Sighting], dict[str, str]]:
    seen = list(TableSink(dsn, "[hipaa] store_dsn_env").look(EYES))
    told = {each.place: each.trouble for each in seen if isinstance(each, Looked)}
    return [each for each in seen if isinstance(each, Sighting)], told


def test_every_table_is_read_with_its_rows(server: str) -> None:
    found, told = looked(server)
    assert {(each.kind, each.place, each.field, each.form, each.line) for each in found} == {
        (SinkKind.STORE, "postgresql:/public.notes", "email", "plain", 2),
        (SinkKind.STORE, "postgresql:/public.notes", "family_name", "hex", 2),
        (SinkKind.STORE, "postgresql:/public.parted_1", "ssn", "plain", 1),
        (SinkKind.STORE, "postgresql:/public.seen", "email", "plain", 1),
        (SinkKind.STORE, "postgresql:/public.hidden", "email", "plain", 1),
    }
    assert "postgresql:/public.empty" in told
    assert not any(told.values())


def test_what_may_not_be_read_or_is_shown_in_part_is_told(server: str) -> None:
    user = psycopg.conninfo.make_conninfo(server, user="reader", password="reader")
    _, told = looked(user)
    places = {place.rpartition(".")[2] for place, trouble in told.items() if trouble}
    assert places == {"closed", "hidden"}
    assert all("cannot be read (InsufficientPrivilege)" in each for each in told.values() if each)


def test_a_table_that_is_locked_is_told_and_not_waited_for(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clinigate.phi.leaks.stores._LOCK_MS", 20)
    with psycopg.connect(server) as link:
        link.execute("LOCK TABLE notes IN ACCESS EXCLUSIVE MODE")
        _, told = looked(server)
        link.rollback()
    assert "LockNotAvailable" in told["postgresql:/public.notes"]
