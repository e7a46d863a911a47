"""`python -m clinigate.reference.cluster.supervisor`: starts the processes and keeps them running.

Standard input brings the settings as one line of JSON and is the lifeline: when it ends, so does
everything. Its children die with it in any case (PR_SET_PDEATHSIG).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
import threading
from typing import Any

from clinigate.errors import ClinigateError
from clinigate.reference.cluster.blueprint import Blueprint
from clinigate.reference.cluster.children import Child, Ready, child_command
from clinigate.reference.cluster.roles import Part
from clinigate.reference.cluster.settings import Settings
from clinigate.reference.cluster.topology import Topology, start_ticks

__all__ = ["main"]

_BACKLOG = 512
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
        self._plan = Blueprint(settings)
        self._logs = settings.directory / "logs"
        self._children: dict[str, Child] = {}
        self._listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self.topology = Topology(settings.directory / "topology.json", {})

    async def start(self) -> None:
        """Start everything; returns when the entry answers."""
        # 1. Places, certificates and the address that clients know.
        plan = self._plan
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(_BACKLOG)
        port = self._listener.getsockname()[1]
        plan.make_places()
        await asyncio.to_thread(plan.require_database)
        self.topology.entry = plan.entry_shown(port)
        self.topology.storage, self.topology.databases = plan.storage(), plan.databases()
        self.topology.certificates = [one.shown() for one in plan.certificates.values()]
        # 2. What the replicas depend on, and a link to each.
        await asyncio.gather(*(self._start(part, role) for role, part in plan.dependencies()))
        said = {name: child.ready for name, child in self._children.items()}
        upstreams = plan.upstreams({name: ready["port"] for name, ready in said.items()})
        await asyncio.gather(*(self._link(name, up) for name, up in upstreams.items()))
        # 3. The replicas, and the entry in front of them.
        links = {name: link["listen"] for name, link in self.topology.links.items()}
        replicas = plan.replicas(links, said["inference-1"]["card"])
        await asyncio.gather(*(self._start(part, "replica") for part in replicas))
        await self._start(plan.entry(port, self._listener.fileno()), "entry")
        self.topology.write()

    async def stop(self) -> None:
        """Kill all; whatever must survive is on disk already."""
        for child in self._children.values():
            child.kill()
        for child in self._children.values():
            if child.process is not None:
                await child.process.wait()
        self._listener.close()

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
            self._logs / f"{part.name}.stderr",
            restarts=self._plan.restarts,
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
            self._logs / f"{name}.stderr",
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
