"""What is written down survives: the outbox, shared records whose end nobody saw, the desk."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from clinigate.errors import EvidenceError
from clinigate.reference.crisis.desk import Desk
from clinigate.reference.crisis.trace import (
    EventName,
    TraceEvent,
)
from clinigate.reference.records.audit import AuditEvent, verify_lines
from clinigate.reference.records.entry import Entry
from clinigate.reference.records.outbox import Outbox
from clinigate.reference.records.reading import chain_lines
from clinigate.reference.records.sealing import SealedRow
from clinigate.reference.records.shared import SharedRecords
from clinigate.reference.records.sqlite_server import SqliteServer
from clinigate.reference.records.tables import RecordsUnavailable, Statement
from clinigate.reference.resilience.dependency import CallPolicy, Dependency


def entry(name: str) -> Entry:
    event = TraceEvent("t" * 32, EventName.DETECTED, 1.0, "api-1", {"severity": "C2"})
    row = SealedRow(name, 1.0, "client", b"\x00\xff", b"sealed")
    return Entry(name, 2.0, (AuditEvent("client", "x", "ok"),), row, (event,))


def test_what_is_put_is_there_after_a_restart_until_it_is_settled(tmp_path: Path) -> None:
    async def go() -> None:
        outbox = Outbox(tmp_path / "o.jsonl")
        for name in ("a", "b", "c"):
            await outbox.put(entry(name))
        await outbox.settle("b")
        outbox.close()
        again = Outbox(tmp_path / "o.jsonl")
        assert list(again.pending.values()) == [entry("a"), entry("c")]
        await again.settle("a")
        await again.settle("c")
        await again.settle("never there")
        again.close()
        assert (tmp_path / "o.jsonl").read_bytes() == b""

    asyncio.run(go())


def test_a_line_cut_short_by_a_crash_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "o.jsonl"
    line = json.dumps(entry("a").to_plain()).encode()
    path.write_bytes(line + b"\n" + line[: len(line) // 2])
    outbox = Outbox(path)
    assert list(outbox.pending) == ["a"]
    outbox.close()


def test_a_full_disk_is_told_and_the_entry_kept_in_memory() -> None:
    async def go() -> None:
        outbox = Outbox.__new__(Outbox)
        with Path("/dev/full").open("ab", buffering=0) as full:
            outbox.path, outbox.pending = Path("/dev/full"), {}
            outbox._fd, outbox._writing = full.fileno(), asyncio.Lock()
            with pytest.raises(EvidenceError, match="No space left"):
                await outbox.put(entry("a"))
        assert list(outbox.pending) == ["a"]

    asyncio.run(go())


# The shared records


class Faulty:
    """A database on a real SQLite file whose answers get lost, or which has a fault of its own."""

    def __init__(self, path: Path, failures: list[Exception]) -> None:
        self.server, self.failures = SqliteServer(path), failures

    async def commit(self, statements: Any, _timeout_s: float) -> None:
        self.server._commit([(one.sql, list(one.values)) for one in statements])
        if self.failures and "INSERT" in statements[0].sql:
            raise self.failures.pop(0)

    async def rows(self, statement: Statement, _timeout_s: float) -> list[Any]:
        return self.server._db.execute(statement.sql, statement.values).fetchall()

    async def close(self) -> None:
        self.server.close()


def written(tmp_path: Path, *failures: Exception) -> tuple[list[str], list[bytes]]:
    """What became of three entries, and the lines that were written."""

    async def go() -> tuple[list[str], list[bytes]]:
        database = Faulty(tmp_path / "r.db", list(failures))
        policy = CallPolicy(timeout_s=30.0, backoff_s=0.0)
        asked = Dependency("database", policy, also=(RecordsUnavailable,))
        records = SharedRecords(database, asked, chain="api-1")
        ends = []
        for name in ("a", "b", "c"):
            done = records.submit(entry(name))
            await asyncio.wait([done])
            ends.append(type(done.exception()).__name__)
        lines = await chain_lines(database, "api-1")(30.0)
        await records.close()
        return ends, lines

    return asyncio.run(go())


def test_a_transaction_whose_end_nobody_saw_is_not_written_twice(tmp_path: Path) -> None:
    ends, lines = written(tmp_path, ConnectionResetError(), RecordsUnavailable("lost"))
    assert ends == ["NoneType"] * 3
    assert verify_lines(lines, "api-1").length == 3


def test_a_fault_of_the_program_fails_its_own_transaction_alone(tmp_path: Path) -> None:
    ends, lines = written(tmp_path, ZeroDivisionError())
    assert ends == ["RecordsUnavailable", "NoneType", "NoneType"]
    assert verify_lines(lines, "api-1").length == 3


# The desk


def test_the_desk_takes_each_trace_once_also_after_a_restart(tmp_path: Path) -> None:
    async def go() -> None:
        pushed: list[dict[str, Any]] = []
        desk = Desk(tmp_path / "j.jsonl", name="d", resolve_after_s=0.0)
        message = {"op": "escalate", "trace": "t1", "severity": "C2"}
        first = await desk.handle(message, pushed.append)
        second = await desk.handle(message, pushed.append)
        assert first["acknowledged"] == second["acknowledged"]
        while not pushed:
            await asyncio.sleep(0)
        desk.close()
        again = Desk(tmp_path / "j.jsonl", name="d", resolve_after_s=0.0)
        assert "resolved" in await again.handle(message, pushed.append)
        again.close()
        assert len((tmp_path / "j.jsonl").read_text().splitlines()) == 1

    asyncio.run(go())
