"""Which pods carry the labels, who owns them, and whether they still are those that were frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from clinigate.chaos.drivers.base import Victim, VictimGoneError
from clinigate.chaos.drivers.kubernetes_api import Api, Manifest, place
from clinigate.errors import UsageError

__all__ = [
    "Owner",
    "check_unchanged",
    "find_pods",
    "namespace_of",
    "owner_of",
    "pod_name",
    "read_workload",
]

_PLURALS = {"Deployment": "deployments", "StatefulSet": "statefulsets", "ReplicaSet": "replicasets"}


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
    path = place("pods", namespace, labelSelector=text)
    pods = api.get(path, f"list pods in namespace {namespace}")["items"]
    owners: dict[str, Owner] = {}
    found = []
    for pod in sorted(pods, key=lambda each: str(each["metadata"]["name"])):
        labels = pod["metadata"].get("labels") or {}
        if _is_ready(pod) and selector.items() <= labels.items():
            found.append(_victim(api, pod, labels, owners))
    return tuple(found)


def _is_ready(pod: Manifest) -> bool:
    """Ready and staying: what isn't can neither be hit nor be counted as a survivor."""
    conditions = (pod.get("status") or {}).get("conditions") or ()
    ready = any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
    return ready and "deletionTimestamp" not in pod["metadata"]


def _victim(api: Api, pod: Manifest, labels: dict[str, str], owners: dict[str, Owner]) -> Victim:
    meta = pod["metadata"]
    reference = _controller(pod)
    if reference is None:
        raise UsageError(
            f"pod {meta['name']!r} has no controller, nothing would bring it back; "
            "narrow the selector to pods of a workload"
        )
    if reference["uid"] not in owners:
        owners[reference["uid"]] = _root(api, meta["namespace"], reference)
    return Victim(
        id=f"pod/{meta['namespace']}/{meta['name']}",
        name=meta["name"],
        labels=labels,
        uid=meta["uid"],
        group=owners[reference["uid"]].group,
    )


def _controller(manifest: Manifest) -> Manifest | None:
    owners = manifest["metadata"].get("ownerReferences") or ()
    return next((each for each in owners if each.get("controller")), None)


def _root(api: Api, namespace: str, reference: Manifest) -> Owner:
    """The Deployment behind a ReplicaSet; any other controller as it is."""
    kind, name = reference["kind"], reference["name"]
    if kind == "ReplicaSet":
        path = place("replicasets", namespace, name)
        above = _controller(api.get(path, f"read replica set {name}"))
        if above is not None:
            kind, name = above["kind"], above["name"]
    return Owner(namespace, kind, name)


def read_workload(api: Api, owner: Owner) -> Manifest:
    """The workload itself.

    Raises:
        UsageError: it is of a kind whose pods are no targets.
        TargetError: it cannot be read.
    """
    plural = _PLURALS.get(owner.kind)
    if plural is None:
        raise UsageError(
            f"{owner.kind} {owner.name}: pods of Deployments, StatefulSets and ReplicaSets "
            "can be targets; narrow the selector"
        )
    path = place(plural, owner.namespace, owner.name)
    return api.get(path, f"read {owner.kind} {owner.name}")


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
    for victim in victims:
        path = place("pods", namespace, pod_name(victim))
        pod = api.find(path, f"read pod {victim.name}")
        if pod is None:
            raise VictimGoneError(f"pod {victim.name!r} is gone")
        meta = pod["metadata"]
        if meta["uid"] != victim.uid or "deletionTimestamp" in meta:
            raise VictimGoneError(f"pod {victim.name!r} is no longer the one that was chosen")
