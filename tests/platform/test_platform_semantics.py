"""Rules mean what Kubernetes does: defaults, overrides, roundings, and who is asked for what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import yaml

from clinigate.platform.expectations import Expectations
from clinigate.platform.judge import judge
from clinigate.platform.load import Text, load
from clinigate.platform.manifests import Manifests
from clinigate.platform.rules import load_rules

Json = dict[str, Any]
BY_ID = {each.id: each for each in load_rules().rules}


def verdict(
    rule: str, *manifests: Json, rto_s: float = 300.0, node_grace_s: float = 50.0
) -> bool | None:
    """True kept, or broken for information alone; False broken, None not looked at."""
    text = yaml.safe_dump_all(manifests)
    loaded = load([Text("a.yaml", text.encode(), True)], namespace="n")
    assert not loaded.excluded
    expected = Expectations(rto_s=rto_s, node_grace_s=node_grace_s)
    (scan,) = judge(Manifests(loaded.resources, expected), [BY_ID[rule]]).values()
    assert not scan.faults
    assert not scan.excluded
    return all(scan.units.values()) if scan.units else None


def made(api: str, kind: str, spec: Json | None = None, **top: Any) -> Json:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": "x"}, "spec": spec or {}, **top}


def deployment(replicas: int | None = 2, *, kind: str = "Deployment", **pod: Any) -> Json:
    template = {
        "metadata": {"labels": {"app": "x"}},
        "spec": {"containers": [{"name": "c"}], **pod},
    }
    stated = {} if replicas is None else {"replicas": replicas}
    api = "argoproj.io/v1alpha1" if kind == "Rollout" else "apps/v1"
    return made(api, kind, {**stated, "template": template})


def budget(**spec: Any) -> Json:
    return made("policy/v1", "PodDisruptionBudget",
                {"selector": {"matchLabels": {"app": "x"}}, **spec})  # fmt: skip


def hpa(least: int | None, most: int = 9, kind: str = "Deployment", **spec: Any) -> Json:
    stated = {} if least is None else {"minReplicas": least}
    ref = {"scaleTargetRef": {"kind": kind, "name": "x"}}
    return made("autoscaling/v2", "HorizontalPodAutoscaler",
                {**ref, **stated, "maxReplicas": most, **spec})  # fmt: skip


def container(**fields: Any) -> Json:
    return deployment(containers=[{"name": "c", **fields}])


def taints(seconds: int | None, **fields: Any) -> list[Json]:
    stays = {} if seconds is None else {"tolerationSeconds": seconds}
    return [
        {"key": f"node.kubernetes.io/{name}", "operator": "Exists", "effect": "NoExecute",
         **stays, **fields}
        for name in ("not-ready", "unreachable")
    ]  # fmt: skip


def spread(*, hard: bool = True, skew: int = 1, key: str = "kubernetes.io/hostname") -> list[Json]:
    unsatisfiable = "DoNotSchedule" if hard else "ScheduleAnyway"
    return [{"maxSkew": skew, "topologyKey": key, "whenUnsatisfiable": unsatisfiable,
             "labelSelector": {"matchLabels": {"app": "x"}}}]  # fmt: skip


REPLICAS = [
    (True, [deployment(2)]),
    (False, [deployment(1)]),
    (False, [deployment(None)]),
    (True, [deployment(0)]),
    (True, [deployment(None), hpa(2)]),
    (False, [deployment(3), hpa(None)]),
    (False, [deployment(3), hpa(1)]),
    (True, [deployment(2), hpa(1, kind="StatefulSet")]),
    (False, [deployment(2), made("keda.sh/v1alpha1", "ScaledObject",
                                 {"scaleTargetRef": {"name": "x"}})]),
    (False, [deployment(None, kind="StatefulSet")]),
    (False, [deployment(1, kind="Rollout")]),
    (None, [made("argoproj.io/v1alpha1", "Rollout", {"workloadRef": {"name": "x"}})]),
    (None, [deployment(None, kind="DaemonSet")]),
    (None, [made("v1", "Pod", {"restartPolicy": "Never", "containers": [{"name": "c"}]})]),
    (False, [made("v1", "Pod", {"containers": [{"name": "c"}]})]),
]  # fmt: skip
BUDGETS = [
    (False, [deployment(2)]),
    (True, [deployment(2), budget(maxUnavailable=1)]),
    (True, [deployment(3), budget(maxUnavailable="1%")]),
    (False, [deployment(2), budget(maxUnavailable=0)]),
    (False, [deployment(2), budget(minAvailable=2)]),
    (False, [deployment(2), budget(minAvailable="100%")]),
    (True, [deployment(2), budget(minAvailable="50%")]),
    (True, [deployment(2), budget(minAvailable=2), hpa(3)]),
    (False, [deployment(2), budget(minAvailable=0)]),
    (False, [deployment(2), budget()]),
    (True, [deployment(2), made("policy/v1", "PodDisruptionBudget",
                                {"selector": {}, "maxUnavailable": 1})]),
    (False, [deployment(2), made("policy/v1", "PodDisruptionBudget", {"maxUnavailable": 1})]),
    (False, [deployment(2), budget(maxUnavailable=1),
             {**budget(maxUnavailable=1), "metadata": {"name": "other"}}]),
    (True, [deployment(2), budget(maxUnavailable=1), budget(maxUnavailable=1)]),
    (False, [deployment(2), {**budget(maxUnavailable=1),
                             "metadata": {"name": "x", "namespace": "elsewhere"}}]),
    (None, [deployment(0)]),
]  # fmt: skip
NODE_LOSS = [
    (False, [deployment(2)]),
    (True, [deployment(1, tolerations=taints(30))]),
    (False, [deployment(1, tolerations=taints(251))]),
    (True, [deployment(1, tolerations=taints(250))]),
    (False, [deployment(2, tolerations=taints(None))]),
    (False, [deployment(2, tolerations=taints(30)[:1])]),
    (False, [deployment(2, tolerations=taints(30, effect="NoSchedule"))]),
    (False, [deployment(2, tolerations=taints(30, operator="Equal", value="yes"))]),
    (True, [deployment(2, tolerations=[{"operator": "Exists", "tolerationSeconds": 9}])]),
    (True, [deployment(2, tolerations=[*taints(30), *taints(None)])]),
    (True, [deployment(2, topologySpreadConstraints=spread())]),
    (False, [deployment(2, topologySpreadConstraints=spread(skew=2))]),
    (False, [deployment(2, topologySpreadConstraints=spread(hard=False))]),
    (True, [deployment(2, topologySpreadConstraints=spread(key="topology.kubernetes.io/zone"))]),
    (False, [deployment(2, topologySpreadConstraints=spread(key="rack"))]),
    (False, [deployment(1, topologySpreadConstraints=spread())]),
    (False, [deployment(2, kind="StatefulSet", tolerations=taints(1))]),
    (None, [deployment(None, kind="DaemonSet")]),
]
VPA: Json = {"targetRef": {"kind": "Deployment", "name": "x"}}
MEMORY: Json = {"metrics": [{"type": "Resource", "resource": {"name": "memory"}}]}
SCALERS = [
    (False, [deployment(), made("autoscaling.k8s.io/v1", "VerticalPodAutoscaler", VPA), hpa(2)]),
    (True, [deployment(), hpa(2), made("autoscaling.k8s.io/v1", "VerticalPodAutoscaler",
            {**VPA, "updatePolicy": {"updateMode": "Off"}})]),
    (True, [deployment(), hpa(2, **MEMORY), made("autoscaling.k8s.io/v1", "VerticalPodAutoscaler",
            {**VPA, "resourcePolicy": {"containerPolicies": [{"controlledResources": ["cpu"]}]}})]),
    (False, [deployment(), hpa(2, **MEMORY),
             made("autoscaling.k8s.io/v1", "VerticalPodAutoscaler", VPA)]),
    (True, [deployment(), made("autoscaling.k8s.io/v1", "VerticalPodAutoscaler", VPA)]),
]  # fmt: skip
ROOT = [
    (False, [container()]),
    (True, [container(securityContext={"runAsNonRoot": True})]),
    (True, [container(securityContext={"runAsUser": 1000})]),
    (False, [container(securityContext={"runAsUser": 0, "runAsNonRoot": True})]),
    (True, [deployment(securityContext={"runAsNonRoot": True})]),
    (False, [deployment(securityContext={"runAsUser": 7},
                        containers=[{"name": "c", "securityContext": {"runAsUser": 0}}])]),
    (True, [deployment(securityContext={"runAsUser": 0},
                       containers=[{"name": "c", "securityContext": {"runAsUser": 7}}])]),
    (False, [deployment(securityContext={"runAsNonRoot": True}, initContainers=[
        {"name": "i", "securityContext": {"runAsNonRoot": False}}])]),
    (None, [deployment(os={"name": "windows"})]),
    (None, [deployment(nodeSelector={"kubernetes.io/os": "windows"})]),
    (False, [deployment(nodeSelector={"kubernetes.io/os": "linux"})]),
]  # fmt: skip
CAPABILITIES = [
    (True, [container(securityContext={"capabilities": {"drop": ["all"]}})]),
    (True, [container(securityContext={"capabilities": {"drop": ["ALL"],
                                                        "add": ["CAP_NET_BIND_SERVICE"]}})]),
    (False, [container(securityContext={"capabilities": {"drop": ["ALL"], "add": ["NET_RAW"]}})]),
]  # fmt: skip
IMAGES = [
    (False, [container(image="redis")]),
    (False, [container(image="host:5000/redis")]),
    (False, [container(image="redis:latest")]),
    (True, [container(image="redis:7")]),
    (True, [container(image=f"redis:latest@sha256:{'a' * 64}")]),
    (False, [made("keda.sh/v1alpha1", "ScaledJob", {"jobTargetRef": {"template": {
        "spec": {"containers": [{"name": "c", "image": "redis"}]}}}})]),
    (False, [made("serving.knative.dev/v1", "Service", {"template": {
        "spec": {"containers": [{"image": "redis:latest"}]}}})]),
]  # fmt: skip
OPEN = [
    (True, [made("networking.k8s.io/v1", "NetworkPolicy", {"podSelector": {}, "ingress": []})]),
    (False, [made("networking.k8s.io/v1", "NetworkPolicy", {"podSelector": {}, "ingress": [{}]})]),
    (False, [made("networking.k8s.io/v1", "NetworkPolicy", {"ingress": [{"from": []}]})]),
    (True, [made("networking.k8s.io/v1", "NetworkPolicy",
                 {"podSelector": {}, "ingress": [{"ports": [{"port": 80}]}]})]),
    (True, [made("networking.k8s.io/v1", "NetworkPolicy",
                 {"podSelector": {"matchLabels": {"a": "b"}}, "ingress": [{}]})]),
    (True, [made("networking.k8s.io/v1", "NetworkPolicy", {"podSelector": {}, "egress": [
        {"to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}}]}]})]),
    (False, [made("networking.k8s.io/v1", "NetworkPolicy",
                  {"podSelector": {}, "ingress": [{"from": [{"namespaceSelector": {}}]}]})]),
    (True, [made("networking.k8s.io/v1", "NetworkPolicy", {"podSelector": {}, "ingress": [
        {"from": [{"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "g"}}}]}]})]),
]  # fmt: skip


def policy(*types: str, **spec: Any) -> Json:
    stated = {"policyTypes": list(types)} if types else {}
    return made("networking.k8s.io/v1", "NetworkPolicy", {"podSelector": {}, **stated, **spec})


SAME_NAMESPACE: list[Json] = [{"from": [{"podSelector": {}}]}]
DNS: list[Json] = [{"ports": [{"port": 53, "protocol": "UDP"}]}]
DENIED_IN = [
    (False, [deployment()]),
    (True, [deployment(), policy()]),
    (True, [deployment(), policy("Ingress", ingress=SAME_NAMESPACE)]),
    (True, [deployment(), policy("Ingress", "Egress", ingress=DNS)]),
    (False, [deployment(), policy("Ingress", ingress=[*SAME_NAMESPACE, {}])]),
    (False, [deployment(), policy("Ingress", ingress=[{"from": []}])]),
    (False, [deployment(), policy("Egress", ingress=SAME_NAMESPACE)]),
    (False, [deployment(), policy("Ingress", podSelector={"matchLabels": {"app": "x"}})]),
]
DENIED_OUT = [
    (False, [deployment(), policy()]),
    (True, [deployment(), policy("Egress")]),
    (True, [deployment(), policy("Egress", egress=DNS)]),
    (True, [deployment(), policy(egress=DNS)]),
    (False, [deployment(), policy("Egress", egress=[{}])]),
    (False, [deployment(), policy("Egress", egress=[{"to": [{"ipBlock": {"cidr": "::/0"}}]}])]),
]
SERVICE = made("v1", "Service", {"selector": {"app": "x"}})
PROBE = {"readinessProbe": {"exec": {"command": ["ready"]}}}
HTTP, METRICS = [{"name": "http", "containerPort": 80}], [{"name": "metrics", "containerPort": 9}]
READY = [
    (False, [deployment(), SERVICE]),
    (True, [container(**PROBE), SERVICE]),
    (True, [deployment()]),
    (True, [container(ports=METRICS)]),
    (False, [container(ports=HTTP)]),
    (False, [container(ports=[{"containerPort": 80}])]),
    (True, [deployment(containers=[{"name": "c", "ports": HTTP, **PROBE}, {"name": "logs"}]),
            SERVICE]),
    (False, [made("apps/v1", "StatefulSet", {"serviceName": "x", "template": {
        "spec": {"containers": [{"name": "c"}]}}})]),
    (True, [deployment(), {**SERVICE, "metadata": {"name": "x", "namespace": "elsewhere"}}]),
]  # fmt: skip
ALIVE = {"livenessProbe": {"exec": {"command": ["alive"]}}}
LIVE = [
    (True, [container(**ALIVE)]),
    (False, [container()]),
    (True, [deployment(containers=[{"name": "c", **ALIVE}], initContainers=[{"name": "i"}])]),
    (False, [deployment(containers=[{"name": "c", **ALIVE}],
                        initContainers=[{"name": "i", "restartPolicy": "Always"}])]),
]  # fmt: skip
PRIVILEGED: Json = {"apiVersion": "v1", "kind": "Namespace", "metadata": {
    "name": "n", "labels": {"pod-security.kubernetes.io/enforce": "privileged"}}}  # fmt: skip
STANDARD = [
    (False, [deployment(), PRIVILEGED]),
    (True, [deployment(None, kind="DaemonSet"), PRIVILEGED]),
    (False, [deployment(None, kind="DaemonSet"), made("batch/v1", "Job"), PRIVILEGED]),
    (False, [deployment(None, kind="DaemonSet"),
             {**PRIVILEGED, "metadata": {"name": "n"}}]),
]  # fmt: skip
KAFKA = made("kafka.strimzi.io/v1", "Kafka")
SELECTING = [
    (True, [deployment(), budget(maxUnavailable=1)]),
    (False, [budget(maxUnavailable=1)]),
    (True, [budget(maxUnavailable=1), KAFKA]),
    (False, [budget(maxUnavailable=1), {**KAFKA, "metadata": {"name": "x", "namespace": "m"}}]),
    (False, [budget(maxUnavailable=1), made("external-secrets.io/v1", "ExternalSecret")]),
    (False, [budget(maxUnavailable=1), made("kafka.strimzi.io/v1", "KafkaTopic")]),
]
NOBODY = {"runAsNonRoot": True, "runAsUser": 65534}


def agent(path: str = "/proc", kind: str = "DaemonSet", *, user: Json | None = None, **of: Any
          ) -> Json:  # fmt: skip
    mount = {"name": "v", "mountPath": "/host", "readOnly": of.pop("read_only", True)}
    inner = {"name": "c", "volumeMounts": [mount], "securityContext": of.pop("rights", {}),
             "ports": of.pop("ports", [])}  # fmt: skip
    volume = {"name": "v", "hostPath": {"path": path}}
    context = NOBODY if user is None else user
    return deployment(None, kind=kind, containers=[inner], volumes=[volume],
                      securityContext=context, **of)  # fmt: skip


HOST = [
    (True, [agent()]),
    (True, [agent(hostNetwork=True, hostPID=True)]),
    (False, [agent(read_only=False)]),
    (False, [agent(kind="Deployment")]),
    (False, [agent(user={})]),
    (False, [agent(user={}, hostNetwork=True)]),
    (True, [agent("/var/log/pods", user={})]),
    (False, [agent("/var/logs", user={})]),
    (False, [agent("/run/containerd/containerd.sock")]),
    (False, [agent(rights={"privileged": True})]),
    (False, [agent(rights={"capabilities": {"add": ["SYS_PTRACE"]}})]),
    (
        True,
        [agent(rights={"capabilities": {"add": ["SYS_TIME"]}, "allowPrivilegeEscalation": False})],
    ),
    (True, [agent(rights={"capabilities": {"add": ["NET_BIND_SERVICE"]}})]),
    (False, [deployment(hostNetwork=True, securityContext=NOBODY)]),
    (False, [container(ports=[{"containerPort": 80, "hostPort": 80}])]),
    (True, [agent(ports=[{"containerPort": 80, "hostPort": 80}])]),
    (
        False,
        [
            deployment(
                os={"name": "windows"}, securityContext={"windowsOptions": {"hostProcess": True}}
            )
        ],
    ),
]
CASES: dict[str, Sequence[tuple[bool | None, list[Json]]]] = {
    "CG-PLAT-REPLICAS-001": REPLICAS,
    "CG-PLAT-PDB-001": BUDGETS,
    "CG-PLAT-NODELOSS-001": NODE_LOSS,
    "CG-PLAT-VPA-001": SCALERS,
    "CG-PLAT-NONROOT-001": ROOT,
    "CG-PLAT-CAPABILITIES-001": CAPABILITIES,
    "CG-PLAT-IMAGE-001": IMAGES,
    "CG-PLAT-NETPOL-001": DENIED_IN,
    "CG-PLAT-NETPOL-002": DENIED_OUT,
    "CG-PLAT-NETPOL-003": OPEN,
    "CG-PLAT-READINESS-001": READY,
    "CG-PLAT-LIVENESS-001": LIVE,
    "CG-PLAT-NAMESPACE-002": STANDARD,
    "CG-PLAT-PDB-002": SELECTING,
    "CG-PLAT-HOST-001": HOST,
}


@pytest.mark.parametrize(
    ("rule", "expected", "manifests"),
    [(rule, *case) for rule, cases in CASES.items() for case in cases],
)
def test_a_rule_means_what_kubernetes_does(
    rule: str, expected: bool | None, manifests: list[Json]
) -> None:
    assert verdict(rule, *manifests) is expected


def test_the_objective_for_recovery_decides_which_tolerations_are_short_enough() -> None:
    slow = deployment(1, tolerations=taints(30))
    assert verdict("CG-PLAT-NODELOSS-001", slow, rto_s=80) is True
    assert verdict("CG-PLAT-NODELOSS-001", slow, rto_s=79) is False
    # A cluster before Kubernetes 1.32, or one that was told to notice sooner.
    assert verdict("CG-PLAT-NODELOSS-001", slow, rto_s=70, node_grace_s=40) is True


def test_a_container_without_an_image_is_told_as_not_looked_at() -> None:
    """A webhook may fill one in, and what it takes is in no manifest."""
    loaded = load([Text("a.yaml", yaml.safe_dump(container()).encode(), True)], namespace="n")
    (scan,) = judge(Manifests(loaded.resources), [BY_ID["CG-PLAT-IMAGE-001"]]).values()
    (excluded,) = scan.excluded
    assert excluded.unit == "Deployment n/x"
    assert "an image is wanted, found none" in excluded.reason


def test_a_limit_range_s_default_counts_for_containers_that_state_nothing() -> None:
    defaults = {"type": "Container", "default": {"cpu": 1, "memory": "1Gi"}}
    limits = made("v1", "LimitRange", {"limits": [defaults]})
    assert verdict("CG-PLAT-RESOURCES-001", container()) is False
    assert verdict("CG-PLAT-RESOURCES-001", container(), limits) is True


def test_a_pod_security_standard_of_another_namespace_helps_nobody() -> None:
    label = {"pod-security.kubernetes.io/enforce": "baseline"}
    named = {"apiVersion": "v1", "kind": "Namespace"}
    own = {**named, "metadata": {"name": "n", "labels": label}}
    other = {**named, "metadata": {"name": "m", "labels": label}}
    assert verdict("CG-PLAT-NAMESPACE-002", deployment(), own) is True
    assert verdict("CG-PLAT-NAMESPACE-002", deployment(), other) is False


def test_a_namespace_of_malformed_workloads_is_a_namespace_of_workloads() -> None:
    assert verdict("CG-PLAT-NETPOL-001", made("apps/v1", "Deployment", {"template": []})) is False
