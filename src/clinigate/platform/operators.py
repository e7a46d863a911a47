"""Custom resources that stand for pods: an operator makes these, and no manifest shows them."""

from __future__ import annotations

from collections.abc import Iterator

from clinigate.platform.manifests import Manifests
from clinigate.platform.resource import Resource
from clinigate.platform.workloads import ALL_WORKLOADS

__all__ = ["is_custom", "operated"]

#: Groups whose resources say how something is done, and of which no pod is made.
_NO_PODS = frozenset(
    (
        "bitnami.com",
        "cert-manager.io",
        "cilium.io",
        "configuration.konghq.com",
        "crd.projectcalico.org",
        "declarative.konghq.com",
        "external-secrets.io",
        "isindir.github.com",
        "keda.sh",
        "kyverno.io",
        "networking.istio.io",
        "projectcalico.org",
        "secrets.hashicorp.com",
        "security.istio.io",
        "telemetry.istio.io",
        "velero.io",
    )
)
_NO_POD_KINDS = frozenset(
    (
        "argoproj.io/AnalysisTemplate",
        "argoproj.io/AppProject",
        "argoproj.io/ClusterAnalysisTemplate",
        "kafka.strimzi.io/KafkaTopic",
        "kafka.strimzi.io/KafkaUser",
        "monitoring.coreos.com/AlertmanagerConfig",
        "monitoring.coreos.com/PodMonitor",
        "monitoring.coreos.com/Probe",
        "monitoring.coreos.com/PrometheusRule",
        "monitoring.coreos.com/ScrapeConfig",
        "monitoring.coreos.com/ServiceMonitor",
    )
)


def is_custom(group_kind: str) -> bool:
    """Whether a kind, as `kafka.strimzi.io/Kafka`, is no part of Kubernetes."""
    group = group_kind.rpartition("/")[0]
    return "." in group and not group.endswith(".k8s.io")


def operated(manifests: Manifests, namespace: str) -> Iterator[Resource]:
    """Yield the resources of a namespace of which an operator may make pods."""
    for each in manifests.resources:
        if (
            each.namespace == namespace
            and is_custom(each.group_kind)
            and each.group not in _NO_PODS
            and each.group_kind not in _NO_POD_KINDS
            and each.group_kind not in ALL_WORKLOADS
        ):
            yield each
