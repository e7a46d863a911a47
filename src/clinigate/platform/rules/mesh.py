"""Istio: workloads take nothing but mutual TLS, and nobody but those who are named.

Read from PeerAuthentication, DestinationRule, AuthorizationPolicy and the labels by which a
namespace joins the mesh. The root namespace is `istio-system` unless the ConfigMap `istio` or an
IstioOperator names another. What Istio is told by other means (a value of istiod's chart, an
EnvoyFilter) is not seen.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import yaml

from clinigate.core.flaw import FlawSeverity
from clinigate.platform.resource import Field, Resource
from clinigate.platform.rule import Judged, breaks, each, keeps, rule, topic
from clinigate.platform.workloads import ALL_WORKLOADS

if TYPE_CHECKING:
    from clinigate.platform.manifests import Manifests

__all__ = ["authorization_by_default", "client_tls", "mutual_tls", "open_authorization"]

MUTUAL_TLS = topic(
    "platform.mesh_mtls",
    title="Services of the mesh speak mutual TLS only",
    controls=("164.312(e)(1)", "164.312(e)(2)(ii)", "CC6.7"),
)
AUTHORIZATION = topic(
    "platform.mesh_authorization",
    title="Services of the mesh refuse whoever is not named",
    controls=("164.312(a)(1)", "164.308(a)(4)(ii)(B)", "CC6.1"),
)
_PEER = "security.istio.io/PeerAuthentication"
_AUTHORIZATION = "security.istio.io/AuthorizationPolicy"
_DESTINATION = "networking.istio.io/DestinationRule"
_ENTRY = "networking.istio.io/ServiceEntry"
_ROOT_KINDS = ("install.istio.io/IstioOperator", "ConfigMap")
_DEFAULT_ROOT = "istio-system"
#: A mode that means "as the level above says".
_INHERIT = ("", "UNSET")
_KUBERNETES = ("kube-system", "kube-public", "kube-node-lease")


@rule(
    "CG-PLAT-MTLS-001",
    MUTUAL_TLS,
    kinds=(_PEER, _AUTHORIZATION, _DESTINATION, "Namespace", *ALL_WORKLOADS, *_ROOT_KINDS),
    severity=FlawSeverity.HIGH,
)
def mutual_tls(manifests: Manifests) -> Iterator[Judged]:
    """Every namespace of the mesh takes mutual TLS only, without exception by workload or port.

    A namespace's own policy overrides the mesh's: a permissive mesh is no finding where every
    namespace that is known says STRICT itself.
    """
    root = _root_namespace(manifests)
    policies = list(manifests.of(_PEER))
    wide = [each for each in policies if not _narrows(each)]
    mesh = next((each for each in wide if each.namespace == root), None)
    own = {each.namespace: each for each in wide if each is not mesh}
    members, heirs = _members(manifests, root), defaultdict(list)
    for where, resource in members.items():
        mode = _mode(own.get(where))
        inherits = mode in _INHERIT
        mode = _mode(mesh) if inherits else mode
        if mode in _INHERIT:
            yield breaks(
                resource,
                f"namespace {where} is in the mesh and no PeerAuthentication sets its mode: Istio "
                "takes plain text then (PERMISSIVE)",
                f"set mtls.mode STRICT in a PeerAuthentication of {where} or {root}",
            )
            continue
        yield keeps(resource)
        if inherits:
            heirs[mode].append(where)
    for policy in policies:
        spared = policy is mesh and bool(members) and not heirs[_mode(policy)]
        whom = heirs[_mode(policy)] if policy is mesh else ()
        yield from [] if spared else _lax_modes(policy, whom)
        yield keeps(policy)


def _lax_modes(policy: Resource, heirs: Sequence[str]) -> Iterator[Judged]:
    mode = _mode(policy)
    fix = "set STRICT; a kubelet's probe needs no exception, Istio rewrites it"
    if mode not in ("STRICT", *_INHERIT):
        whom = f", and {', '.join(heirs)} inherit it" if heirs else ""
        message = f"mode is {mode}, STRICT is wanted: plain text is taken{whom}"
        yield breaks(policy["spec"]["mtls"]["mode"], message, fix)
    for port, setting in policy["spec"]["portLevelMtls"].entries:
        lax = (setting["mode"].text or "").upper()
        if lax not in ("STRICT", *_INHERIT):
            message = f"port {port} is excepted with {lax}, STRICT is wanted: it takes plain text"
            yield breaks(setting["mode"], message, fix)


@each("CG-PLAT-MTLS-002", MUTUAL_TLS, kinds=(_DESTINATION,), also=(_ENTRY,),
      severity=FlawSeverity.HIGH)  # fmt: skip
def client_tls(resource: Resource, manifests: Manifests) -> Iterator[Judged]:
    """No DestinationRule tells clients to leave out TLS on the way to a service of the mesh.

    A host that a ServiceEntry places outside of the mesh is no concern of it.
    """
    host = resource["spec"]["host"].text or "?"
    if host in _outside(manifests):
        return
    for owner in (resource["spec"], *resource["spec"]["subsets"]):
        policy = owner["trafficPolicy"]
        for settings in (policy, *policy["portLevelSettings"]):
            mode = settings["tls"]["mode"]
            if (mode.text or "").upper() == "DISABLE":
                message = f"mode is DISABLE: clients of {host} are told to send plain text"
                yield breaks(mode, message, "use ISTIO_MUTUAL, or leave tls away")
    yield keeps(resource)


def _outside(manifests: Manifests) -> set[str]:
    return {
        host
        for entry in manifests.of(_ENTRY)
        if entry["spec"]["location"].text != "MESH_INTERNAL"
        for host in entry["spec"]["hosts"].list_of_texts
    }


@rule(
    "CG-PLAT-AUTHZ-001",
    AUTHORIZATION,
    kinds=(_AUTHORIZATION, _PEER, _DESTINATION, "Namespace", *ALL_WORKLOADS, *_ROOT_KINDS),
    severity=FlawSeverity.HIGH,
)
def authorization_by_default(manifests: Manifests) -> Iterator[Judged]:
    """Every namespace of the mesh denies by default.

    A policy that allows somebody, selects no workload and is not open to all is a default deny:
    whatever it does not match is refused. One in the root namespace is that for all namespaces.
    A namespace of gateways alone stands open on purpose.
    """
    root = _root_namespace(manifests)
    closed = {
        each.namespace
        for each in manifests.of(_AUTHORIZATION)
        if _allows(each) and not _narrows(each) and not _open_rules(each)
    }
    for where, resource in _members(manifests, root).items():
        if where in closed or root in closed or _is_for_gateways(where, manifests):
            yield keeps(resource)
            continue
        yield breaks(
            resource,
            f"namespace {where} is in the mesh and no AuthorizationPolicy denies by default: every "
            "workload may call every other",
            f"add an AuthorizationPolicy with an empty spec to {where} or {root}",
        )


@each("CG-PLAT-AUTHZ-002", AUTHORIZATION, kinds=(_AUTHORIZATION,), severity=FlawSeverity.HIGH)
def open_authorization(resource: Resource, _: Manifests) -> Iterator[Judged]:
    """No AuthorizationPolicy lets everybody in, but at a gateway, which is there for that."""
    if _allows(resource) and not _guards_gateway(resource):
        for each_rule in _open_rules(resource):
            message = "the rule names no source, operation or condition: it lets everybody in"
            yield breaks(each_rule, message, "name principals or namespaces in from.source")
    yield keeps(resource)


def _open_rules(policy: Resource) -> list[Field]:
    """Rules that match every request."""
    return [
        each
        for each in policy["spec"]["rules"]
        if not any(each[part].value for part in ("from", "to", "when"))
    ]


def _allows(policy: Resource) -> bool:
    return (policy["spec"]["action"].text or "ALLOW") == "ALLOW"


def _guards_gateway(policy: Resource) -> bool:
    spec = policy["spec"]
    for target in (*spec["targetRefs"], spec["targetRef"]):
        # A waypoint is a Gateway too, and stands before services, not at the door.
        if target["kind"].text == "Gateway" and "waypoint" not in (target["name"].text or ""):
            return True
    return _names_gateway(spec["selector"]["matchLabels"].texts)


def _names_gateway(labels: Mapping[str, str]) -> bool:
    named = (labels.get("istio", ""), labels.get("app", ""))
    return any("gateway" in each for each in named) or (
        "gateway.networking.k8s.io/gateway-name" in labels
    )


def _is_for_gateways(where: str, manifests: Manifests) -> bool:
    """Whether nothing but gateways is in a namespace."""
    pods = [each for each in manifests.workloads if each.namespace == where]
    if pods:
        return all(_names_gateway(each.labels) for each in pods)
    return any(_guards_gateway(each) for each in manifests.within(where, _AUTHORIZATION))


def _narrows(policy: Resource) -> bool:
    """Whether a policy is for some workloads of its namespace only."""
    spec = policy["spec"]
    return bool(
        spec["selector"]["matchLabels"].value or spec["targetRefs"].value or spec["targetRef"].value
    )


def _mode(policy: Resource | None) -> str:
    return "" if policy is None else (policy["spec"]["mtls"]["mode"].text or "").upper()


def _root_namespace(manifests: Manifests) -> str:
    """Where a policy holds for the whole mesh."""
    for resource in manifests.of(*_ROOT_KINDS):
        named: object = None
        if resource.kind == "IstioOperator":
            named = resource["spec"]["meshConfig"]["rootNamespace"].text
        elif resource.name == "istio":
            named = _root_of_mesh_config(resource["data"]["mesh"].text or "")
        if isinstance(named, str) and named:
            return named
    return _DEFAULT_ROOT


def _root_of_mesh_config(text: str) -> object:
    try:
        config = yaml.safe_load(text)
    except yaml.YAMLError:
        return None
    return config.get("rootNamespace") if isinstance(config, dict) else None


def _members(manifests: Manifests, root: str) -> dict[str, Resource]:
    """Namespaces of the mesh, each with the resource that says so.

    By the namespace's own label, by a label of a pod, or, where the Namespace itself is not among
    the manifests, by what Istio is told in it. The root namespace and Kubernetes' own stand apart.
    """
    declared = {each.name: each for each in manifests.of("Namespace")}
    found = {where: each for where, each in declared.items() if _joins(each.labels)}
    for workload in manifests.workloads:
        if _pod_joins(workload.template["metadata"]):
            found.setdefault(workload.namespace, workload.resource)
    for policy in manifests.of(_PEER, _AUTHORIZATION, _DESTINATION):
        if policy.namespace not in declared:
            found.setdefault(policy.namespace, policy)
    apart = (root, *_KUBERNETES)
    return {where: found[where] for where in sorted(found) if where not in apart}


def _joins(labels: Mapping[str, str]) -> bool:
    if labels.get("istio-injection") == "disabled":
        return False
    return (
        labels.get("istio-injection") == "enabled"
        or bool(labels.get("istio.io/rev"))
        or labels.get("istio.io/dataplane-mode") == "ambient"
    )


def _pod_joins(metadata: Field) -> bool:
    labels, annotations = metadata["labels"].texts, metadata["annotations"].texts
    key = "sidecar.istio.io/inject"
    says = labels.get(key, annotations.get(key, ""))
    return says == "true" or labels.get("istio.io/dataplane-mode") == "ambient"
