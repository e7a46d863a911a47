"""How many pods of a workload there are: what it states, and what an autoscaler makes of it."""

from __future__ import annotations

from collections.abc import Iterator

from clinigate.platform.manifests import Manifests
from clinigate.platform.resource import Resource
from clinigate.platform.workloads import Workload

__all__ = ["HPA", "KEDA", "VPA", "autoscalers_of", "fewest_pods", "targets"]

HPA = "autoscaling/HorizontalPodAutoscaler"
VPA = "autoscaling.k8s.io/VerticalPodAutoscaler"
KEDA = "keda.sh/ScaledObject"

#: Defaults of the API: replicas and minReplicas of an HPA are 1, a ScaledObject may go to zero.
_DEFAULT_REPLICAS, _KEDA_DEFAULT = 1, 0


def targets(scaler: Resource, workload: Workload) -> bool:
    """Whether an HPA, VPA or ScaledObject scales a workload."""
    if scaler.namespace != workload.namespace:
        return False
    ref = scaler["spec"]["targetRef" if scaler.group_kind == VPA else "scaleTargetRef"]
    kind = ref["kind"].text or ("Deployment" if scaler.group_kind == KEDA else None)
    return kind == workload.resource.kind and ref["name"].text == workload.resource.name


def autoscalers_of(workload: Workload, manifests: Manifests, *kinds: str) -> Iterator[Resource]:
    """Yield the scalers of these kinds that scale a workload."""
    for each in manifests.within(workload.namespace, *kinds):
        if targets(each, workload):
            yield each


def fewest_pods(workload: Workload, manifests: Manifests) -> int:
    """The least number of pods that a workload is kept at.

    Raises:
        ManifestShapeError: a number of replicas is none.
    """
    for hpa in autoscalers_of(workload, manifests, HPA):
        least = hpa["spec"]["minReplicas"].integer
        return _DEFAULT_REPLICAS if least is None else least
    for scaled in autoscalers_of(workload, manifests, KEDA):
        least = scaled["spec"]["minReplicaCount"].integer
        return _KEDA_DEFAULT if least is None else least
    stated = workload.resource["spec"]["replicas"].integer
    return _DEFAULT_REPLICAS if stated is None else stated
