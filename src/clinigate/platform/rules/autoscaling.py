"""Autoscaling: between two pods at least and a bound that exists, by one scaler a metric."""

from __future__ import annotations

from collections.abc import Iterator

from clinigate.core.flaw import FlawSeverity
from clinigate.platform.manifests import Manifests
from clinigate.platform.resource import Field, Resource
from clinigate.platform.rule import Judged, breaks, each, keeps, topic
from clinigate.platform.scaling import HPA, KEDA, VPA, autoscalers_of, targets
from clinigate.platform.selectors import services_of
from clinigate.platform.workloads import SERVING, Workload, workload_of

__all__ = ["SCALING"]

SCALING = topic(
    "platform.scaling",
    title="What takes requests scales with them, from two pods up",
    controls=("A1.1", "SLO.api.availability"),
)

_LEAST = 2


@each("CG-PLAT-HPA-001", SCALING, kinds=(HPA, KEDA), also=SERVING)
def bounds_are_sane(scaler: Resource, manifests: Manifests) -> Iterator[Judged]:
    """An autoscaler keeps two pods at least, may add some, and scales something that is there.

    minReplicas is 1 where it is left out (a ScaledObject's minReplicaCount 0): one lost pod is an
    outage then, whatever the Deployment says, since the autoscaler decides.
    """
    spec = scaler["spec"]
    keda = scaler.group_kind == KEDA
    least = spec["minReplicaCount" if keda else "minReplicas"]
    most = spec["maxReplicaCount" if keda else "maxReplicas"]
    low = _or(least, 0 if keda else 1)
    high = _or(most, 100 if keda else 0)
    if low < _LEAST:
        stated = f"{low} is" if least.exists else f"left out it is {low}, which is"
        message = f"the least number of pods: {stated} too few; one lost pod is an outage"
        yield breaks(least, message, f"set it to {_LEAST} or more")
    if not most.exists and not keda:
        yield breaks(most, "maxReplicas is missing: the API refuses it", "set maxReplicas")
    elif high <= low:
        message = f"at most {high} pods and at least {low}: it can add none"
        yield breaks(most, message, "set the greatest number above the least")
    if _is_known(spec["scaleTargetRef"]["kind"].text) and not _target_is_there(scaler, manifests):
        message = "what it scales is not among the manifests of its namespace"
        yield breaks(spec["scaleTargetRef"], message, "name a workload that is there")
    yield keeps(scaler)


def _is_known(kind: str | None) -> bool:
    """Others, as an operator's own kinds, may scale too; of these we know nothing."""
    return kind is None or kind in {serving.rpartition("/")[2] for serving in SERVING}


def _target_is_there(scaler: Resource, manifests: Manifests) -> bool:
    there = manifests.within(scaler.namespace, *SERVING)
    return any(targets(scaler, Workload(resource)) for resource in there)


@each(
    "CG-PLAT-HPA-002",
    SCALING,
    kinds=("apps/Deployment", "argoproj.io/Rollout"),
    also=("Service", HPA, VPA, KEDA),
)
def what_takes_requests_scales(resource: Resource, manifests: Manifests) -> Iterator[Judged]:
    """A Deployment behind a Service has an autoscaler: HPA, VPA or KEDA's ScaledObject."""
    workload = workload_of(resource)
    if workload is None or not any(services_of(workload, manifests)):
        return
    if not any(autoscalers_of(workload, manifests, HPA, VPA, KEDA)):
        message = "a Service sends it requests, and nothing adds pods when there are more of them"
        yield breaks(resource["spec"]["replicas"], message, "add a HorizontalPodAutoscaler for it")
    yield keeps(resource)


@each("CG-PLAT-VPA-001", SCALING, kinds=(VPA,), also=(HPA, KEDA, *SERVING))
def one_scaler_a_metric(vpa: Resource, manifests: Manifests) -> Iterator[Judged]:
    """No VPA sets the requests of processor time or memory by which an HPA scales the same pods.

    Each undoes what the other does (VPA's documentation, known limitations). A VPA that only
    recommends (`updateMode: Off`) disturbs nobody; one for other resources neither.
    """
    spec = vpa["spec"]
    if spec["updatePolicy"]["updateMode"].text != "Off":
        for kind in SERVING:
            for resource in manifests.within(vpa.namespace, kind):
                workload = Workload(resource)
                if targets(vpa, workload):
                    yield from _conflicts(vpa, workload, manifests)
    yield keeps(vpa)


def _conflicts(vpa: Resource, workload: Workload, manifests: Manifests) -> Iterator[Judged]:
    controlled = _controlled(vpa)
    for scaler in autoscalers_of(workload, manifests, HPA, KEDA):
        shared = sorted(controlled & _scaled_by(scaler))
        if shared:
            message = f"it sets requests of {' and '.join(shared)}, by which {scaler.label} scales"
            fix = "scale by another metric, set controlledResources, or updateMode: Off"
            yield breaks(vpa["spec"], message, fix, severity=FlawSeverity.HIGH)


def _controlled(vpa: Resource) -> set[str]:
    policies = [
        each
        for each in vpa["spec"]["resourcePolicy"]["containerPolicies"]
        if each["mode"].text != "Off"
    ]
    if not policies:
        return {"cpu", "memory"}
    return {
        name
        for each in policies
        for name in (each["controlledResources"].list_of_texts or ("cpu", "memory"))
    }


def _scaled_by(scaler: Resource) -> set[str]:
    spec = scaler["spec"]
    if scaler.group_kind == KEDA:
        return {each["type"].text or "" for each in spec["triggers"]}
    named = {
        each[part]["name"].text or ""
        for each in spec["metrics"]
        for part in ("resource", "containerResource")
    }
    if spec["targetCPUUtilizationPercentage"].exists or not spec["metrics"].value:
        named.add("cpu")  # the API's default metric
    return named


def _or(field: Field, default: int) -> int:
    found = field.integer
    return default if found is None else found
