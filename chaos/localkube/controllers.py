"""The other controllers (scheduler, endpoints, jobs, garbage, namespaces), and the loop."""

from __future__ import annotations

import asyncio
import copy
from datetime import UTC, datetime

from clinigate.chaos.localkube.defaults import now
from clinigate.chaos.localkube.disruption import is_ready, reconcile_budgets
from clinigate.chaos.localkube.registry import Registry
from clinigate.chaos.localkube.resources import find_kind
from clinigate.chaos.localkube.status import Manifest, StatusError
from clinigate.chaos.localkube.workloads import (
    owned_by,
    owner_of,
    reconcile_deployments,
    reconcile_replica_sets,
)

__all__ = ["NODE", "collect_garbage", "reconcile_endpoints", "reconcile_jobs", "run_controllers"]

NODE = "localkube"
_CLOCK_STEP_S = 0.2


async def run_controllers(registry: Registry) -> None:
    """Reconcile after each change, and now and then for what depends on the time; never returns."""
    store = registry.store
    while True:
        seen = store.version
        for reconcile in _RECONCILERS:
            try:
                reconcile(registry)
            except StatusError:
                continue  # the object changed or went meanwhile: the next round sees it
        if store.version == seen:
            try:
                await asyncio.wait_for(store.changed(seen), _CLOCK_STEP_S)
            except TimeoutError:
                continue
        else:
            await asyncio.sleep(0)


def schedule_pods(registry: Registry) -> None:
    """Bind pods to the one node, unless it is cordoned."""
    node = registry.store.find("Node", "", NODE)
    if node is None or node.get("spec", {}).get("unschedulable"):
        return
    for pod in registry.store.all_of("Pod"):
        if not pod["spec"].get("nodeName"):
            pod["spec"]["nodeName"] = NODE
            registry.store.put(find_kind("Pod"), pod)


def reconcile_endpoints(registry: Registry) -> None:
    """Write for each Service which pods are behind it: ready ones, and those that aren't."""
    for service in registry.store.all_of("Service"):
        selector = service["spec"].get("selector")
        if not selector:
            continue
        meta = service["metadata"]
        pods = [
            pod
            for pod in registry.store.all_of("Pod", meta["namespace"])
            if selector.items() <= (pod["metadata"].get("labels") or {}).items()
            and pod.get("status", {}).get("podIP")
            and pod["status"].get("phase") == "Running"
            and "deletionTimestamp" not in pod["metadata"]
        ]
        _write_endpoints(registry, service, pods)


def _write_endpoints(registry: Registry, service: Manifest, pods: list[Manifest]) -> None:
    meta = service["metadata"]
    subset: Manifest = {"ports": [_endpoint_port(port, pods) for port in service["spec"]["ports"]]}
    for field, ready in (("addresses", True), ("notReadyAddresses", False)):
        found = [_endpoint_address(pod) for pod in pods if is_ready(pod) is ready]
        if found:
            subset[field] = found
    subsets = [subset] if len(subset) > 1 else []
    resource = find_kind("Endpoints")
    current = registry.store.get(resource, meta["namespace"], meta["name"])
    if current is None:
        new = {"metadata": {"name": meta["name"], "ownerReferences": [owner_of(service)]}}
        registry.create(resource, meta["namespace"], {**new, "subsets": subsets})
    elif current.get("subsets") != subsets:
        registry.store.put(resource, {**current, "subsets": subsets})


def _endpoint_address(pod: Manifest) -> Manifest:
    meta = pod["metadata"]
    reference = {"kind": "Pod", "name": meta["name"], "namespace": meta["namespace"]}
    return {
        "ip": pod["status"]["podIP"],
        "nodeName": NODE,
        "targetRef": {**reference, "uid": meta["uid"]},
    }


def _endpoint_port(port: Manifest, pods: list[Manifest]) -> Manifest:
    target = port["targetPort"]
    if isinstance(target, str):
        target = next(
            (
                each["containerPort"]
                for pod in pods
                for container in pod["spec"]["containers"]
                for each in container.get("ports") or []
                if each.get("name") == target
            ),
            port["port"],
        )
    named = {"name": port["name"]} if "name" in port else {}
    return {**named, "port": target, "protocol": port["protocol"]}


def reconcile_jobs(registry: Registry) -> None:
    """Run each Job's pod, end it at its deadline, and delete it when its time to live is over."""
    for job in registry.store.all_of("Job"):
        if "deletionTimestamp" in job["metadata"]:
            continue
        status = copy.deepcopy(job.get("status", {}))
        if status.get("conditions"):
            _expire_job(registry, job)
        elif not job["spec"]["suspend"]:
            _advance_job(registry, job, status)
            registry.set_status("Job", job, status)


def _expire_job(registry: Registry, job: Manifest) -> None:
    lives = job["spec"].get("ttlSecondsAfterFinished")
    if lives is not None and _age_s(job["status"]["conditions"][0]["lastTransitionTime"]) >= lives:
        meta = job["metadata"]
        registry.delete(find_kind("Job"), meta["namespace"], meta["name"])


def _advance_job(registry: Registry, job: Manifest, status: Manifest) -> None:
    namespace = job["metadata"]["namespace"]
    pods = [pod for pod in registry.store.all_of("Pod", namespace) if owned_by(pod, job)]
    phases = [pod.get("status", {}).get("phase") for pod in pods]
    status.setdefault("startTime", now())
    status["succeeded"] = phases.count("Succeeded")
    status["failed"] = phases.count("Failed")
    status["active"] = len(pods) - status["succeeded"] - status["failed"]
    deadline = job["spec"].get("activeDeadlineSeconds")
    if status["succeeded"]:
        _finish_job(status, "Complete", "CompletionsReached")
    elif deadline is not None and _age_s(status["startTime"]) >= deadline:
        for pod in pods:
            registry.delete(find_kind("Pod"), namespace, pod["metadata"]["name"])
        _finish_job(status, "Failed", "DeadlineExceeded")
    elif status["failed"] > job["spec"]["backoffLimit"]:
        _finish_job(status, "Failed", "BackoffLimitExceeded")
    elif not status["active"] and job["spec"].get("parallelism", 1):
        _create_job_pod(registry, job)


def _finish_job(status: Manifest, kind: str, reason: str) -> None:
    status["active"] = 0
    status["conditions"] = [
        {"type": kind, "status": "True", "reason": reason, "lastTransitionTime": now()}
    ]


def _create_job_pod(registry: Registry, job: Manifest) -> None:
    meta, template = job["metadata"], copy.deepcopy(job["spec"]["template"])
    labels = {**(template.get("metadata", {}).get("labels") or {}), "job-name": meta["name"]}
    new = {
        "generateName": f"{meta['name']}-",
        "labels": labels,
        "ownerReferences": [owner_of(job)],
    }
    registry.create(
        find_kind("Pod"), meta["namespace"], {"metadata": new, "spec": template["spec"]}
    )


def _age_s(timestamp: str) -> float:
    return (datetime.now(UTC) - datetime.fromisoformat(timestamp)).total_seconds()


def collect_garbage(registry: Registry) -> None:
    """Delete what had owners of which none is left."""
    everything = list(registry.store.everything())
    alive = {manifest["metadata"]["uid"] for _, manifest in everything}
    for resource, manifest in everything:
        meta = manifest["metadata"]
        owners = meta.get("ownerReferences") or []
        orphaned = owners and not any(owner["uid"] in alive for owner in owners)
        if orphaned and "deletionTimestamp" not in meta:
            registry.delete(resource, meta.get("namespace", ""), meta["name"])


def finish_namespaces(registry: Registry) -> None:
    """Empty each namespace that is being deleted, and let it go when it is empty."""
    ending = {
        each["metadata"]["name"]
        for each in registry.store.all_of("Namespace")
        if "deletionTimestamp" in each["metadata"]
    }
    if not ending:
        return
    left = set()
    for resource, manifest in registry.store.everything():
        meta = manifest["metadata"]
        if resource.namespaced and meta["namespace"] in ending:
            left.add(meta["namespace"])
            if "deletionTimestamp" not in meta:
                registry.delete(resource, meta["namespace"], meta["name"])
    for name in ending - left:
        registry.store.drop(find_kind("Namespace"), "", name)


_RECONCILERS = (
    finish_namespaces,
    reconcile_deployments,
    reconcile_replica_sets,
    reconcile_jobs,
    schedule_pods,
    reconcile_endpoints,
    reconcile_budgets,
    collect_garbage,
)
