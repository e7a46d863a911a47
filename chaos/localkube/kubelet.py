"""The node: starts what is bound to it, stops what is deleted, reports what runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

import aiohttp

from clinigate.chaos.localkube.addresses import Addresses
from clinigate.chaos.localkube.defaults import now
from clinigate.chaos.localkube.pods import RunningPod
from clinigate.chaos.localkube.registry import Registry
from clinigate.chaos.localkube.resources import find_kind
from clinigate.chaos.localkube.status import Manifest

__all__ = ["Kubelet", "register_node"]


class Kubelet:
    """Keeps this machine's processes as the store's pods say.

    Args:
        registry: where pods are read and their status goes.
        addresses: gives each pod its loopback address.
        logs: folder for the pods' output.
        credentials: environment that lets a pod call the API as its service account.
        second_s: how long a second of probes, pauses and graces lasts; less for tests of the API.
    """

    def __init__(
        self,
        registry: Registry,
        addresses: Addresses,
        *,
        logs: Path,
        credentials: Callable[[str, str], Mapping[str, str]],
        second_s: float = 1.0,
    ) -> None:
        self._registry = registry
        self._addresses = addresses
        self._logs = logs
        self._credentials = credentials
        self._second_s = second_s
        self._running: dict[str, RunningPod] = {}
        self._stopping: dict[str, asyncio.Task[None]] = {}
        self._forced: set[str] = set()

    async def run(self) -> None:
        """Follow the store; never returns. Cancelled, it kills all pods first."""
        store = self._registry.store
        async with aiohttp.ClientSession() as session:
            try:
                while True:
                    seen = store.version
                    self._sync(session)
                    await store.changed(seen)
            finally:
                for task in self._stopping.values():
                    task.cancel()
                await asyncio.gather(*(pod.stop(0) for pod in self._running.values()))

    def _sync(self, session: aiohttp.ClientSession) -> None:
        pods = {pod["metadata"]["uid"]: pod for pod in self._registry.store.all_of("Pod")}
        for uid, pod in pods.items():
            bound = bool(pod["spec"].get("nodeName"))
            if "deletionTimestamp" in pod["metadata"]:
                grace = pod["metadata"].get("deletionGracePeriodSeconds", 0)
                self._stop(uid, grace, pod)
            elif bound and uid not in self._running:
                self._start(session, uid, pod)
        for uid in self._running.keys() - pods.keys():
            self._stop(uid, 0, None)

    def _start(self, session: aiohttp.ClientSession, uid: str, pod: Manifest) -> None:
        meta = pod["metadata"]
        running = RunningPod(
            pod,
            self._addresses.pod(),
            logs=self._logs,
            session=session,
            credentials=self._credentials(meta["namespace"], pod["spec"]["serviceAccountName"]),
            second_s=self._second_s,
            publish=lambda status: self._registry.set_status("Pod", pod, status),
        )
        self._running[uid] = running
        running.start()

    def _stop(self, uid: str, grace_s: float, pod: Manifest | None) -> None:
        """Begin to stop a pod; a second call, for one that was force-deleted, ends its grace."""
        under_way = self._stopping.get(uid)
        if under_way is not None:
            if pod is not None or uid in self._forced:
                return
            under_way.cancel()
        if pod is None:
            self._forced.add(uid)
        self._stopping[uid] = asyncio.create_task(self._end(uid, grace_s, pod))

    async def _end(self, uid: str, grace_s: float, pod: Manifest | None) -> None:
        running = self._running.get(uid)
        if running is not None:
            await running.stop(grace_s)
            self._addresses.release(running.address)
            del self._running[uid]
        if pod is not None:
            meta = pod["metadata"]
            current = self._registry.store.find("Pod", meta["namespace"], meta["name"])
            if current is not None and current["metadata"]["uid"] == uid:
                self._registry.store.drop(find_kind("Pod"), meta["namespace"], meta["name"])
        del self._stopping[uid]
        self._forced.discard(uid)


def register_node(registry: Registry, node: str) -> None:
    """Create the node object, ready."""
    resource = find_kind("Node")
    created = registry.create(resource, "", {"metadata": {"name": node}, "spec": {}})
    condition = {"type": "Ready", "status": "True", "lastTransitionTime": now()}
    registry.set_status("Node", created, {"conditions": [condition]})
