"""How faults in a cluster are taken back, and how that is verified; each in a fresh process.

Every function takes the arguments of an `UndoStep`: `access` (how the API is reached), `namespace`,
and what the step is about. Each may be called again and again, also where nothing was injected.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clinigate.chaos.drivers.base import UndoStep
from clinigate.chaos.drivers.kubernetes_api import Api, ApiRefusedError, KubeAccess, place
from clinigate.chaos.drivers.kubernetes_flight import MARK, has_landed, land
from clinigate.chaos.drivers.kubernetes_pods import Owner, read_workload
from clinigate.chaos.model import Json

__all__ = [
    "delete_policy",
    "give_back",
    "is_given_back",
    "is_policy_gone",
    "is_scaled_back",
    "is_workload_ready",
    "leave_to_controller",
    "policy_name",
    "scale_back",
    "step",
]

_MODULE = __name__

#: Each process connects once for each way to the API.
_CONNECTED: dict[KubeAccess, Api] = {}


def step(action: str, verify: str, access: KubeAccess, *, title: str, **args: Json) -> UndoStep:
    """An undo step of two functions of this module."""
    return UndoStep(
        action=f"{_MODULE}:{action}",
        verify=f"{_MODULE}:{verify}",
        args={"access": access.to_json(), **args},
        title=title,
    )


def _api(args: Mapping[str, Any]) -> Api:
    access = KubeAccess.from_json(args["access"])
    if access not in _CONNECTED:
        _CONNECTED[access] = access.connect()
    return _CONNECTED[access]


def give_back(args: Mapping[str, Any]) -> None:
    """Give the namespace's Lease back and end the dead man's switch."""
    land(_api(args), args["namespace"], args["id"])


def is_given_back(args: Mapping[str, Any]) -> bool:
    """Whether Lease and switch are gone."""
    return has_landed(_api(args), args["namespace"], args["id"])


def leave_to_controller(args: Mapping[str, Any]) -> None:
    """Nothing: a killed pod's controller makes another, which `is_workload_ready` watches."""


def is_workload_ready(args: Mapping[str, Any]) -> bool:
    """Whether the workload has as many ready pods as it asks for."""
    owner = Owner(args["namespace"], args["kind"], args["name"])
    wanted, ready = _replicas(_api(args), owner)
    return ready >= wanted


def scale_back(args: Mapping[str, Any]) -> None:
    """Set the replicas that were noted before; only while they still are what the fault set: 0."""
    api, owner = _api(args), Owner(args["namespace"], "Deployment", args["name"])
    wanted, _ = _replicas(api, owner)
    if wanted == 0:
        body = {"spec": {"replicas": args["replicas"]}}
        path = place("deployments", owner.namespace, owner.name)
        api.merge(path, body, f"scale deployment {owner.name} back")


def is_scaled_back(args: Mapping[str, Any]) -> bool:
    """Whether the deployment asks for pods again and has as many ready ones."""
    owner = Owner(args["namespace"], "Deployment", args["name"])
    wanted, ready = _replicas(_api(args), owner)
    return wanted > 0 and ready >= wanted


def _replicas(api: Api, owner: Owner) -> tuple[int, int]:
    """Replicas that a workload asks for, and those that are ready."""
    found = read_workload(api, owner)
    status = found.get("status") or {}
    wanted = found["spec"].get("replicas", 1)
    seen = status.get("observedGeneration", 0) >= found["metadata"].get("generation", 0)
    return wanted, status.get("readyReplicas", 0) if seen else 0


def policy_name(identity: str) -> str:
    """Name of the network policy of an injection."""
    return f"clinigate-deny-{identity}"


def delete_policy(args: Mapping[str, Any]) -> None:
    """Delete the injection's network policy, and the mark on the pods that it selected."""
    api, namespace, name = _api(args), args["namespace"], policy_name(args["id"])
    api.remove(place("networkpolicies", namespace, name), f"delete network policy {name}")
    _unmark(api, namespace, args["id"])


def _unmark(api: Api, namespace: str, identity: str) -> None:
    path = place("pods", namespace, labelSelector=f"{MARK}={identity}")
    for pod in api.get(path, "list marked pods")["items"]:
        meta = pod["metadata"]
        body = {"metadata": {"uid": meta["uid"], "labels": {MARK: None}}}
        try:
            api.merge(place("pods", namespace, meta["name"]), body, "remove the mark of a pod")
        except ApiRefusedError as refusal:
            if refusal.status not in (404, 409):  # the pod went meanwhile, and its mark with it
                raise


def is_policy_gone(args: Mapping[str, Any]) -> bool:
    """Whether the injection's network policy is gone."""
    name = policy_name(args["id"])
    path = place("networkpolicies", args["namespace"], name)
    return _api(args).find(path, f"look for network policy {name}") is None
