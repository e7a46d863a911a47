"""Databases are timed on data of the benchmark's own, a slow one FAILs, and none leaks a secret."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
import redis

from clinigate.chaos.labs.link import open_link
from clinigate.chaos.labs.processes import Lab
from clinigate.core.exhibit import Exhibit
from clinigate.core.measurement import Measurement
from clinigate.core.verdict import Status
from clinigate.gpu_bench.database.options import LAB, DatabaseOptions, Limits, Source
from clinigate.gpu_bench.database.postgres import PostgresStore

POSTGRES = Limits(postgres=10.0, mongodb=None, redis=None)
REDIS = Limits(postgres=None, mongodb=None, redis=10.0)
SECRET = "correct-horse"


def _options(limits: Limits, **sources: str) -> DatabaseOptions:
    named = {store: Source(address, "SOME_VARIABLE") for store, address in sources.items()}
    # As few as bound each percentile: 299 for a 99th, 59 for a 95th.
    statements = 60 if limits.postgres is None else 320
    return DatabaseOptions(limits, named, statements=statements, blocks=4, timeout_s=2.0)


@contextmanager
def _slowed(address: str, delay_s: float) -> Iterator[str]:
    """The same server, each answer of which comes later."""
    port = urlsplit(address).port
    assert port is not None
    with Lab() as lab:
        link = open_link(lab, lab.directory(), "slow", port)
        link.delay(delay_s, ttl_s=60)
        yield address.replace(f":{port}", f":{link.port}")


class TestPostgres:
    def test_a_fast_one_passes_with_what_was_measured_and_how(
        self, bench: Any, postgres: str
    ) -> None:
        verdicts = bench.run(_options(POSTGRES, postgres=postgres))
        assert {verdict.status for verdict in verdicts.values()} == {Status.PASS}
        assert set(verdicts) == {
            "bench.db.postgres.patient_lookup.p99",
            "bench.db.postgres.recent_turns.p99",
            "bench.db.postgres.audit_insert.p99",
        }
        measured = [o.about for o in bench.record.seen if isinstance(o.about, Measurement)]
        assert [m.n for m in measured] == [320] * 3
        assert all(len(m.slices) == 4 for m in measured)
        assert all("fsync off" in m.caveats[0] for m in measured)
        assert all("1 pooled connection" in m.caveats[0] for m in measured)
        assert sum(isinstance(o.about, Exhibit) for o in bench.record.seen) == 2

    def test_a_slow_one_fails(self, bench: Any, postgres: str) -> None:
        limits = Limits(postgres=0.003, mongodb=None, redis=None)
        with _slowed(postgres, 0.006) as address:
            options = replace(_options(limits, postgres=address), statements=10, blocks=2)
            verdicts = bench.run(options)
        assert {verdict.status for verdict in verdicts.values()} == {Status.FAIL}

    def test_users_tables_stay_and_scratch_goes_also_after_an_interrupt(
        self, postgres: str
    ) -> None:
        with psycopg.connect(postgres, autocommit=True) as link:
            link.execute("CREATE TABLE IF NOT EXISTS patients (id int)")
            link.execute("INSERT INTO patients VALUES (1)")
            with pytest.raises(KeyboardInterrupt):
                _interrupted(postgres, link)
            assert _schemas(link) == []
            assert link.execute("SELECT count(*) FROM patients").fetchone() == (1,)
            link.execute("DROP TABLE patients")

    def test_each_statement_does_what_its_name_says(self, postgres: str) -> None:
        with PostgresStore(Source(postgres, "x"), timeout_s=2.0) as store:
            session = store.session()
            records: Any = session.operations["patient_lookup"](3)
            turns: Any = session.operations["recent_turns"](3)
            session.operations["audit_insert"](3)
            session.close()
        assert [len(record) for (record,) in records] == [256]
        assert [number for number, _ in turns] == list(range(40, 20, -1))

    def test_one_that_may_not_be_written_to_is_an_error_in_one_sentence(
        self, bench: Any, postgres: str
    ) -> None:
        with psycopg.connect(postgres, autocommit=True) as link:
            link.execute("DROP ROLE IF EXISTS reader")
            link.execute(f"CREATE ROLE reader LOGIN PASSWORD '{SECRET}'")
        parts = urlsplit(postgres)
        address = f"postgresql://reader:{SECRET}@{parts.hostname}:{parts.port}/postgres"
        (reason,) = _reasons(bench, _options(POSTGRES, postgres=address))
        assert reason == (
            f"PostgreSQL at 127.0.0.1:{parts.port}: cannot lay out its scratch schema "
            "(SQLSTATE 42501); check the server and SOME_VARIABLE"
        )


class TestRedis:
    def test_a_fast_one_passes_and_its_keys_are_gone(self, bench: Any, redis_url: str) -> None:
        with redis.Redis.from_url(redis_url) as link:
            link.set("theirs", "1")
            verdicts = bench.run(_options(REDIS, redis=redis_url))
            assert link.keys() == [b"theirs"]
        assert set(verdicts) == {"bench.db.redis.get.p95", "bench.db.redis.set.p95"}
        assert {verdict.status for verdict in verdicts.values()} == {Status.PASS}

    def test_a_slow_one_fails_at_the_limit_that_ships(self, bench: Any, redis_url: str) -> None:
        limits = Limits(postgres=None, mongodb=None)
        with _slowed(redis_url, 0.003) as address:
            options = replace(_options(limits, redis=address), statements=16, blocks=2)
            verdicts = bench.run(options)
        assert {verdict.status for verdict in verdicts.values()} == {Status.FAIL}


class TestRefusals:
    @pytest.mark.parametrize(
        ("limits", "sources", "words"),
        [
            (POSTGRES, {"postgres": f"postgresql://me:{SECRET}@127.0.0.1:1/x"}, "refuses connec"),
            (POSTGRES, {"postgres": f"host=127.0.0.1 {SECRET}"}, "an address that is none"),
            (REDIS, {"redis": f"redis://:{SECRET}@127.0.0.1:1/0"}, "refuses connections"),
            (REDIS, {"redis": SECRET}, "the address is none"),
        ],
    )
    def test_a_database_that_is_not_there_is_an_error_without_its_password(
        self, bench: Any, limits: Limits, sources: dict[str, str], words: str
    ) -> None:
        (reason,) = _reasons(bench, _options(limits, **sources))
        assert words in reason
        assert "SOME_VARIABLE" in reason
        assert SECRET not in reason

    def test_wrong_credentials_are_named_as_such(
        self, bench: Any, postgres: str, redis_url: str
    ) -> None:
        both = Limits(postgres=1.0, mongodb=None, redis=1.0)
        wrong = {
            "postgres": _with_password(postgres, SECRET),
            "redis": _with_password(redis_url, SECRET),
        }
        reasons = _reasons(bench, _options(both, **wrong))
        assert len(reasons) == 2
        assert all("refuses the credentials" in reason for reason in reasons)
        assert SECRET not in "".join(reasons)

    def test_one_that_refuses_keeps_no_other_from_being_timed(
        self, bench: Any, redis_url: str
    ) -> None:
        both = Limits(postgres=1.0, mongodb=None, redis=10.0)
        options = _options(both, postgres="postgresql://127.0.0.1:1/x", redis=redis_url)
        options = replace(options, statements=60)
        verdicts = bench.run(options)
        assert verdicts["bench.db.postgres.audit_insert.p99"].status is Status.ERROR
        assert verdicts["bench.db.redis.get.p95"].status is Status.PASS

    def test_one_that_nobody_named_is_not_assessed_and_says_how_to_name_it(
        self, bench: Any
    ) -> None:
        options = DatabaseOptions(
            Limits(postgres=None, redis=None), missing={"mongodb": "set MONGODB_URI"}
        )
        verdicts = bench.run(options)
        assert {v.status for v in verdicts.values()} == {Status.NOT_ASSESSED}
        assert {v.reason for v in verdicts.values()} == {"set MONGODB_URI"}


class TestHonesty:
    def test_a_busy_host_is_no_verdict(self, bench: Any, redis_url: str) -> None:
        limits = Limits(postgres=None, mongodb=None)
        options = _options(limits, redis=redis_url)
        verdicts = bench.run(options, waits=(0.002,) * 100)
        assert {v.status for v in verdicts.values()} == {Status.INCONCLUSIVE}
        assert all("too busy to judge 1 ms" in v.reason for v in verdicts.values())

    def test_a_host_that_nobody_watched_is_not_a_quiet_one(
        self, bench: Any, redis_url: str
    ) -> None:
        verdicts = bench.run(_options(REDIS, redis=redis_url), waits=())
        assert {v.status for v in verdicts.values()} == {Status.INCONCLUSIVE}
        assert bench.record.notes[0]["host_delay_p99_s"] is None

    def test_too_few_statements_for_a_percentile_are_no_pass(
        self, bench: Any, postgres: str
    ) -> None:
        options = replace(_options(POSTGRES, postgres=postgres), statements=40)
        verdicts = bench.run(options)
        assert {v.status for v in verdicts.values()} == {Status.INCONCLUSIVE}

    def test_a_server_of_a_lab_is_called_one(self, bench: Any, redis_url: str) -> None:
        options = replace(_options(REDIS), sources={"redis": Source(redis_url, LAB)})
        bench.run(options)
        measured = [o.about for o in bench.record.seen if isinstance(o.about, Measurement)]
        assert all("local lab server" in m.caveats[0] for m in measured)
        assert all("share this host" in m.caveats[1] for m in measured)
        assert bench.record.notes[0]["source"] == LAB


def _interrupted(postgres: str, link: psycopg.Connection[Any]) -> None:
    with PostgresStore(Source(postgres, "x"), timeout_s=2.0) as store:
        session = store.session()
        session.operations["audit_insert"](1)
        session.close()
        assert _schemas(link) != []
        raise KeyboardInterrupt


def _schemas(link: psycopg.Connection[Any]) -> list[Any]:
    query = "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'clinigate_bench%'"
    return link.execute(query).fetchall()


def _reasons(bench: Any, options: DatabaseOptions) -> set[str]:
    verdicts = bench.run(options)
    assert {verdict.status for verdict in verdicts.values()} == {Status.ERROR}
    return {verdict.reason for verdict in verdicts.values()}


def _with_password(address: str, password: str) -> str:
    right = urlsplit(address).password
    assert right is not None
    return address.replace(right, password)
