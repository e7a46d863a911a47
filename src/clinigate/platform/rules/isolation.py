"""Namespace isolation: workloads have a namespace of their own, and it enforces a pod standard."""

from __future__ import annotations

from collections.abc import Iterator

from clinigate.core.flaw import FlawSeverity
from clinigate.platform.manifests import Manifests
from clinigate.platform.resource import Resource, namespace_unit
from clinigate.platform.rule import Judged, breaks, each, keeps, rule, topic
from clinigate.platform.workloads import ALL_WORKLOADS

__all__ = ["ISOLATION"]

ISOLATION = topic(
    "platform.isolation",
    title="Workloads run in namespaces of their own that enforce a pod security standard",
    controls=("164.308(a)(4)(i)", "CC6.1"),
)

#: Everybody's, or Kubernetes' own.
_SHARED = frozenset(("default", "kube-system", "kube-public", "kube-node-lease"))
_ENFORCE = "pod-security.kubernetes.io/enforce"


@each("CG-PLAT-NAMESPACE-001", ISOLATION, kinds=ALL_WORKLOADS, severity=FlawSeverity.HIGH)
def own_namespace(workload: Resource, _manifests: Manifests) -> Iterator[Judged]:
    """A workload states a namespace that is neither `default` nor Kubernetes' own.

    Quotas, network policies and rights hold for a namespace: what shares one shares them all.
    """
    where = workload["metadata"]["namespace"]
    if not workload.namespace:
        yield breaks(
            where,
            "it states no namespace, and lands wherever the context of who applies it points",
            "set metadata.namespace, or say by --namespace where these manifests are applied",
            severity=FlawSeverity.MEDIUM,
        )
    elif workload.namespace in _SHARED:
        yield breaks(
            where,
            f"it runs in {workload.namespace}, which it shares with whatever else is there",
            "give it a namespace of its own",
        )
    yield keeps(workload)


@rule(
    "CG-PLAT-NAMESPACE-002",
    ISOLATION,
    kinds=("Namespace", *ALL_WORKLOADS),
    severity=FlawSeverity.MEDIUM,
)
def enforced_standard(manifests: Manifests) -> Iterator[Judged]:
    """A namespace with workloads enforces the pod security standard `baseline` or `restricted`.

    The label pod-security.kubernetes.io/enforce makes the API server refuse privileged pods,
    whoever asks for them. One that says `privileged` and holds nothing but the agents of nodes
    (DaemonSets), which need it, is for information.
    """
    for namespace, workload in manifests.workload_namespaces.items():
        unit = namespace_unit(namespace)
        if not namespace or namespace in _SHARED:
            continue  # the rule above speaks of these
        found = manifests.find("Namespace", "", namespace)
        fix = f"label it {_ENFORCE}: restricted"
        if found is None:
            message = "no Namespace object says what pods it admits"
            yield breaks(workload.resource, message, f"add a Namespace and {fix}", unit=unit)
            continue
        level = found.labels.get(_ENFORCE)
        if level not in ("baseline", "restricted"):
            message = "it admits pods of every kind: no pod security standard is enforced"
            agents = level == "privileged" and _holds_agents_alone(namespace, manifests)
            severity = FlawSeverity.INFO if agents else None
            yield breaks(found["metadata"]["labels"], message, fix, unit=unit, severity=severity)
        yield keeps(unit)


def _holds_agents_alone(namespace: str, manifests: Manifests) -> bool:
    there = manifests.within(namespace, *ALL_WORKLOADS)
    return all(each.kind == "DaemonSet" for each in there)
