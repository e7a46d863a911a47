"""Disruption: a lost pod is no outage, and a drain takes some pods, neither none nor all.

Kubernetes' defaults are one replica and no budget. With one replica each lost pod is an outage; see
docs/platform.md for what was measured.
"""

from __future__ import annotations

from collections.abc import Iterator

from clinigate.core.flaw import FlawSeverity
from clinigate.platform.manifests import Manifests
from clinigate.platform.operators import operated
from clinigate.platform.quantities import share_of
from clinigate.platform.resource import Resource
from clinigate.platform.rule import Judged, breaks, each, keeps, topic
from clinigate.platform.scaling import HPA, KEDA, fewest_pods
from clinigate.platform.selectors import selects
from clinigate.platform.workloads import SERVING, Workload, workload_of

__all__ = ["BUDGET", "DISRUPTION"]

DISRUPTION = topic(
    "platform.disruption",
    title="A lost pod is no outage, and a drain leaves enough of them",
    controls=("164.308(a)(7)(ii)(C)", "A1.2", "SLO.api.availability"),
)

BUDGET = "policy/PodDisruptionBudget"


@each(
    "CG-PLAT-REPLICAS-001",
    DISRUPTION,
    kinds=(*SERVING, "Pod"),
    also=(HPA, KEDA),
    severity=FlawSeverity.HIGH,
)
def two_replicas(resource: Resource, manifests: Manifests) -> Iterator[Judged]:
    """A Deployment or StatefulSet keeps two pods at least, and no pod stands alone.

    What an autoscaler's minimum says counts before `replicas`. Nothing is asked of what is scaled
    to zero, of DaemonSets, of jobs, and of pods that do their work and end.
    """
    workload = workload_of(resource)
    if workload is None or workload.ends:
        return
    if resource.group_kind == "Pod":
        message = "a pod of its own is never started again on another node"
        yield breaks(resource["kind"], message, "make it a Deployment with replicas: 2")
    elif (count := fewest_pods(workload, manifests)) == 1:
        stated = resource["spec"]["replicas"]
        message = "it is kept at one pod: each pod that is lost is an outage"
        if not stated.exists:
            message += " (replicas is 1 where it is left out)"
        yield breaks(stated, message, "set replicas: 2 or more, and the autoscaler's minimum")
    elif not count and not _switched_off(resource):
        yield breaks(
            resource["spec"]["replicas"],
            "its autoscaler may take it to zero pods",
            "set minReplicaCount: 2 or more",
        )
    yield keeps(resource)


def _switched_off(resource: Resource) -> bool:
    return resource["spec"]["replicas"].integer == 0


@each("CG-PLAT-PDB-001", DISRUPTION, kinds=SERVING, also=(BUDGET, HPA, KEDA))
def a_budget_that_fits(resource: Resource, manifests: Manifests) -> Iterator[Judged]:
    """One PodDisruptionBudget selects the pods, lets some go, and keeps some.

    Without one a drain may take all pods at once. One that lets none go (minAvailable not below the
    number of pods, maxUnavailable 0) blocks every drain, until somebody deletes the pods by hand;
    one that keeps none protects nothing. Two that select the same pod make the eviction fail.
    """
    workload = workload_of(resource)
    if workload is None or _switched_off(resource):
        return
    # One that stands in two files, as in two overlays, is one in the cluster.
    by_name = {each.name: each for each in manifests.within(resource.namespace, BUDGET)}
    selecting = [each for each in by_name.values() if _selects(each, workload.labels)]
    if not selecting:
        yield breaks(
            resource["spec"]["template"]["metadata"]["labels"],
            "no PodDisruptionBudget selects its pods: a drain may take all of them at once",
            "add one with maxUnavailable: 1 whose selector matches these labels",
        )
    elif len(selecting) > 1:
        names = ", ".join(each.name for each in selecting)
        message = f"{len(selecting)} budgets select its pods ({names}): evictions fail"
        yield breaks(selecting[1]["spec"]["selector"], message, "leave one", unit=workload.label)
    else:
        yield from _fits(selecting[0], workload, fewest_pods(workload, manifests))
    yield keeps(resource)


def _fits(budget: Resource, workload: Workload, pods: int) -> Iterator[Judged]:
    least, most = budget["spec"]["minAvailable"], budget["spec"]["maxUnavailable"]
    kept = share_of(least, pods)
    gone = share_of(most, pods)
    if kept is None and gone is None:
        message = f"{budget.label} states neither minAvailable nor maxUnavailable"
        yield breaks(budget["spec"], message, "set maxUnavailable: 1", unit=workload.label)
        return
    may_go = gone if kept is None else pods - kept
    assert may_go is not None
    field = most if kept is None else least
    if pods > 0 and may_go <= 0:
        message = f"{budget.label} lets none of {pods} pods go: it blocks every drain of a node"
        yield breaks(field, message, "set maxUnavailable: 1", unit=workload.label)
    elif pods > 1 and may_go >= pods:
        message = f"{budget.label} lets all {pods} pods go at once: it protects nothing"
        yield breaks(field, message, "set maxUnavailable: 1", unit=workload.label)


@each("CG-PLAT-PDB-002", DISRUPTION, kinds=(BUDGET,), also=SERVING, severity=FlawSeverity.LOW)
def budgets_select_something(budget: Resource, manifests: Manifests) -> Iterator[Judged]:
    """A PodDisruptionBudget's selector matches the pods of a workload of its namespace.

    One label mistyped, and the budget that everybody sees protects nothing. For information only
    where a custom resource of the namespace may stand for pods that its operator makes.
    """
    if not any(
        _selects(budget, workload.labels)
        for workload in manifests.workloads
        if workload.namespace == budget.namespace
    ):
        message = "it selects no pods of any workload among the manifests"
        maker = next(operated(manifests, budget.namespace), None)
        if maker is not None:
            message += f"; an operator may make some of {maker.label}"
        yield breaks(
            budget["spec"]["selector"],
            message,
            "write the pods' labels into its selector",
            severity=None if maker is None else FlawSeverity.INFO,
        )
    yield keeps(budget)


def _selects(budget: Resource, labels: dict[str, str]) -> bool:
    return selects(budget["spec"]["selector"], labels)
