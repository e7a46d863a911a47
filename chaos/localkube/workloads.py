"""The controllers of Deployments and ReplicaSets: they make the pods that the objects ask for."""

from __future__ import annotations

import copy
import hashlib
import json
import math

from clinigate.chaos.localkube.defaults import now
from clinigate.chaos.localkube.disruption import is_ready
from clinigate.chaos.localkube.registry import Registry
from clinigate.chaos.localkube.resources import find_kind
from clinigate.chaos.localkube.status import Manifest

__all__ = ["owned_by", "owner_of", "reconcile_deployments", "reconcile_replica_sets"]

_HASH = "pod-template-hash"


def owner_of(manifest: Manifest) -> Manifest:
    """The owner reference that a controller puts on what it makes."""
    return {
        "apiVersion": manifest["apiVersion"],
        "kind": manifest["kind"],
        "name": manifest["metadata"]["name"],
        "uid": manifest["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def owned_by(manifest: Manifest, owner: Manifest) -> bool:
    """Whether `owner` is among the manifest's owners."""
    uid = owner["metadata"]["uid"]
    return any(each["uid"] == uid for each in manifest["metadata"].get("ownerReferences") or [])


def reconcile_deployments(registry: Registry) -> None:
    """One step of each Deployment towards its template and its number of replicas."""
    for deployment in registry.store.all_of("Deployment"):
        if "deletionTimestamp" not in deployment["metadata"]:
            _reconcile_deployment(registry, deployment)


def _reconcile_deployment(registry: Registry, deployment: Manifest) -> None:
    namespace = deployment["metadata"]["namespace"]
    sets = [
        each
        for each in registry.store.all_of("ReplicaSet", namespace)
        if owned_by(each, deployment)
    ]
    digest = _template_hash(deployment)
    current = next((each for each in sets if each["metadata"]["labels"][_HASH] == digest), None)
    if current is None:
        current = _create_set(registry, deployment, digest, len(sets) + 1)
        sets.append(current)
    old = [each for each in sets if each is not current and each["spec"]["replicas"] > 0]
    _roll(registry, deployment, current, old)
    _report(registry, deployment, current, sets)


def _template_hash(deployment: Manifest) -> str:
    text = json.dumps(deployment["spec"]["template"], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def _create_set(registry: Registry, deployment: Manifest, digest: str, revision: int) -> Manifest:
    meta, spec = deployment["metadata"], copy.deepcopy(deployment["spec"])
    template = spec["template"]
    template["metadata"]["labels"][_HASH] = digest
    selector = {**spec["selector"]}
    selector["matchLabels"] = {**(selector.get("matchLabels") or {}), _HASH: digest}
    return registry.create(
        find_kind("ReplicaSet"),
        meta["namespace"],
        {
            "metadata": {
                "name": f"{meta['name']}-{digest}",
                "labels": dict(template["metadata"]["labels"]),
                "annotations": {"deployment.kubernetes.io/revision": str(revision)},
                "ownerReferences": [owner_of(deployment)],
            },
            "spec": {"replicas": 0, "selector": selector, "template": template},
        },
    )


def _roll(registry: Registry, deployment: Manifest, current: Manifest, old: list[Manifest]) -> None:
    wanted = deployment["spec"]["replicas"]
    if not old:
        _resize(registry, current, wanted)
        return
    strategy = deployment["spec"].get("strategy") or {}
    if strategy.get("type") == "Recreate":
        for each in old:
            _resize(registry, each, 0)
        return
    surge, unavailable = _limits(strategy.get("rollingUpdate") or {}, wanted)
    total = current["spec"]["replicas"] + sum(each["spec"]["replicas"] for each in old)
    starting = current["spec"]["replicas"] - current.get("status", {}).get("availableReplicas", 0)
    room = total - (wanted - unavailable) - starting
    grown = current["spec"]["replicas"] + max(0, wanted + surge - total)
    _resize(registry, current, min(wanted, grown))
    for each in old:
        step = min(max(0, room), each["spec"]["replicas"])
        room -= step
        _resize(registry, each, each["spec"]["replicas"] - step)


def _limits(rolling: Manifest, wanted: int) -> tuple[int, int]:
    surge = _portion(rolling.get("maxSurge", "25%"), wanted, up=True)
    unavailable = _portion(rolling.get("maxUnavailable", "25%"), wanted, up=False)
    return surge, unavailable if surge or unavailable else 1


def _portion(value: object, of: int, *, up: bool) -> int:
    if isinstance(value, str) and value.endswith("%"):
        share = int(value[:-1]) * of / 100
        return math.ceil(share) if up else math.floor(share)
    return int(str(value))


def _resize(registry: Registry, replica_set: Manifest, replicas: int) -> None:
    if replica_set["spec"]["replicas"] != replicas:
        meta = replica_set["metadata"]
        registry.set_scale(find_kind("ReplicaSet"), meta["namespace"], meta["name"], replicas)
        replica_set["spec"]["replicas"] = replicas


def _report(
    registry: Registry, deployment: Manifest, current: Manifest, sets: list[Manifest]
) -> None:
    def total(field: str) -> int:
        return sum(each.get("status", {}).get(field, 0) for each in sets)

    wanted = deployment["spec"]["replicas"]
    ready = total("readyReplicas")
    before = {each["type"]: each for each in deployment.get("status", {}).get("conditions", [])}
    strategy = deployment["spec"].get("strategy") or {}
    _, unavailable = _limits(strategy.get("rollingUpdate") or {}, wanted)
    enough = ready >= wanted - unavailable
    updated = current.get("status", {}).get("replicas", 0)
    done = updated == wanted == ready == total("replicas")
    conditions = [
        _condition(before, "Available", "MinimumReplicasAvailable", holds=enough),
        _condition(
            before, "Progressing", "NewReplicaSetAvailable" if done else "ReplicaSetUpdated"
        ),
    ]
    status = {
        "observedGeneration": deployment["metadata"].get("generation", 1),
        "replicas": total("replicas"),
        "updatedReplicas": updated,
        "readyReplicas": ready,
        "availableReplicas": ready,
        "unavailableReplicas": max(0, wanted - ready),
        "conditions": conditions,
    }
    registry.set_status("Deployment", deployment, status)


def _condition(
    before: dict[str, Manifest], kind: str, reason: str, *, holds: bool = True
) -> Manifest:
    value = "True" if holds else "False"
    last = before.get(kind, {})
    changed = last.get("lastTransitionTime") if last.get("status") == value else now()
    return {"type": kind, "status": value, "reason": reason, "lastTransitionTime": changed}


def reconcile_replica_sets(registry: Registry) -> None:
    """Make or delete pods until each ReplicaSet has what it asks for."""
    for replica_set in registry.store.all_of("ReplicaSet"):
        if "deletionTimestamp" in replica_set["metadata"]:
            continue
        pods = [pod for pod in _pods_of(registry, replica_set) if _is_active(pod)]
        missing = replica_set["spec"]["replicas"] - len(pods)
        for _ in range(missing):
            _create_pod(registry, replica_set)
        for pod in sorted(pods, key=_first_to_go)[: max(0, -missing)]:
            meta = pod["metadata"]
            registry.delete(find_kind("Pod"), meta["namespace"], meta["name"])
        left = [pod for pod in _pods_of(registry, replica_set) if _is_active(pod)]
        ready = sum(is_ready(pod) for pod in left)
        status = {
            "replicas": len(left),
            "fullyLabeledReplicas": len(left),
            "readyReplicas": ready,
            "availableReplicas": ready,
            "observedGeneration": replica_set["metadata"].get("generation", 1),
        }
        registry.set_status("ReplicaSet", replica_set, status)


def _pods_of(registry: Registry, replica_set: Manifest) -> list[Manifest]:
    namespace = replica_set["metadata"]["namespace"]
    pods = registry.store.all_of("Pod", namespace)
    return [pod for pod in pods if owned_by(pod, replica_set)]


def _is_active(pod: Manifest) -> bool:
    ended = pod.get("status", {}).get("phase") in ("Succeeded", "Failed")
    return not ended and "deletionTimestamp" not in pod["metadata"]


def _first_to_go(pod: Manifest) -> tuple[bool, float]:
    """Pods that aren't ready go first, then the youngest."""
    return is_ready(pod), -int(pod["metadata"]["resourceVersion"])


def _create_pod(registry: Registry, replica_set: Manifest) -> None:
    template = copy.deepcopy(replica_set["spec"]["template"])
    meta = {
        "generateName": f"{replica_set['metadata']['name']}-",
        "labels": template["metadata"].get("labels", {}),
        "annotations": template["metadata"].get("annotations", {}),
        "ownerReferences": [owner_of(replica_set)],
    }
    namespace = replica_set["metadata"]["namespace"]
    registry.create(find_kind("Pod"), namespace, {"metadata": meta, "spec": template["spec"]})
