"""Which pods carry the labels, who owns them, and whether they still are those that were frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clinigate.chaos.drivers.base import Victim, VictimGoneError
from clinigate.chaos.drivers.kubernetes_api import TIMEOUT_S, Api, api_errors, is_missing
from clinigate.errors import UsageError

__all__ = ["Owner", "check_unchanged", "find_pods", "namespace_of", "owner_of", "pod_name"]


@dataclass(frozen=True, slots=True)
class Owner:
    """The workload that brings a pod back: `Deployment api` in a namespace."""

    namespace: str
    kind: str
    name: str

    @property
    def group(self) -> str:
        """As `Victim.group` spells it."""
        return f"{self.namespace}/{self.kind}/{self.name}"

    @classmethod
    def of(cls, group: str) -> Owner:
        """Read `Victim.group`."""
        namespace, kind, name = group.split("/")
        return cls(namespace, kind, name)


def find_pods(api: Api, namespace: str, selector: Mapping[str, str]) -> tuple[Victim, ...]:
    """Ready pods that carry all of the labels, by name. Never asks without a selector.

    Raises:
        UsageError: the selector is empty, or a pod has no controller that would bring it back.
        TargetError: the API doesn't answer.
    """
    if not selector:
        raise UsageError("the selector is empty; it would choose among all pods")
    text = ",".join(f"{key}={value}" for key, value in sorted(selector.items()))
    with api_errors(f"list pods in namespace {namespace}"):
        pods = api.core.list_namespaced_pod(
            namespace, label_selector=text, _request_timeout=TIMEOUT_S
        ).items
    owners: dict[str, Owner] = {}
    found = []
    for pod in sorted(pods, key=lambda each: str(each.metadata.name)):
        labels = dict(pod.metadata.labels or {})
        if _is_ready(pod) and selector.items() <= labels.items():
            found.append(_victim(api, pod, labels, owners))
    return tuple(found)


def _is_ready(pod: Any) -> bool:
    """Ready and staying: what isn't can neither be hit nor be counted as a survivor."""
    conditions = (pod.status.conditions if pod.status is not None else None) or ()
    ready = any(each.type == "Ready" and each.status == "True" for each in conditions)
    return ready and pod.metadata.deletion_timestamp is None


def _victim(api: Api, pod: Any, labels: dict[str, str], owners: dict[str, Owner]) -> Victim:
    meta = pod.metadata
    reference = next((each for each in meta.owner_references or () if each.controller), None)
    if reference is None:
        raise UsageError(
            f"pod {meta.name!r} has no controller, nothing would bring it back; "
            "narrow the selector to pods of a workload"
        )
    if reference.uid not in owners:
        owners[reference.uid] = _root(api, meta.namespace, reference)
    return Victim(
        id=f"pod/{meta.namespace}/{meta.name}",
        name=meta.name,
        labels=labels,
        uid=meta.uid,
        group=owners[reference.uid].group,
    )


def _root(api: Api, namespace: str, reference: Any) -> Owner:
    """The Deployment behind a ReplicaSet; any other controller as it is."""
    if reference.kind == "ReplicaSet":
        with api_errors(f"read replica set {reference.name}"):
            found = api.apps.read_namespaced_replica_set(
                reference.name, namespace, _request_timeout=TIMEOUT_S
            )
        for above in found.metadata.owner_references or ():
            if above.controller:
                return Owner(namespace, above.kind, above.name)
    return Owner(namespace, reference.kind, reference.name)


def owner_of(victim: Victim) -> Owner:
    """The workload that a victim belongs to."""
    return Owner.of(victim.group)


def namespace_of(victims: tuple[Victim, ...]) -> str:
    """The one namespace of all victims.

    Raises:
        UsageError: they are in several, or there are none.
    """
    names = {owner_of(victim).namespace for victim in victims}
    if len(names) != 1:
        raise UsageError(
            f"the targets lie in {len(names)} namespaces, a fault hits one; choose it with the "
            "setting namespace"
        )
    return names.pop()


def pod_name(victim: Victim) -> str:
    """The pod's name."""
    return victim.id.rpartition("/")[2]


def check_unchanged(api: Api, namespace: str, victims: tuple[Victim, ...]) -> None:
    """Make sure that each name still is the pod that was frozen.

    Raises:
        VictimGoneError: one is gone, is going, or is another pod by now.
    """
    from kubernetes.client.exceptions import ApiException

    for victim in victims:
        with api_errors(f"read pod {victim.name}"):
            try:
                pod = api.core.read_namespaced_pod(
                    pod_name(victim), namespace, _request_timeout=TIMEOUT_S
                )
            except ApiException as error:
                if not is_missing(error):
                    raise
                raise VictimGoneError(f"pod {victim.name!r} is gone") from error
        if pod.metadata.uid != victim.uid or pod.metadata.deletion_timestamp is not None:
            raise VictimGoneError(f"pod {victim.name!r} is no longer the one that was chosen")
