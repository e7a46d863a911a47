"""One running pod: its containers, its probes, and the status that it reports."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import aiohttp

from clinigate.chaos.localkube.containers import Container
from clinigate.chaos.localkube.defaults import now
from clinigate.chaos.localkube.probes import probe_once
from clinigate.chaos.localkube.status import Manifest

__all__ = ["RunningPod"]


class RunningPod:
    """Runs a pod; `publish(status)` is called whenever its status changed."""

    def __init__(
        self,
        pod: Manifest,
        address: str,
        *,
        logs: Path,
        session: aiohttp.ClientSession,
        credentials: Mapping[str, str],
        second_s: float,
        publish: Callable[[Manifest], None],
    ) -> None:
        self.address = address
        self._pod = pod
        self._session = session
        self._second_s = second_s
        self._publish = publish
        self._started = now()
        self._transitions: dict[str, tuple[bool, str]] = {}
        uid = pod["metadata"]["uid"]
        self._containers = [
            Container(
                spec,
                environment={**credentials, **_environment(spec, pod, address)},
                log=logs / f"{uid}-{spec['name']}.log",
                restart_policy=pod["spec"]["restartPolicy"],
                second_s=second_s,
                changed=self._report,
            )
            for spec in pod["spec"]["containers"]
        ]
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Start the containers and their probes."""
        for container in self._containers:
            self._tasks.append(asyncio.create_task(container.run()))
            if "readinessProbe" in container.spec:
                self._tasks.append(asyncio.create_task(self._watch_readiness(container)))
            if "livenessProbe" in container.spec:
                self._tasks.append(asyncio.create_task(self._watch_liveness(container)))

    async def stop(self, grace_s: float) -> None:
        """Stop the containers, at the latest after the grace."""
        await asyncio.gather(*(each.stop(grace_s) for each in self._containers))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _watch_readiness(self, container: Container) -> None:
        probe = container.spec["readinessProbe"]
        while True:
            await container.started.wait()
            await self._sleep(probe.get("initialDelaySeconds", 0))
            good = bad = 0
            while container.is_running:
                fine = await self._probe(container, probe)
                good, bad = (good + 1, 0) if fine else (0, bad + 1)
                if good >= probe.get("successThreshold", 1):
                    self._set_ready(container, ready=True)
                elif bad >= probe.get("failureThreshold", 3):
                    self._set_ready(container, ready=False)
                await self._sleep(probe.get("periodSeconds", 10))

    async def _watch_liveness(self, container: Container) -> None:
        probe = container.spec["livenessProbe"]
        while True:
            await container.started.wait()
            await self._sleep(probe.get("initialDelaySeconds", 0))
            bad = 0
            while container.is_running and bad < probe.get("failureThreshold", 3):
                await self._sleep(probe.get("periodSeconds", 10))
                bad = 0 if await self._probe(container, probe) else bad + 1
            container.restart()

    async def _sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds * self._second_s)

    async def _probe(self, container: Container, probe: Manifest) -> bool:
        return await probe_once(
            self._session, probe, container.spec, self.address, container.environment
        )

    def _set_ready(self, container: Container, *, ready: bool) -> None:
        if container.ready is not ready and container.is_running:
            container.ready = ready
            self._report()

    def _report(self) -> None:
        self._publish(self.status())

    def status(self) -> Manifest:
        """The pod's status now."""
        ready = all(each.ready for each in self._containers)
        return {
            "phase": self._phase(),
            "hostIP": "127.0.0.1",
            "podIP": self.address,
            "podIPs": [{"ip": self.address}],
            "startTime": self._started,
            "conditions": [
                self._condition("PodScheduled", holds=True),
                self._condition("Initialized", holds=True),
                self._condition("ContainersReady", holds=ready),
                self._condition("Ready", holds=ready),
            ],
            "containerStatuses": [_container_status(each) for each in self._containers],
        }

    def _phase(self) -> str:
        states = [each.state for each in self._containers]
        if all("terminated" in state for state in states):
            policy = self._pod["spec"]["restartPolicy"]
            failed = any(state["terminated"]["exitCode"] for state in states)
            if policy == "Never" or (policy == "OnFailure" and not failed):
                return "Failed" if failed else "Succeeded"
        fresh = any(
            state.get("waiting", {}).get("reason") == "ContainerCreating" for state in states
        )
        return "Pending" if fresh else "Running"

    def _condition(self, kind: str, *, holds: bool) -> Manifest:
        was, since = self._transitions.get(kind, (None, ""))
        if was is not holds:
            since = now()
            self._transitions[kind] = (holds, since)
        return {"type": kind, "status": str(holds), "lastTransitionTime": since}


def _container_status(container: Container) -> Manifest:
    return {
        "name": container.spec["name"],
        "image": container.spec["image"],
        "imageID": "",
        "ready": container.ready,
        "started": container.is_running,
        "restartCount": container.restarts,
        "state": container.state,
        "lastState": container.last_state if container.restarts else {},
    }


def _environment(spec: Manifest, pod: Manifest, address: str) -> dict[str, str]:
    """The variables of a container, and `POD_IP`: all pods share one host, so each must bind it."""
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOSTNAME": pod["metadata"]["name"],
        "POD_IP": address,
    }
    fields = {
        "metadata.name": pod["metadata"]["name"],
        "metadata.namespace": pod["metadata"]["namespace"],
        "metadata.uid": pod["metadata"]["uid"],
        "status.podIP": address,
    }
    for each in spec.get("env") or []:
        path = ((each.get("valueFrom") or {}).get("fieldRef") or {}).get("fieldPath", "")
        environment[each["name"]] = str(each.get("value") or fields.get(path, ""))
    return environment
