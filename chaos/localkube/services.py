"""Services: a TCP proxy on each service's address that spreads connections over its ready pods.

It also is where network policies take effect: bytes towards a pod whose ingress is denied are held
back, as a firewall drops packets, and flow on when the policy is gone. Policies with ingress rules
of their own are kept but not enforced, and so are egress policies.
"""

from __future__ import annotations

import asyncio
import itertools
import socket
import struct

from clinigate.chaos.localkube.selectors import matches
from clinigate.chaos.localkube.status import Manifest
from clinigate.chaos.localkube.store import Store

__all__ = ["ServiceProxies", "ingress_denied"]

_CHUNK = 65536


def ingress_denied(store: Store, pod: Manifest) -> bool:
    """Whether policies select the pod for ingress and none of them lets anything in."""
    labels = pod["metadata"].get("labels") or {}
    policies = [
        each["spec"]
        for each in store.all_of("NetworkPolicy", pod["metadata"]["namespace"])
        if "Ingress" in each["spec"]["policyTypes"] and matches(each["spec"]["podSelector"], labels)
    ]
    return bool(policies) and not any(spec.get("ingress") for spec in policies)


class ServiceProxies:
    """One listening socket for each port of each service."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._servers: dict[tuple[str, int], asyncio.Server] = {}

    async def run(self) -> None:
        """Follow the store; never returns."""
        try:
            while True:
                seen = self._store.version
                await self._sync()
                await self._store.changed(seen)
        finally:
            for server in self._servers.values():
                server.close()

    async def _sync(self) -> None:
        wanted = {
            (service["spec"]["clusterIP"], port["port"]): (service["metadata"], number)
            for service in self._store.all_of("Service")
            for number, port in enumerate(service["spec"]["ports"])
        }
        for key in self._servers.keys() - wanted.keys():
            self._servers.pop(key).close()
        for key, (meta, number) in wanted.items():
            if key not in self._servers:
                connect = _Connector(self._store, meta["namespace"], meta["name"], number)
                self._servers[key] = await asyncio.start_server(connect.serve, *key)


class _Connector:
    """Serves the connections of one port of one service, its pods in turn."""

    def __init__(self, store: Store, namespace: str, name: str, port: int) -> None:
        self._store = store
        self._namespace = namespace
        self._name = name
        self._port = port
        self._turn = itertools.count()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection; without a ready pod it is reset, as a cluster rejects it."""
        chosen = self._choose()
        try:
            if chosen is None:
                _reset(writer)
                return
            pod, address, port = chosen
            await self._let_through(pod)
            from_pod, to_pod = await asyncio.open_connection(address, port)
            try:
                await asyncio.gather(
                    self._carry(reader, to_pod, pod), self._carry(from_pod, writer, None)
                )
            finally:
                to_pod.close()
        except OSError:
            _reset(writer)
        finally:
            writer.close()

    def _choose(self) -> tuple[str, str, int] | None:
        endpoints = self._store.find("Endpoints", self._namespace, self._name)
        subsets = (endpoints or {}).get("subsets") or []
        ready = subsets[0].get("addresses", []) if subsets else []
        if not ready:
            return None
        chosen = ready[next(self._turn) % len(ready)]
        return chosen["targetRef"]["name"], chosen["ip"], subsets[0]["ports"][self._port]["port"]

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, pod: str | None
    ) -> None:
        while chunk := await reader.read(_CHUNK):
            if pod is not None:
                await self._let_through(pod)
            writer.write(chunk)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()

    async def _let_through(self, name: str) -> None:
        """Return as soon as no policy denies the pod's ingress."""
        while True:
            seen = self._store.version
            pod = self._store.find("Pod", self._namespace, name)
            if pod is None or not ingress_denied(self._store, pod):
                return
            await self._store.changed(seen)


def _reset(writer: asyncio.StreamWriter) -> None:
    """End a connection with a TCP reset."""
    connection = writer.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
