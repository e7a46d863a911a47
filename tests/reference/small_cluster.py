"""A replica in this process, over dependencies that tests take away and bring back.

The database, the inference worker and the desk are the real ones, each behind a socket of its own
in the same event loop. `lose` closes what listens and every connection to it; `hang` leaves them
open and silent; `bring_back` listens at the same address again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import httpx

from clinigate.reference.cluster.readings import assessment_to, card_to, emotion_to, turns_from
from clinigate.reference.cluster.replica import Replica
from clinigate.reference.cluster.roles import ReplicaPart
from clinigate.reference.crisis.desk import Desk
from clinigate.reference.engine.models import fitted
from clinigate.reference.operational import checked_defects
from clinigate.reference.records.sqlite_server import SqliteServer
from clinigate.reference.resilience.lines import LineServer, Message, Push
from clinigate.reference.web.app import framed
from clinigate.reference.web.clients import new_credentials

SECRET = "shared"
CRISIS = "I keep thinking about killing myself"
HELLO = "This queue is killing me"
PATIENCE_S = 30.0


class Service:
    """One dependency behind a socket."""

    def __init__(self, handle: Callable[[Message, Push], Awaitable[Message]]) -> None:
        self._handle = handle
        self._server = LineServer(self._answer, secret=SECRET)
        self._speaks = asyncio.Event()
        self.asked = 0

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._server.port}"

    async def _answer(self, message: Message, push: Push) -> Message:
        self.asked += 1
        await self._speaks.wait()
        return await self._handle(message, push)

    async def lose(self) -> None:
        await self._server.close()

    def hang(self) -> None:
        self._speaks.clear()

    async def bring_back(self) -> None:
        if self._speaks.is_set() or not self._server.port:
            await self._server.listen(self._server.port)
        self._speaks.set()


class SmallCluster:
    """One replica and its three dependencies."""

    def __init__(self, folder: Path, defects: tuple[str, ...], name: str, patience: float) -> None:
        engine = fitted("calibrator")

        async def read(message: Message, _push: Push) -> Message:
            turns = turns_from(message["turns"])
            assessment, emotion = engine.assess(turns), engine.emotion(turns)
            return {"assessment": assessment_to(assessment), "emotion": emotion_to(emotion)}

        self.folder = folder
        self.sqlite = SqliteServer(folder / "records.db")
        self.inference = Service(read)
        self.database = Service(self.sqlite.handle)
        self.people = Desk(folder / "journal.jsonl", name="desk-1", resolve_after_s=0.01)
        self.desk = Service(self.people.handle)
        self._card = card_to(engine.card)
        self._defects = defects
        self._name = name
        self._patience = patience
        self._credentials = new_credentials("evaluator", 0)

    async def start(self, dsn: str = "") -> None:
        for service in (self.inference, self.database, self.desk):
            await service.bring_back()
        self.begin_replica(dsn)

    def begin_replica(self, dsn: str = "") -> None:
        clinical, operational = checked_defects(self._defects)
        part = ReplicaPart(
            name=self._name,
            secret=SECRET,
            inference=self.inference.address,
            desk=self.desk.address,
            database="" if dsn else self.database.address,
            dsn=dsn,
            clinical=clinical,
            operational=sorted(operational),
            token_key="11" * 32,
            store_key="22" * 32,
            token_lifetime_s=3600.0,
            clients={"evaluator": asdict(self._credentials)},
            card=self._card,
            outbox=str(self.folder / "outbox.jsonl"),
            log="",
            certificate="",
            certificates={},
            patience=self._patience,
        )
        self.replica = Replica(part)
        self.replica.start()
        held = self._credentials
        token = self.replica.api.desk.issue(held.client_id, held.client_secret, None).value
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(framed(self.replica.api)),
            base_url="https://replica.test",
            headers={"Authorization": f"Bearer {token}"},
        )

    async def stop_replica(self) -> None:
        await self.client.aclose()
        await self.replica.close()

    async def close(self) -> None:
        await self.stop_replica()
        for service in (self.inference, self.database, self.desk):
            await service.lose()
        self.sqlite.close()
        self.people.close()

    async def chat(self, text: str, **headers: str) -> httpx.Response:
        body = {"messages": [{"role": "user", "content": text}]}
        return await self.client.post("/v1/chat/completions", json=body, headers=headers)

    async def complete(self, trace: str) -> dict[str, Any]:
        """Return a trace once it is complete."""

        async def look() -> dict[str, Any] | None:
            answer = await self.client.get(f"/v1/crisis/traces/{trace}")
            found: dict[str, Any] = answer.json()
            return found if found.get("complete") else None

        found: dict[str, Any] = await self.until(look)
        return found

    @staticmethod
    async def until(look: Callable[[], Awaitable[Any]]) -> Any:
        """Return the first thing that `look` finds."""
        return await _until(look)

    async def metric(self, line: str) -> float:
        page = (await self.client.get("/metrics")).text
        (found,) = (
            row for row in page.splitlines() if row.startswith(f"clinigate_reference_{line} ")
        )
        return float(found.rpartition(" ")[2])


async def _until(look: Callable[[], Awaitable[Any]]) -> Any:
    """Return the first thing that `look` finds."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if found := await look():
            return found
        await asyncio.sleep(0.02)
    raise AssertionError("it never came true")


@asynccontextmanager
async def small_cluster(
    folder: Path, *defects: str, dsn: str = "", name: str = "api-1", patience: float = 100.0
) -> AsyncIterator[SmallCluster]:
    cluster = SmallCluster(folder, defects, name, patience)
    await cluster.start(dsn)
    try:
        yield cluster
    finally:
        await cluster.close()
