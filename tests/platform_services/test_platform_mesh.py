"""Istio's rules of precedence are kept: what overrides what, and who is in the mesh at all."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from clinigate.platform.judge import TopicScan

# Messages stand as they are, so that they can be searched for.
# ruff: noqa: E501
Scan = Callable[..., TopicScan]
Short = Callable[[TopicScan], list[str]]

CLINIC = """
apiVersion: v1
kind: Namespace
metadata: {name: clinic, labels: {istio-injection: enabled}}
"""
NO_MODE = (
    "namespace clinic is in the mesh and no PeerAuthentication sets its mode: Istio takes plain "
    "text then (PERMISSIVE)"
)
NO_DENY = (
    "namespace clinic is in the mesh and no AuthorizationPolicy denies by default: every workload "
    "may call every other"
)


def peer(namespace: str, spec: str) -> str:
    return f"""
apiVersion: security.istio.io/v1beta1
kind: PeerAuthentication
metadata: {{name: it, namespace: {namespace}}}
spec: {spec}
"""


def policy(namespace: str, spec: str) -> str:
    return f"""
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {{name: it, namespace: {namespace}}}
spec: {spec}
"""


def deployment(namespace: str, labels: str = "{app: chat}") -> str:
    return f"""
apiVersion: apps/v1
kind: Deployment
metadata: {{name: chat, namespace: {namespace}}}
spec:
  selector: {{matchLabels: {{app: chat}}}}
  template:
    metadata: {{labels: {labels}}}
    spec: {{containers: [{{name: chat, image: "chat:1"}}]}}
"""


@pytest.mark.parametrize(
    ("manifests", "expected"),
    [
        pytest.param([CLINIC], [f"MTLS-001 2 Namespace clinic: {NO_MODE}"], id="no policy at all"),
        pytest.param(
            [CLINIC, peer("istio-system", "{mtls: {mode: STRICT}}")], [], id="the mesh is strict"
        ),
        pytest.param(
            [
                CLINIC,
                peer("istio-system", "{mtls: {mode: PERMISSIVE}}"),
                peer("clinic", "{mtls: {mode: STRICT}}"),
            ],
            [],
            id="a namespace is stricter than the mesh",
        ),
        pytest.param(
            [CLINIC, peer("istio-system", "{mtls: {mode: PERMISSIVE}}")],
            [
                (
                    "MTLS-001 5 PeerAuthentication istio-system/it spec.mtls.mode: mode is PERMISSIVE, "
                    "STRICT is wanted: plain text is taken, and clinic inherit it"
                )
            ],
            id="a namespace inherits a permissive mesh",
        ),
        pytest.param(
            [
                CLINIC,
                peer("istio-system", "{mtls: {mode: STRICT}}"),
                peer("clinic", "{mtls: {mode: UNSET}}"),
            ],
            [],
            id="UNSET inherits",
        ),
        pytest.param(
            [
                CLINIC,
                peer("istio-system", "{selector: {matchLabels: {a: b}}, mtls: {mode: STRICT}}"),
            ],
            [f"MTLS-001 2 Namespace clinic: {NO_MODE}"],
            id="a policy for some workloads of the root is none for the mesh",
        ),
        pytest.param(
            [
                CLINIC,
                peer("istio-system", "{mtls: {mode: STRICT}}"),
                peer("clinic", "{selector: {matchLabels: {a: b}}, mtls: {mode: disable}}"),
            ],
            [
                (
                    "MTLS-001 5 PeerAuthentication clinic/it spec.mtls.mode: mode is DISABLE, "
                    "STRICT is wanted: plain text is taken"
                )
            ],
            id="one workload is excepted",
        ),
        pytest.param(
            [deployment("batch", '{sidecar.istio.io/inject: "true"}')],
            [
                "MTLS-001 2 Deployment batch/chat: "
                + NO_MODE.replace("namespace clinic", "namespace batch")
            ],
            id="a pod joins by its own label",
        ),
        pytest.param(
            [CLINIC.replace("istio-injection: enabled", "istio.io/dataplane-mode: ambient")],
            [f"MTLS-001 2 Namespace clinic: {NO_MODE}"],
            id="ambient",
        ),
        pytest.param(
            [
                CLINIC,
                peer("mesh-root", "{mtls: {mode: STRICT}}"),
                """
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  mesh: |
    rootNamespace: mesh-root
""",
            ],
            [],
            id="another root namespace",
        ),
    ],
)
def test_mutual_tls(manifests: list[str], expected: list[str], scan: Scan, short: Short) -> None:
    assert short(scan("platform.mesh_mtls", *manifests)) == expected


@pytest.mark.parametrize(
    "manifests",
    [
        [deployment("monitoring")],
        [CLINIC.replace("enabled", "disabled"), deployment("clinic")],
        [peer("istio-system", "{}").replace("PeerAuthentication", "RequestAuthentication")],
    ],
)
@pytest.mark.parametrize("metric", ["platform.mesh_mtls", "platform.mesh_authorization"])
def test_without_sidecars_nothing_is_asked(metric: str, manifests: list[str], scan: Scan) -> None:
    found = scan(metric, *manifests)
    assert (found.units, found.findings, found.excluded) == ({}, [], [])


@pytest.mark.parametrize(
    ("manifests", "expected"),
    [
        pytest.param([CLINIC, policy("clinic", "{}")], [], id="nothing is allowed"),
        pytest.param([CLINIC, policy("istio-system", "{}")], [], id="nothing is, in the mesh"),
        pytest.param(
            [CLINIC, policy("clinic", "{rules: [{from: [{source: {namespaces: [edge]}}]}]}")],
            [],
            id="somebody is allowed: everybody else is not",
        ),
        pytest.param(
            [CLINIC, policy("clinic", "{action: DENY, rules: [{from: [{source: {}}]}]}")],
            [f"AUTHZ-001 2 Namespace clinic: {NO_DENY}"],
            id="whom a DENY does not match is let in",
        ),
        pytest.param(
            [
                CLINIC,
                policy("clinic", "{selector: {matchLabels: {a: b}}, rules: [{to: [{}]}]}"),
            ],
            [f"AUTHZ-001 2 Namespace clinic: {NO_DENY}"],
            id="one workload only",
        ),
        pytest.param(
            [
                CLINIC,
                deployment("clinic", "{istio: ingressgateway}"),
                policy("clinic", "{selector: {matchLabels: {istio: ingressgateway}}, rules: [{}]}"),
            ],
            [],
            id="gateways stand open",
        ),
        pytest.param(
            [
                CLINIC,
                deployment("clinic"),
                policy("clinic", "{targetRefs: [{kind: Gateway, name: a}], rules: [{}]}"),
            ],
            [f"AUTHZ-001 2 Namespace clinic: {NO_DENY}"],
            id="a gateway beside the services opens nothing for them",
        ),
    ],
)
def test_default_deny(manifests: list[str], expected: list[str], scan: Scan, short: Short) -> None:
    assert short(scan("platform.mesh_authorization", *manifests)) == expected


@pytest.mark.parametrize(("gateway", "findings"), [("edge", 0), ("waypoint", 1)])
def test_a_waypoint_is_no_door(gateway: str, findings: int, scan: Scan) -> None:
    spec = f"{{targetRefs: [{{kind: Gateway, name: {gateway}}}], rules: [{{}}]}}"
    found = scan("platform.mesh_authorization", policy("istio-system", spec))
    assert len(found.findings) == findings


def test_a_malformed_policy_forbids_a_pass(scan: Scan) -> None:
    found = scan("platform.mesh_mtls", CLINIC, peer("clinic", "{mtls: STRICT}"))
    assert [each.reason for each in found.excluded] == [
        "1.yaml:5 (PeerAuthentication clinic/it spec.mtls): a mapping is wanted, found text"
    ]


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ("{meshConfig: {rootNamespace: mesh-root}}", 0),
        ("{meshConfig: {}}", 1),
    ],
)
def test_an_operator_names_the_root_namespace(config: str, expected: int, scan: Scan) -> None:
    operator = f"""
apiVersion: install.istio.io/v1alpha1
kind: IstioOperator
metadata: {{name: mesh, namespace: istio-system}}
spec: {config}
"""
    found = scan(
        "platform.mesh_mtls", CLINIC, operator, peer("mesh-root", "{mtls: {mode: STRICT}}")
    )
    assert len([each for each in found.findings if "clinic" in each.message]) == expected
