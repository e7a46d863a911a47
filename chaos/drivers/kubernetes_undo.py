"""How faults in a cluster are taken back, and how that is verified; each in a fresh process.

Every function takes the arguments of an `UndoStep`: `access` (how the API is reached), `namespace`,
and what the step is about. Each may be called again and again, also where nothing was injected.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clinigate.chaos.drivers.base import UndoStep
from clinigate.chaos.drivers.kubernetes_api import (
    TIMEOUT_S,
    Api,
    KubeAccess,
    api_errors,
    is_missing,
)
from clinigate.chaos.drivers.kubernetes_flight import MARK, has_landed, land
from clinigate.chaos.drivers.kubernetes_pods import Owner
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
        with api_errors(f"scale deployment {owner.name} back"):
            api.apps.patch_namespaced_deployment(
                owner.name, owner.namespace, body, _request_timeout=TIMEOUT_S
            )


def is_scaled_back(args: Mapping[str, Any]) -> bool:
    """Whether the deployment asks for pods again and has as many ready ones."""
    owner = Owner(args["namespace"], "Deployment", args["name"])
    wanted, ready = _replicas(_api(args), owner)
    return wanted > 0 and ready >= wanted


def _replicas(api: Api, owner: Owner) -> tuple[int, int]:
    """Replicas that a workload asks for, and those that are ready."""
    readers: dict[str, Any] = {
        "Deployment": api.apps.read_namespaced_deployment,
        "StatefulSet": api.apps.read_namespaced_stateful_set,
        "ReplicaSet": api.apps.read_namespaced_replica_set,
    }
    with api_errors(f"read {owner.kind} {owner.name}"):
        found = readers[owner.kind](owner.name, owner.namespace, _request_timeout=TIMEOUT_S)
    wanted = 1 if found.spec.replicas is None else found.spec.replicas
    seen = (found.status.observed_generation or 0) >= (found.metadata.generation or 0)
    ready = (found.status.ready_replicas or 0) if seen else 0
    return wanted, ready


def policy_name(identity: str) -> str:
    """Name of the network policy of an injection."""
    return f"clinigate-deny-{identity}"


def delete_policy(args: Mapping[str, Any]) -> None:
    """Delete the injection's network policy, and the mark on the pods that it selected."""
    from kubernetes.client.exceptions import ApiException

    api, namespace, name = _api(args), args["namespace"], policy_name(args["id"])
    with api_errors(f"delete network policy {name}"):
        try:
            api.network.delete_namespaced_network_policy(
                name, namespace, _request_timeout=TIMEOUT_S
            )
        except ApiException as error:
            if not is_missing(error):
                raise
    _unmark(api, namespace, args["id"])


def _unmark(api: Api, namespace: str, identity: str) -> None:
    from kubernetes.client.exceptions import ApiException

    with api_errors("remove the mark of marked pods"):
        marked = api.core.list_namespaced_pod(
            namespace, label_selector=f"{MARK}={identity}", _request_timeout=TIMEOUT_S
        ).items
        for pod in marked:
            body = {"metadata": {"uid": pod.metadata.uid, "labels": {MARK: None}}}
            try:
                api.core.patch_namespaced_pod(
                    pod.metadata.name, namespace, body, _request_timeout=TIMEOUT_S
                )
            except ApiException as error:
                if error.status not in (404, 409):  # the pod went meanwhile, and its mark with it
                    raise


def is_policy_gone(args: Mapping[str, Any]) -> bool:
    """Whether the injection's network policy is gone."""
    from kubernetes.client.exceptions import ApiException

    name = policy_name(args["id"])
    with api_errors(f"look for network policy {name}"):
        try:
            _api(args).network.read_namespaced_network_policy(
                name, args["namespace"], _request_timeout=TIMEOUT_S
            )
        except ApiException as error:
            if is_missing(error):
                return True
            raise
    return False
