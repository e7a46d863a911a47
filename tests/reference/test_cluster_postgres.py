"""The records in PostgreSQL: the same chain and the same traces, and a server that goes away."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import httpx
import pytest

from clinigate.chaos.labs.postgres import postgres_missing, postgres_server
from clinigate.core.case import Turn
from clinigate.errors import TargetError, UsageError
from clinigate.reference.cluster import running_cluster
from clinigate.reference.cluster.dsn import address_of, through
from clinigate.reference.crisis.trace import EventName, TraceEvent
from clinigate.reference.records.audit import AuditEvent, verify_lines
from clinigate.reference.records.entry import Entry
from clinigate.reference.records.postgres import PostgresDatabase
from clinigate.reference.records.reading import chain_lines
from clinigate.reference.records.sealing import Conversation, SealedRow, Sealer
from clinigate.reference.records.shared import SharedRecords
from clinigate.reference.records.tables import RecordsUnavailable, Statement
from clinigate.reference.resilience.dependency import CallPolicy, Dependency

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
CRISIS = "I keep thinking about killing myself"
PATIENCE_S = 20.0
SEALER = Sealer(bytes(32), "the test")


@pytest.fixture(scope="module")
def dsn() -> Iterator[str]:
    missing = postgres_missing()
    if missing is not None:
        pytest.skip(missing)
    with postgres_server() as found:
        yield found


def with_database(dsn: str, work: Callable[[PostgresDatabase], Awaitable[Any]]) -> Any:
    async def go() -> Any:
        database = PostgresDatabase(dsn)
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(go())


def records_on(database: PostgresDatabase, chain: str) -> SharedRecords:
    policy = CallPolicy(timeout_s=PATIENCE_S)
    return SharedRecords(
        database, Dependency("database", policy, also=(RecordsUnavailable,)), chain=chain
    )


def entry(number: int) -> Entry:
    turns = (Turn("user", CRISIS),)
    row = SEALER.seal(Conversation(f"c{number}", 1.5, "client", turns, "reply \u2026 \x00 end"))
    event = TraceEvent(f"{number:032x}", EventName.DETECTED, 2.0, "api-1", {"severity": "C2"})
    access = AuditEvent("client", "chat.complete", "ok", f"{number:032x}")
    return Entry(f"e{number}", 3.0, (access,), row, (event,))


def test_what_is_written_is_read_and_the_chain_verifies(dsn: str) -> None:
    async def work(database: PostgresDatabase) -> None:
        records = records_on(database, "one")
        await asyncio.gather(*(records.submit(entry(number)) for number in range(20)))
        lines = await chain_lines(database, "one")(PATIENCE_S)
        assert verify_lines(lines, "one").length == 20
        (row,) = await database.rows(
            Statement("SELECT * FROM conversations WHERE id = ?", ("c7",)), PATIENCE_S
        )
        assert CRISIS.encode() not in row[3]
        assert SEALER.open(SealedRow(*row)).reply == "reply \u2026 \x00 end"
        trace = await records.trace(f"{7:032x}")
        assert trace is not None
        assert [event.detail for event in trace.events] == [{"severity": "C2"}]
        await records.close()

    with_database(dsn, work)


def test_a_new_process_goes_on_with_the_chain_and_writes_nothing_twice(dsn: str) -> None:
    for _ in range(2):

        async def work(database: PostgresDatabase) -> None:
            records = records_on(database, "two")
            await records.submit(entry(50))
            await records.close()

        with_database(dsn, work)

    async def look(database: PostgresDatabase) -> tuple[int, int]:
        lines = await chain_lines(database, "two")(PATIENCE_S)
        query = Statement("SELECT COUNT(*) FROM conversations WHERE id = ?", ("c50",))
        ((n,),) = await database.rows(query, PATIENCE_S)
        return verify_lines(lines, "two").length, int(n)

    assert with_database(dsn, look) == (2, 1)


def test_two_writers_of_one_chain_never_fork_it(dsn: str) -> None:
    """A frozen process that wakes up after its successor wrote: it finds out and goes on behind."""

    async def work(first: PostgresDatabase) -> None:
        second = PostgresDatabase(dsn)
        old, new = records_on(first, "three"), records_on(second, "three")
        for number, records in enumerate((old, new, old, old, new)):
            await records.submit(entry(100 + number))
        lines = await chain_lines(first, "three")(PATIENCE_S)
        assert verify_lines(lines, "three").length == 5
        await new.close()
        await old.close()

    with_database(dsn, work)


def test_a_crisis_in_a_replica_on_postgres(in_cluster: Callable[..., None], dsn: str) -> None:
    async def scenario(cluster: Any) -> None:
        body = (await cluster.chat(CRISIS, **PARENT)).json()
        assert "degraded" not in body
        trace = await cluster.complete(TRACE)
        assert len(trace["events"]) == 6
        assert "killing" not in json.dumps(trace)

    in_cluster(scenario, dsn=dsn, name="pg-1")


def test_a_connection_that_breaks_is_made_again(in_cluster: Callable[..., None], dsn: str) -> None:
    async def scenario(cluster: Any) -> None:
        assert (await cluster.chat(CRISIS)).status_code == 200
        database = PostgresDatabase(dsn)
        kill = (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        )
        await database.rows(Statement(f"{kill} AND backend_type = 'client backend'"), PATIENCE_S)
        await database.close()
        answer = await cluster.chat(CRISIS)
        assert answer.status_code == 200
        await cluster.complete(answer.headers["x-trace-id"])

    in_cluster(scenario, dsn=dsn, name="pg-2")


def test_a_whole_cluster_on_postgres_and_redis(dsn: str) -> None:
    """Both behind links; a second question of the same words is read from the cache."""
    from clinigate.chaos.labs.redis import redis_missing, redis_server

    missing = redis_missing()
    if missing is not None:
        pytest.skip(missing)
    with (
        redis_server() as cache_url,
        running_cluster(1, dsn=dsn, cache_url=cache_url, patience=100.0) as path,
    ):
        topology = json.loads(path.read_text())
        links = {link["name"] for link in topology["links"]}
        assert links == {"api-cache", "api-db", "api-inference", "api-queue"}
        for secret in (dsn, cache_url):
            assert secret.rpartition("@")[0].rpartition(":")[2] not in path.read_text()
        entry = topology["entry"]
        context = ssl.create_default_context(cafile=entry["ca_file"])
        headers = {"Authorization": f"Bearer {os.environ[entry['token_env']]}"}
        body = {"messages": [{"role": "user", "content": CRISIS}]}
        with httpx.Client(base_url=entry["url"], verify=context, headers=headers) as client:
            answers = [client.post("/v1/chat/completions", json=body).json() for _ in range(2)]
            page = client.get("/metrics").text
        assert "degraded" not in str(answers)
        assert "clinigate_reference_cache_hits_total 1.0" in page


def test_a_server_that_is_not_there_is_told_without_its_password() -> None:
    async def work(database: PostgresDatabase) -> str:
        with pytest.raises(RecordsUnavailable) as caught:
            await database.commit([Statement("SELECT 1")], PATIENCE_S)
        return str(caught.value)

    told = with_database("postgresql://user:hunter2@127.0.0.1:9/x", work)
    assert "refused" in told
    assert "hunter2" not in told


def test_a_cluster_on_a_database_that_refuses_does_not_start() -> None:
    dsn = "postgresql://user:hunter2@127.0.0.1:9/x"
    with (
        pytest.raises(TargetError, match=r"127\.0\.0\.1:9 does not let the DSN in") as caught,
        running_cluster(1, dsn=dsn),
    ):
        pass
    assert "hunter2" not in str(caught.value)


def test_a_dsn_goes_through_a_link() -> None:
    dsn = "postgresql://user:secret@db.example:6543/name?sslmode=require"
    assert address_of(dsn) == "db.example:6543"
    led = through(dsn, "127.0.0.1:7")
    assert address_of(led) == "127.0.0.1:7"
    assert "sslmode=require" in led
    with pytest.raises(UsageError, match="one host"):
        address_of("dbname=x")
    with pytest.raises(UsageError, match="malformed") as caught:
        address_of("postgresql://user:hunter2@[broken")
    assert "hunter2" not in str(caught.value)
