"""Evictions and the disruption budgets that hold them back."""

from __future__ import annotations

import math

from clinigate.chaos.localkube.registry import Registry
from clinigate.chaos.localkube.resources import find_kind
from clinigate.chaos.localkube.selectors import matches
from clinigate.chaos.localkube.status import Manifest, StatusError, too_many_requests
from clinigate.chaos.localkube.store import Store

__all__ = ["evict", "is_ready", "reconcile_budgets"]


def is_ready(pod: Manifest) -> bool:
    """Whether a pod's `Ready` condition holds."""
    conditions = pod.get("status", {}).get("conditions") or []
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def evict(registry: Registry, namespace: str, name: str, eviction: Manifest) -> None:
    """Delete a pod as an eviction does: only where its disruption budget has room.

    Raises:
        StatusError: 404 no such pod; 429 the budget has no room; 500 two budgets claim the pod.
    """
    pods = find_kind("Pod")
    pod = registry.read(pods, namespace, name)
    labels = pod["metadata"].get("labels") or {}
    budgets = [
        each
        for each in registry.store.all_of("PodDisruptionBudget", namespace)
        if matches(each["spec"].get("selector"), labels)
    ]
    if len(budgets) > 1:
        raise StatusError(
            500,
            "InternalError",
            "This pod has more than one PodDisruptionBudget, "
            "which the eviction subresource does not support.",
        )
    for budget in budgets:
        status = _status(registry.store, budget)
        if is_ready(pod) and status["disruptionsAllowed"] < 1:
            raise too_many_requests(
                "Cannot evict pod as it would violate the pod's disruption budget.",
                {
                    "reason": "DisruptionBudget",
                    "message": f"The disruption budget {budget['metadata']['name']} needs "
                    f"{status['desiredHealthy']} healthy pods and has "
                    f"{status['currentHealthy']} currently",
                },
            )
    registry.delete(pods, namespace, name, eviction.get("deleteOptions"))


def reconcile_budgets(registry: Registry) -> None:
    """Write each budget's status."""
    for budget in registry.store.all_of("PodDisruptionBudget"):
        registry.set_status("PodDisruptionBudget", budget, _status(registry.store, budget))


def _status(store: Store, budget: Manifest) -> Manifest:
    spec = budget["spec"]
    pods = [
        pod
        for pod in store.all_of("Pod", budget["metadata"]["namespace"])
        if matches(spec.get("selector"), pod["metadata"].get("labels") or {})
    ]
    healthy = sum(is_ready(pod) and "deletionTimestamp" not in pod["metadata"] for pod in pods)
    expected = _expected(store, pods)
    if "maxUnavailable" in spec:
        desired = max(0, expected - _share(spec["maxUnavailable"], expected))
    else:
        desired = _share(spec.get("minAvailable", 1), expected)
    return {
        "currentHealthy": healthy,
        "desiredHealthy": desired,
        "disruptionsAllowed": max(0, healthy - desired),
        "expectedPods": expected,
        "observedGeneration": budget["metadata"].get("generation", 1),
    }


def _expected(store: Store, pods: list[Manifest]) -> int:
    """Pods that their controllers want; those without one count as themselves."""
    owners: dict[str, int] = {}
    alone = 0
    for pod in pods:
        owner = next(iter(pod["metadata"].get("ownerReferences") or []), None)
        found = (
            store.find("ReplicaSet", pod["metadata"]["namespace"], owner["name"])
            if (owner is not None and owner["kind"] == "ReplicaSet")
            else None
        )
        if found is None:
            alone += 1
        else:
            owners[found["metadata"]["uid"]] = found["spec"]["replicas"]
    return alone + sum(owners.values())


def _share(value: object, of: int) -> int:
    """A count, or a percentage of `of` rounded up, as the API rounds both fields."""
    if isinstance(value, str) and value.endswith("%"):
        return math.ceil(int(value[:-1]) * of / 100)
    return int(str(value))
