"""The loss of a node: pods stand on several, or are moved within the recovery objective.

A node counts as lost after 50 s without a sign of life (before Kubernetes 1.32 after 40 s), and its
pods are evicted 300 s later, by Kubernetes' defaults: either breaks an objective of 5 minutes.
On a real control plane 346 s were measured with 40 s, and 20 s with 12 s and short tolerations.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from clinigate.core.flaw import FlawSeverity
from clinigate.platform.expectations import Expectations
from clinigate.platform.manifests import Manifests
from clinigate.platform.resource import Field, Resource
from clinigate.platform.rule import Judged, breaks, each, keeps, topic
from clinigate.platform.scaling import HPA, KEDA, fewest_pods
from clinigate.platform.selectors import selects
from clinigate.platform.workloads import SERVING, Workload, workload_of

__all__ = ["NODE_LOSS"]

NODE_LOSS = topic(
    "platform.node_loss",
    title="The loss of a node is over within the recovery objective",
    controls=("164.308(a)(7)(ii)(C)", "A1.2"),
)

_TAINTS = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
#: Seconds until pods of a lost node are evicted (admission plug-in DefaultTolerationSeconds).
_TOLERATION_S = 300.0
_PLACES = (
    "kubernetes.io/hostname",
    "topology.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/zone",
)


@each(
    "CG-PLAT-NODELOSS-001",
    NODE_LOSS,
    kinds=SERVING,
    also=(HPA, KEDA),
    severity=FlawSeverity.HIGH,
)
def recovery_from_a_lost_node(resource: Resource, manifests: Manifests) -> Iterator[Judged]:
    """A workload outlives a node: its pods must stand on several, or are moved in time.

    Kept by two pods that must not share a node (a required anti-affinity, or a spread constraint
    with DoNotSchedule), or by tolerations of not-ready and unreachable that end within the
    objective. A StatefulSet's pods are never moved from a node that is gone, so that only the
    first counts for it. No manifest says after how long a node counts as lost: that is
    `[platform] node_grace_s`.
    """
    workload = workload_of(resource)
    if workload is None or (pods := fewest_pods(workload, manifests)) == 0:
        return
    expected = manifests.expectations
    apart = pods > 1 and any(most < pods for _, most in _spreads(workload))
    moved_s = math.inf if resource.kind == "StatefulSet" else _moved_s(workload, expected)
    if not apart and moved_s > expected.rto_s:
        yield breaks(workload.pod["tolerations"], *_said(moved_s, expected))
    yield keeps(resource)


def _moved_s(workload: Workload, expected: Expectations) -> float:
    return expected.node_grace_s + _stay_s(workload)


def _said(moved_s: float, expected: Expectations) -> tuple[str, str]:
    """Message and fix."""
    if math.isinf(moved_s):
        moved = "from a node that is gone they are never moved"
        fix = "run two or more with a required podAntiAffinity by kubernetes.io/hostname"
    else:
        grace_s = expected.node_grace_s
        moved = (
            f"from a lost one they are moved after about {moved_s:g} s, if it counts as lost after "
            f"{grace_s:g} s"
        )
        fix = (
            "tolerate not-ready and unreachable (NoExecute) with tolerationSeconds: 30 or so, or "
            "require its pods on several nodes"
        )
    message = f"nothing keeps its pods on several nodes, and {moved}"
    return f"{message}; the objective is {expected.rto_s:g} s", fix


@each("CG-PLAT-SPREAD-001", NODE_LOSS, kinds=SERVING, also=(HPA, KEDA))
def pods_are_spread(resource: Resource, manifests: Manifests) -> Iterator[Judged]:
    """Two or more pods say that they want different nodes or zones.

    By topologySpreadConstraints or podAntiAffinity, required or preferred, whose selector matches
    the pods themselves. One that matches others spreads nothing.
    """
    workload = workload_of(resource)
    if workload is None or fewest_pods(workload, manifests) < 2:
        return
    if not any(True for _ in _spreads(workload)):
        stated = workload.pod["topologySpreadConstraints"]
        message = "nothing spreads its pods over nodes or zones: one node may hold them all"
        if stated.exists or workload.pod["affinity"]["podAntiAffinity"].exists:
            message = "what spreads its pods selects others, or by no node or zone"
        fix = "add topologySpreadConstraints by kubernetes.io/hostname with the pods' own labels"
        yield breaks(stated, message, fix)
    yield keeps(resource)


def _spreads(workload: Workload) -> Iterator[tuple[Field, float]]:
    """What keeps the pods apart, and how many may share a node all the same; a wish bounds none."""
    labels = workload.labels
    for spread in workload.pod["topologySpreadConstraints"]:
        if spread["topologyKey"].text in _PLACES and selects(spread["labelSelector"], labels):
            soft = spread["whenUnsatisfiable"].text == "ScheduleAnyway"
            yield spread, math.inf if soft else spread["maxSkew"].integer or 1
    apart = workload.pod["affinity"]["podAntiAffinity"]
    for term in apart["requiredDuringSchedulingIgnoredDuringExecution"]:
        if term["topologyKey"].text in _PLACES and selects(term["labelSelector"], labels):
            yield term, 1
    for wish in apart["preferredDuringSchedulingIgnoredDuringExecution"]:
        term = wish["podAffinityTerm"]
        if term["topologyKey"].text in _PLACES and selects(term["labelSelector"], labels):
            yield term, math.inf


def _stay_s(workload: Workload) -> float:
    """How long pods stay on a lost node: the longer of both taints; for ever where none ends it."""
    return max(_stay_with(taint, workload) for taint in _TAINTS)


def _stay_with(taint: str, workload: Workload) -> float:
    matching = [entry for entry in workload.pod["tolerations"] if _tolerates(entry, taint)]
    if not matching:
        return _TOLERATION_S
    # Of several that match the shortest ends it (taint eviction controller, getMinTolerationTime).
    stays = [entry["tolerationSeconds"].integer for entry in matching]
    return float(min((stay for stay in stays if stay is not None), default=math.inf))


def _tolerates(toleration: Field, taint: str) -> bool:
    if toleration["effect"].text not in ("NoExecute", None):
        return False
    if toleration["operator"].text == "Exists":
        return toleration["key"].text in (taint, None)
    return toleration["key"].text == taint and not toleration["value"].value
