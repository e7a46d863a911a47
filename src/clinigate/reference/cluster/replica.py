"""One replica: the routes of the service over dependencies that live in other processes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import ExitStack, closing
from pathlib import Path

from clinigate.reference.cluster.cache import cache_at
from clinigate.reference.cluster.certificate import CertificateWatch, serve_from
from clinigate.reference.cluster.keeping import ReplicaRecords
from clinigate.reference.cluster.mind import CRISIS_PATIENCE_S, RemoteMind
from clinigate.reference.cluster.readings import card_from
from clinigate.reference.cluster.roles import ReplicaPart
from clinigate.reference.cluster.watching import (
    certificates_watched,
    chats_watched,
    dependencies_watched,
    records_watched,
)
from clinigate.reference.credentials import Credentials
from clinigate.reference.crisis.escalation import Escalator
from clinigate.reference.defects import CLEAN, Defect, defect_named
from clinigate.reference.records.outbox import Outbox
from clinigate.reference.records.sealing import Sealer
from clinigate.reference.records.shared import SharedRecords
from clinigate.reference.records.sqlite_server import RemoteDatabase
from clinigate.reference.records.tables import Database, RecordsUnavailable
from clinigate.reference.resilience.dependency import CallPolicy, Dependency
from clinigate.reference.resilience.lines import LineClient
from clinigate.reference.server import AnnouncingServer, listening, uvicorn_config
from clinigate.reference.web.api import Api
from clinigate.reference.web.app import framed
from clinigate.reference.web.clients import SharedTokenDesk, client_of
from clinigate.reference.web.load import Load
from clinigate.reference.web.logs import log_to
from clinigate.reference.web.metrics import Metrics
from clinigate.reference.web.pacing import Pacing
from clinigate.reference.web.ratelimit import RateLimit

__all__ = ["Replica", "run_replica"]

_TIMEOUTS_S = {"inference": 0.5, "database": 0.5, "queue": 1.0, "cache": 0.1}
_ATTEMPTS = {"queue": 1, "cache": 1}


def run_replica(part: ReplicaPart, announce: Callable[[int], None]) -> None:
    """Serve until a signal; `announce` gets the port once requests are answered."""
    replica = Replica(part)
    with ExitStack() as stack:
        stack.enter_context(closing(log_to(Path(part.log))))
        listener = stack.enter_context(listening("127.0.0.1", part.port))
        config = uvicorn_config(framed(replica.api), part.certificate)

        def on_started() -> None:
            replica.start()
            assert config.ssl is not None
            replica.keep(serve_from(Path(part.certificate), config.ssl))
            announce(listener.getsockname()[1])

        AnnouncingServer(config, on_started).run(sockets=[listener])


class Replica:
    """The parts of one replica, put together."""

    def __init__(self, part: ReplicaPart) -> None:
        operational = frozenset(part.operational)
        load = Load()
        self._tasks: list[asyncio.Task[None]] = []
        self._asked = {name: _dependency(name, part.patience, operational) for name in _TIMEOUTS_S}
        self._fault = defect_named(part.clinical) if part.clinical else CLEAN
        self._sealer = Sealer(
            bytes.fromhex(part.store_key), "the shared database", keeping=self._fault.records
        )
        self._inference = LineClient(part.inference, secret=part.secret)
        self._cache = cache_at(part.cache_url, self._sealer, self._asked["cache"])
        mind = self._mind_of(part, load, operational)
        shared = SharedRecords(_database(part), self._asked["database"], chain=part.name)
        self._records = self._records_of(part, shared, operational)
        self._escalator = self._escalator_of(part, shared, operational)
        self.api = Api(
            mind=mind,
            records=self._records,
            desk=_token_desk(part, self._fault),
            limit=RateLimit(clock=time.time),
            metrics=Metrics(),
            load=load,
            pacing=Pacing(part.tokens_per_s, part.first_token_s),
            clock=time.time,
            traced=True,
            fault=self._fault,
        )
        stuck = "expired-certificate-unnoticed" in operational
        certificates = {
            name: CertificateWatch(Path(path), stuck=stuck)
            for name, path in part.certificates.items()
        }
        self.api.metrics.watch(
            *dependencies_watched(self._asked),
            *certificates_watched(certificates),
            *records_watched(self._records, self._escalator),
            *chats_watched(mind, self._cache, load),
        )

    def start(self) -> None:
        """Begin what runs beside the requests; the loop must be running."""
        self._records.start(self._escalator)

    def keep(self, work: Coroutine[None, None, None]) -> None:
        """Run a coroutine for as long as the replica lives."""
        self._tasks.append(asyncio.create_task(work))

    async def close(self) -> None:
        """Stop what runs beside the requests."""
        for task in self._tasks:
            task.cancel()
        await self._records.close()
        await self._inference.close()
        await self._cache.close()

    def _mind_of(self, part: ReplicaPart, load: Load, operational: frozenset[str]) -> RemoteMind:
        return RemoteMind(
            self._inference,
            self._asked["inference"],
            card=card_from(part.card),
            cache=self._cache,
            load=load,
            crisis_patience_s=part.patience * CRISIS_PATIENCE_S,
            clinical=self._fault,
            operational=operational,
        )

    def _records_of(
        self, part: ReplicaPart, shared: SharedRecords, operational: frozenset[str]
    ) -> ReplicaRecords:
        return ReplicaRecords(
            shared,
            Outbox(Path(part.outbox)),
            self._sealer,
            replica=part.name,
            patience=part.patience,
            fails_open="audit-fails-open" in operational,
        )

    def _escalator_of(
        self, part: ReplicaPart, shared: SharedRecords, operational: frozenset[str]
    ) -> Escalator:
        return Escalator(
            address=part.desk,
            secret=part.secret,
            dependency=self._asked["queue"],
            replica=part.name,
            keep=self._records.keep,
            unresolved=shared.unresolved,
            forgets="escalation-lost" in operational,
        )


def _token_desk(part: ReplicaPart, fault: Defect) -> SharedTokenDesk:
    return SharedTokenDesk(
        (client_of(name, Credentials(**held)) for name, held in part.clients.items()),
        key=bytes.fromhex(part.token_key),
        lifetime_s=part.token_lifetime_s,
        immortal=fault.immortal_tokens,
        clock=time.time,
    )


def _database(part: ReplicaPart) -> Database:
    if part.dsn:
        from clinigate.reference.records.postgres import PostgresDatabase

        return PostgresDatabase(part.dsn)
    return RemoteDatabase(part.database, secret=part.secret)


def _dependency(name: str, patience: float, operational: frozenset[str]) -> Dependency:
    policy = CallPolicy(
        timeout_s=patience * _TIMEOUTS_S[name],
        attempts=_ATTEMPTS.get(name, 2),
        storm="retry-storm" in operational,
        never_opens="breaker-never-opens" in operational,
    )
    return Dependency(name, policy, also=(RecordsUnavailable,))
