"""`python -m clinigate.reference.cluster.supervisor`: starts the processes and keeps them running.

Standard input brings the settings as one line of JSON and is the lifeline: when it ends, so does
everything. Its children die with it in any case (PR_SET_PDEATHSIG).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import signal
import socket
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from clinigate.errors import ClinigateError
from clinigate.reference.cluster.authority import issue
from clinigate.reference.cluster.children import Child, Ready, child_command
from clinigate.reference.cluster.dsn import (
    address_of,
    cache_address,
    cache_through,
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
from clinigate.reference.cluster.topology import TOKEN_ENV, Topology, start_ticks
from clinigate.reference.operational import checked_defects
from clinigate.reference.web.clients import SharedTokenDesk, client_of, new_credentials

__all__ = ["main"]

_TOKEN_LIFETIME_S = 24 * 3600.0
_PER_MINUTE = {"app": 100}
_LABELS = {
    "api": {"app": "api", "tier": "web"},
    "inference": {"app": "inference", "tier": "dependency"},
    "desk": {"app": "desk", "tier": "dependency"},
    "db": {"app": "db", "tier": "dependency"},
    "entry": {"app": "entry", "tier": "edge"},
}


def main() -> int:
    """Run a cluster until standard input ends; the exit code is 2 when it did not start."""
    os.umask(0o077)
    settings = Settings.from_plain(json.loads(sys.stdin.buffer.readline()))
    return asyncio.run(_run(settings))


async def _run(settings: Settings) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    threading.Thread(target=_watch_stdin, args=(loop, stop), daemon=True).start()
    cluster = _Cluster(settings)
    try:
        await cluster.start()
        _say(topology=str(cluster.topology.path))
        await stop.wait()
    except ClinigateError as error:
        _say(error=str(error))
        return 2
    finally:
        await cluster.stop()
    return 0


def _watch_stdin(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    sys.stdin.buffer.read()
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(stop.set)


def _say(**said: Any) -> None:
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


class _Cluster:
    """All processes of one cluster, in the order in which they need each other."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._folder = settings.directory
        self._clinical, self._operational = checked_defects(settings.defects)
        self._secret = secrets.token_hex(16)
        self._token_key, self._store_key = secrets.token_bytes(32), secrets.token_bytes(32)
        self._clients = {
            "app": new_credentials("app", _PER_MINUTE["app"]),
            "evaluator": new_credentials("evaluator", settings.requests_per_minute),
        }
        self._children: dict[str, Child] = {}
        self._listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self.topology = Topology(self._folder / "topology.json", {})

    async def start(self) -> None:
        """Start everything; returns when the entry answers."""
        # 1. Places, certificates and the address that clients know.
        self._make_places()
        ca_file, certificates = issue(self._folder / "tls", ("entry", "replicas"))
        self._certificates = {one.name: one for one in certificates}
        self.topology.certificates = [one.shown() for one in certificates]
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(512)
        self._describe_entry(ca_file)
        # 2. What the replicas depend on, and a link to each.
        await asyncio.gather(*(self._start(part, role) for role, part in self._dependencies()))
        await asyncio.gather(*(self._link(name, up) for name, up in self._upstreams().items()))
        # 3. The replicas, and the entry in front of them.
        names = [f"api-{number}" for number in range(1, self._settings.replicas + 1)]
        await asyncio.gather(*(self._start(self._replica(name), "replica") for name in names))
        await self._start(self._entry(ca_file), "entry")
        self.topology.write()

    async def stop(self) -> None:
        """Kill all; whatever must survive is on disk already."""
        for child in self._children.values():
            child.kill()
        for child in self._children.values():
            if child.process is not None:
                await child.process.wait()
        self._listener.close()

    def _make_places(self) -> None:
        for place in ("logs", "outbox", "desk"):
            (self._folder / place).mkdir(mode=0o700, parents=True, exist_ok=True)
        self._records = self._settings.records_dir or self._folder / "records"
        self._records.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.topology.storage = [
            {"name": "audit", "labels": {"store": "audit"}, "path": str(self._records)},
            {
                "name": "outbox",
                "labels": {"store": "outbox"},
                "path": str(self._folder / "outbox"),
            },
        ]
        if self._settings.dsn:
            # The DSN holds a password: who knows the server has it already.
            self.topology.databases = [{"name": "db", "labels": {"app": "db"}}]
            self.topology.storage.pop(0)

    def _describe_entry(self, ca_file: Path) -> None:
        desk = SharedTokenDesk(
            (client_of(name, held) for name, held in self._clients.items()),
            key=self._token_key,
            lifetime_s=_TOKEN_LIFETIME_S,
            clock=time.time,
        )
        held = self._clients["evaluator"]
        token = desk.issue(held.client_id, held.client_secret, None).value
        token_file = self._folder / "token"
        token_file.write_text(token, encoding="ascii")
        self.topology.entry = {
            "url": f"https://127.0.0.1:{self._listener.getsockname()[1]}",
            "ca_file": str(ca_file),
            "token_env": TOKEN_ENV,
            "token_file": str(token_file),
            "model": self._settings.model,
        }

    def _dependencies(self) -> list[tuple[str, Part]]:
        made: list[tuple[str, Part]] = [
            (
                "inference",
                InferencePart(name="inference-1", secret=self._secret, model=self._settings.model),
            ),
            (
                "desk",
                DeskPart(
                    name="desk-1",
                    secret=self._secret,
                    journal=str(self._folder / "desk" / "journal.jsonl"),
                    resolve_after_s=self._settings.resolve_after_s,
                ),
            ),
        ]
        if not self._settings.dsn:
            path = str(self._records / "records.db")
            made.append(("store", StorePart(name="db-1", secret=self._secret, path=path)))
        return made

    def _upstreams(self) -> dict[str, str]:
        ports = {name: child.ready["port"] for name, child in self._children.items()}
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

    def _replica(self, name: str) -> ReplicaPart:
        links = {name: link["listen"] for name, link in self.topology.links.items()}
        dsn, cache = self._settings.dsn, self._settings.cache_url
        if dsn:
            dsn = through(dsn, links["api-db"])
        return ReplicaPart(
            name=name,
            secret=self._secret,
            inference=links["api-inference"],
            desk=links["api-queue"],
            database="" if dsn else links["api-db"],
            dsn=dsn,
            cache_url=cache_through(cache, links["api-cache"]) if cache else "",
            clinical=self._clinical,
            operational=sorted(self._operational),
            token_key=self._token_key.hex(),
            store_key=self._store_key.hex(),
            token_lifetime_s=_TOKEN_LIFETIME_S,
            clients={name: asdict(held) for name, held in self._clients.items()},
            card=self._children["inference-1"].ready["card"],
            outbox=str(self._folder / "outbox" / f"{name}.jsonl"),
            log=str(self._folder / "logs" / f"{name}.service.log"),
            certificate=str(self._certificates["replicas"].served),
            certificates={name: str(files.served) for name, files in self._certificates.items()},
            tokens_per_s=self._settings.tokens_per_s,
            first_token_s=self._settings.first_token_s,
            patience=self._settings.patience,
        )

    def _entry(self, ca_file: Path) -> EntryPart:
        return EntryPart(
            name="entry",
            port=self._listener.getsockname()[1],
            listener=self._listener.fileno(),
            ca_file=str(ca_file),
            certificate=str(self._certificates["entry"].served),
            keeps_frozen="frozen-replica-stays" in self._operational,
        )

    async def _start(self, part: Part, role: str) -> None:
        def first_line(before: Ready) -> bytes:
            # The same port again after a restart: links and the entry know it.
            told = {**part.to_plain(), "port": before.get("port", part.port)}
            lines = [told] if role != "entry" else [told, self._backends()]
            return b"".join(json.dumps(line).encode() + b"\n" for line in lines)

        child = Child(
            part.name,
            lambda _: child_command(role),
            first_line,
            self._process_changed,
            self._folder / "logs" / f"{part.name}.stderr",
            restarts="no-restart" not in self._operational,
            inherits=(self._listener.fileno(),) if role == "entry" else (),
        )
        self._children[part.name] = child
        await child.start()

    async def _link(self, name: str, upstream: str) -> None:
        def command(before: Ready) -> list[str]:
            listen, control = (before.get(key, "127.0.0.1:0") for key in ("listen", "control"))
            proxy = [sys.executable, "-P", "-m", "clinigate.chaos.proxy", "--exit-with-stdin"]
            return [*proxy, "--listen", listen, "--upstream", upstream, "--control", control]

        child = Child(
            name,
            command,
            lambda _: b"",
            lambda child, ready: self._link_changed(child, ready, upstream),
            self._folder / "logs" / f"{name}.stderr",
        )
        self._children[name] = child
        await child.start()

    def _backends(self) -> dict[str, Any]:
        return {
            "backends": [
                {"name": name, "port": child.ready["port"]}
                for name, child in self._children.items()
                if name.startswith("api-") and child.ready.get("port")
            ]
        }

    def _process_changed(self, child: Child, ready: Ready | None) -> None:
        self.topology.processes.pop(child.name, None)
        if ready is not None and child.process is not None:
            self.topology.processes[child.name] = self._described(child, ready)
        if child.name.startswith("api-") and "entry" in self._children:
            self._children["entry"].tell(self._backends())
        self.topology.write()

    def _described(self, child: Child, ready: Ready) -> dict[str, Any]:
        assert child.process is not None
        kind = child.name.partition("-")[0]
        shown: dict[str, Any] = {
            "name": child.name,
            "labels": _LABELS[kind],
            "pid": child.process.pid,
            "start_ticks": start_ticks(child.process.pid),
        }
        if kind in ("api", "entry"):
            shown["url"] = f"https://127.0.0.1:{ready['port']}"
        return shown

    def _link_changed(self, child: Child, ready: Ready | None, upstream: str) -> None:
        self.topology.links.pop(child.name, None)
        if ready is not None:
            self.topology.links[child.name] = {
                "name": child.name,
                "labels": {"link": child.name.removeprefix("api-")},
                "listen": ready["listen"],
                "upstream": upstream,
                "control": ready["control"],
                "pid": ready["pid"],
            }
        self.topology.write()


if __name__ == "__main__":
    sys.exit(main())
