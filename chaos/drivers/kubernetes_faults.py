"""The faults: pods killed, a deployment scaled to nothing, pods cut off from the network.

Chaos Toolkit's own actions for Kubernetes inject them. They are handed our verified client (left
alone they would not verify a server named by KUBERNETES_HOST), and a selector that names exactly
the frozen pods (left alone they would choose among all pods of the namespace).
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

from clinigate.chaos.drivers.base import Driver, UndoStep, Victim, fault
from clinigate.chaos.drivers.kubernetes_api import Api, api_errors, place
from clinigate.chaos.drivers.kubernetes_flight import MARK, board, flight_id
from clinigate.chaos.drivers.kubernetes_pods import (
    Owner,
    check_unchanged,
    namespace_of,
    pod_name,
    read_workload,
)
from clinigate.chaos.drivers.kubernetes_rails import (
    Right,
    check_budgets,
    check_namespace,
    check_rights,
)
from clinigate.chaos.drivers.kubernetes_undo import policy_name, step
from clinigate.chaos.model import FaultSpec, Json
from clinigate.errors import MissingExtraError, TargetError, UsageError

__all__ = ["DRIVERS", "DRIVER_RIGHTS", "FLIGHT_RIGHTS", "NetworkDeny", "PodKill", "ScaleToZero"]

DRIVERS = ("kubernetes", "localkube")

#: What every fault needs: one at a time, and the dead man's switch.
FLIGHT_RIGHTS = (
    Right("create", "batch", "jobs"),
    Right("delete", "batch", "jobs"),
    Right("get", "batch", "jobs"),
    Right("create", "coordination.k8s.io", "leases"),
    Right("get", "coordination.k8s.io", "leases"),
    Right("update", "coordination.k8s.io", "leases"),
    Right("delete", "coordination.k8s.io", "leases"),
)

#: What finding targets and asking the entry needs, whatever the fault.
DRIVER_RIGHTS = (
    Right("get", "", "namespaces"),
    Right("list", "", "pods"),
    Right("list", "", "services"),
    Right("get", "apps", "deployments"),
    Right("get", "apps", "replicasets"),
    Right("get", "apps", "statefulsets"),
)


def _api_of(driver: Driver) -> Api:
    api = getattr(driver, "api", None)
    if not isinstance(api, Api):
        raise UsageError(f"driver {driver.name!r} reaches no Kubernetes API")
    return api


@dataclass(frozen=True, slots=True)
class Injection:
    """One fault on its frozen victims; `owner` is the dead man's switch, once it is started."""

    api: Api
    namespace: str
    fault: FaultSpec
    victims: tuple[Victim, ...]
    flight: str = ""
    owner: Mapping[str, Json] | None = None

    @property
    def identity(self) -> str:
        """See `flight_id`."""
        return flight_id(self.fault, self.victims, self.flight)

    @property
    def workloads(self) -> list[Owner]:
        """The workloads that the victims belong to."""
        return [Owner.of(group) for group in sorted({victim.group for victim in self.victims})]

    def step(self, action: str, verify: str, title: str, **args: Json) -> UndoStep:
        """An undo step in this namespace; see `kubernetes_undo.step`."""
        return step(action, verify, self.api.access, title=title, namespace=self.namespace, **args)


def _injection(driver: Driver, fault: FaultSpec, victims: tuple[Victim, ...]) -> Injection:
    flight = str(getattr(driver, "flight", ""))
    return Injection(_api_of(driver), namespace_of(victims), fault, victims, flight)


class _KubernetesFault(ABC):
    """What all of them share: rights, namespace, unchanged victims, one at a time, and landing."""

    rights: tuple[Right, ...] = ()

    def undo_steps(
        self, driver: Driver, fault: FaultSpec, victims: tuple[Victim, ...]
    ) -> Iterable[UndoStep]:
        """Landing first, since undo runs the steps backwards; then what the fault itself needs."""
        at = _injection(driver, fault, victims)
        if fault.parameters:
            names = ", ".join(sorted(fault.parameters))
            raise UsageError(f"fault {fault.type} takes no parameters, got {names}; remove them")
        check_rights(at.api, at.namespace, (*FLIGHT_RIGHTS, *self.rights))
        title = "give the lease back"
        yield at.step("give_back", "is_given_back", title, id=at.identity)
        yield from self._own_steps(at)

    def inject(self, driver: Driver, fault: FaultSpec, victims: tuple[Victim, ...]) -> None:
        """Check everything once more, take the lease, inject."""
        at = _injection(driver, fault, victims)
        check_namespace(at.api, at.namespace)
        check_unchanged(at.api, at.namespace, victims)
        self._check_before(at)
        owner = board(at.api, at.namespace, at.identity, fault.duration_s)
        self._inject(replace(at, owner=owner))

    def _check_before(self, at: Injection) -> None:  # noqa: B027 - most have nothing to add
        """What else must hold right before the injection."""

    @abstractmethod
    def _own_steps(self, at: Injection) -> Iterable[UndoStep]: ...

    @abstractmethod
    def _inject(self, at: Injection) -> None: ...


@fault("pod.kill", drivers=DRIVERS)
class PodKill(_KubernetesFault):
    """The chosen pods are deleted without grace; their disruption budgets are kept.

    A target that states `all`, whose purpose is to leave none, is held to no budget.
    """

    rights = (
        Right("get", "", "pods"),
        Right("list", "", "pods"),
        Right("delete", "", "pods"),
        Right("get", "apps", "deployments"),
        Right("get", "apps", "replicasets"),
        Right("list", "policy", "poddisruptionbudgets"),
    )

    def _check_before(self, at: Injection) -> None:
        if at.fault.target.all_kill is None:
            check_budgets(at.api, at.namespace, at.victims)

    def _own_steps(self, at: Injection) -> Iterable[UndoStep]:
        for each in at.workloads:
            yield at.step(
                "leave_to_controller",
                "is_workload_ready",
                f"wait until {each.kind} {each.name} has all of its pods again",
                kind=each.kind,
                name=each.name,
            )

    def _inject(self, at: Injection) -> None:
        names = sorted(pod_name(victim) for victim in at.victims)
        deleted = _toolkit(
            at.api,
            "chaosk8s.pod.actions",
            "terminate_pods",
            label_selector=_label_selector(at.fault),
            name_pattern=f"^(?:{'|'.join(re.escape(name) for name in names)})$",
            all=True,
            grace_period=0,
            ns=at.namespace,
        )
        if sorted(deleted) != names:
            raise TargetError(f"{len(deleted)} of {len(names)} pods were deleted: {deleted}")


def _label_selector(fault: FaultSpec) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted(fault.target.selector.items()))


@fault("workload.scale-zero", drivers=DRIVERS)
class ScaleToZero(_KubernetesFault):
    """The deployments of the chosen pods are scaled to no pod at all.

    Only where the target states `all`, since nobody survives. The number of replicas is noted in
    the undo step, before anything happens.
    """

    rights = (
        Right("get", "apps", "deployments"),
        Right("patch", "apps", "deployments"),
        Right("get", "apps", "replicasets"),
        Right("get", "", "pods"),
        Right("list", "", "pods"),
    )

    def _check_before(self, at: Injection) -> None:
        if at.fault.target.all_kill is None:
            raise UsageError(
                "workload.scale-zero leaves no pod; say in spec.fault.target.all why that is meant"
            )

    def _own_steps(self, at: Injection) -> Iterable[UndoStep]:
        for each in at.workloads:
            if each.kind != "Deployment":
                raise UsageError(f"{each.kind} {each.name}: only deployments are scaled to zero")
            replicas: int = read_workload(at.api, each)["spec"].get("replicas", 1)
            yield at.step(
                "scale_back",
                "is_scaled_back",
                f"scale deployment {each.name} back to {replicas}",
                name=each.name,
                replicas=replicas,
            )

    def _inject(self, at: Injection) -> None:
        for each in at.workloads:
            _toolkit(
                at.api,
                "chaosk8s.deployment.actions",
                "scale_deployment",
                name=each.name,
                replicas=0,
                ns=at.namespace,
            )


@fault("network.deny", drivers=DRIVERS)
class NetworkDeny(_KubernetesFault):
    """No packet reaches the chosen pods any more (NetworkPolicy), while they keep running.

    Each is marked with a label of this injection, so that the policy selects exactly those. The
    policy belongs to the dead man's switch. It needs a network plugin that enforces policies.
    """

    rights = (
        Right("get", "", "pods"),
        Right("list", "", "pods"),
        Right("patch", "", "pods"),
        Right("get", "apps", "deployments"),
        Right("get", "apps", "replicasets"),
        Right("create", "networking.k8s.io", "networkpolicies"),
        Right("get", "networking.k8s.io", "networkpolicies"),
        Right("delete", "networking.k8s.io", "networkpolicies"),
    )

    def _own_steps(self, at: Injection) -> Iterable[UndoStep]:
        title = f"delete network policy {policy_name(at.identity)}"
        yield at.step("delete_policy", "is_policy_gone", title, id=at.identity)

    def _inject(self, at: Injection) -> None:
        for victim in at.victims:
            # The uid is a precondition: another pod under this name is left alone.
            body = {"metadata": {"uid": victim.uid, "labels": {MARK: at.identity}}}
            at.api.merge(
                place("pods", at.namespace, pod_name(victim)), body, f"mark pod {victim.name}"
            )
        policy = {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": policy_name(at.identity), "ownerReferences": [at.owner]},
            "spec": {
                "podSelector": {"matchLabels": {MARK: at.identity}},
                "policyTypes": ["Ingress"],
                "ingress": [],
            },
        }
        _toolkit(
            at.api,
            "chaosk8s.networking.actions",
            "create_network_policy",
            spec=policy,
            ns=at.namespace,
        )


def _toolkit(api: Api, module: str, function: str, **arguments: Any) -> Any:
    """Call an action of Chaos Toolkit's Kubernetes extension with our verified client."""
    try:
        loaded: Any = import_module(module)
    except ImportError as error:
        raise MissingExtraError("driver kubernetes", "chaos") from error
    own, loaded.create_k8s_api_client = loaded.create_k8s_api_client, lambda _=None: api.client
    try:
        with api_errors(function.replace("_", " ")):
            return getattr(loaded, function)(**arguments)
    finally:
        loaded.create_k8s_api_client = own
