"""What a cluster consists of: its places, its secrets, and what each process is told."""

from __future__ import annotations

import secrets
import time
from dataclasses import asdict
from typing import Any

from clinigate.reference.cluster.authority import issue
from clinigate.reference.cluster.dsn import (
    address_of,
    cache_address,
    cache_through,
    require_connection,
    through,
)
from clinigate.reference.cluster.roles import (
    DeskPart,
    EntryPart,
    InferencePart,
    Part,
    ReplicaPart,
    StorePart,
)
from clinigate.reference.cluster.settings import Settings
from clinigate.reference.cluster.topology import TOKEN_ENV
from clinigate.reference.operational import checked_defects
from clinigate.reference.web.clients import SharedTokenDesk, client_of, new_credentials

__all__ = ["Blueprint"]

_TOKEN_LIFETIME_S = 24 * 3600.0
_APP_PER_MINUTE = 100
_PLACES = ("logs", "outbox", "desk", "tls")


class Blueprint:
    """One cluster on paper. Every secret is made here, anew for each start.

    Attributes:
        certificates: by name, once the places are made. restarts: whether what ends is started
            again.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._folder = settings.directory
        self._records = settings.records_dir or self._folder / "records"
        self._clinical, self._operational = checked_defects(settings.defects)
        self._secret = secrets.token_hex(16)
        self._token_key, self._store_key = secrets.token_bytes(32), secrets.token_bytes(32)
        self._clients = {
            "app": new_credentials("app", _APP_PER_MINUTE),
            "evaluator": new_credentials("evaluator", settings.requests_per_minute),
        }
        self.restarts = "no-restart" not in self._operational

    def make_places(self) -> None:
        """Make the folders, private to their owner, and issue the certificates."""
        for place in (*(self._folder / name for name in _PLACES), self._records):
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._ca_file, issued = issue(self._folder / "tls", ("entry", "replicas"))
        self.certificates = {one.name: one for one in issued}

    def entry_shown(self, port: int) -> dict[str, Any]:
        """The entry as the topology shows it; its token is written beside."""
        desk = SharedTokenDesk(
            (client_of(name, held) for name, held in self._clients.items()),
            key=self._token_key,
            lifetime_s=_TOKEN_LIFETIME_S,
            clock=time.time,
        )
        held = self._clients["evaluator"]
        token_file = self._folder / "token"
        token = desk.issue(held.client_id, held.client_secret, None)
        token_file.write_text(token.value, encoding="ascii")
        return {
            "url": f"https://127.0.0.1:{port}",
            "ca_file": str(self._ca_file),
            "token_env": TOKEN_ENV,
            "token_file": str(token_file),
            "model": self._settings.model,
        }

    def storage(self) -> list[dict[str, Any]]:
        """The places that can be full; PostgreSQL's is not ours."""
        places = {"outbox": self._folder / "outbox"}
        if not self._settings.dsn:
            places["audit"] = self._records
        return [
            {"name": name, "labels": {"store": name}, "path": str(path)}
            for name, path in places.items()
        ]

    def databases(self) -> list[dict[str, Any]]:
        """PostgreSQL, without its DSN: that holds a password."""
        return [{"name": "db", "labels": {"app": "db"}}] if self._settings.dsn else []

    def require_database(self) -> None:
        """Make sure that PostgreSQL, where it is asked for, lets us in.

        Raises:
            TargetError: it does not; UsageError: the DSN is malformed.
        """
        if self._settings.dsn:
            require_connection(self._settings.dsn)

    def dependencies(self) -> list[tuple[str, Part]]:
        """What the replicas depend on: role and part of each process."""
        secret = self._secret
        journal = str(self._folder / "desk" / "journal.jsonl")
        wait_s = self._settings.resolve_after_s
        made: list[tuple[str, Part]] = [
            (
                "inference",
                InferencePart(name="inference-1", secret=secret, model=self._settings.model),
            ),
            (
                "desk",
                DeskPart(name="desk-1", secret=secret, journal=journal, resolve_after_s=wait_s),
            ),
        ]
        if not self._settings.dsn:
            path = str(self._records / "records.db")
            made.append(("store", StorePart(name="db-1", secret=secret, path=path)))
        return made

    def upstreams(self, ports: dict[str, int]) -> dict[str, str]:
        """Where each link leads, given the ports of the processes.

        Raises:
            UsageError: the DSN or the URL of the cache leads nowhere.
        """
        upstreams = {
            "api-inference": f"127.0.0.1:{ports['inference-1']}",
            "api-queue": f"127.0.0.1:{ports['desk-1']}",
        }
        if self._settings.dsn:
            upstreams["api-db"] = address_of(self._settings.dsn)
        else:
            upstreams["api-db"] = f"127.0.0.1:{ports['db-1']}"
        if self._settings.cache_url:
            upstreams["api-cache"] = cache_address(self._settings.cache_url)
        return upstreams

    def replicas(self, links: dict[str, str], card: dict[str, Any]) -> list[ReplicaPart]:
        """The replicas, given the addresses of their links and the model card."""
        numbers = range(1, self._settings.replicas + 1)
        return [self._replica(f"api-{number}", links, card) for number in numbers]

    def entry(self, port: int, listener: int) -> EntryPart:
        """The entry, given its listening socket."""
        return EntryPart(
            name="entry",
            port=port,
            listener=listener,
            ca_file=str(self._ca_file),
            certificate=str(self.certificates["entry"].served),
            keeps_frozen="frozen-replica-stays" in self._operational,
        )

    def _replica(self, name: str, links: dict[str, str], card: dict[str, Any]) -> ReplicaPart:
        settings = self._settings
        dsn, cache = settings.dsn, settings.cache_url
        return ReplicaPart(
            name=name,
            secret=self._secret,
            inference=links["api-inference"],
            desk=links["api-queue"],
            database="" if dsn else links["api-db"],
            dsn=through(dsn, links["api-db"]) if dsn else "",
            cache_url=cache_through(cache, links["api-cache"]) if cache else "",
            clinical=self._clinical,
            operational=sorted(self._operational),
            token_key=self._token_key.hex(),
            store_key=self._store_key.hex(),
            token_lifetime_s=_TOKEN_LIFETIME_S,
            clients={key: asdict(held) for key, held in self._clients.items()},
            card=card,
            outbox=str(self._folder / "outbox" / f"{name}.jsonl"),
            log=str(self._folder / "logs" / f"{name}.service.log"),
            certificate=str(self.certificates["replicas"].served),
            certificates={key: str(files.served) for key, files in self.certificates.items()},
            tokens_per_s=settings.tokens_per_s,
            first_token_s=settings.first_token_s,
            patience=settings.patience,
        )
