"""Default-deny NetworkPolicies: nothing reaches a pod, and no pod reaches out, unless allowed."""

from __future__ import annotations

from collections.abc import Iterator

from clinigate.core.flaw import FlawSeverity
from clinigate.platform.manifests import Manifests
from clinigate.platform.resource import Field, Resource, namespace_unit
from clinigate.platform.rule import Judged, breaks, each, keeps, rule, topic
from clinigate.platform.selectors import is_everything
from clinigate.platform.workloads import ALL_WORKLOADS

__all__ = ["NETWORK"]

NETWORK = topic(
    "platform.network",
    title="Namespaces deny all traffic that nobody allowed, in and out",
    controls=("164.312(a)(1)", "164.312(e)(1)", "CC6.6"),
)

_POLICY = "networking.k8s.io/NetworkPolicy"
_ANYWHERE = ("0.0.0.0/0", "::/0")


@rule(
    "CG-PLAT-NETPOL-001",
    NETWORK,
    kinds=(_POLICY, *ALL_WORKLOADS),
    severity=FlawSeverity.HIGH,
)
def traffic_in_is_denied(manifests: Manifests) -> Iterator[Judged]:
    """A namespace with workloads has a NetworkPolicy that denies all traffic to its pods.

    It selects every pod (`podSelector: {}`): whatever no policy allows is denied then. It may allow
    something itself, as traffic within the namespace; one with a rule that allows every peer denies
    nothing. Policies of other kinds (Cilium, Calico) are not read.
    """
    yield from _denied(manifests, "Ingress")


@rule(
    "CG-PLAT-NETPOL-002",
    NETWORK,
    kinds=(_POLICY, *ALL_WORKLOADS),
    severity=FlawSeverity.MEDIUM,
)
def traffic_out_is_denied(manifests: Manifests) -> Iterator[Judged]:
    """A namespace with workloads has a NetworkPolicy that denies all traffic from its pods.

    As above, for `Egress`. Where policyTypes are left out, only rules of egress imply it.
    """
    yield from _denied(manifests, "Egress")


@each("CG-PLAT-NETPOL-003", NETWORK, kinds=(_POLICY,), severity=FlawSeverity.HIGH)
def nothing_opens_all_again(policy: Resource, _manifests: Manifests) -> Iterator[Judged]:
    """No NetworkPolicy allows every pod of a namespace traffic with everybody.

    Policies add up: beside a default deny, one such policy allows all again. An empty rule (`{}`)
    allows every peer, and so does an ipBlock of 0.0.0.0/0 without ports and exceptions; an empty
    namespaceSelector lets in the pods of every namespace.
    """
    spec = policy["spec"]
    if _is_for_all(policy):
        for direction, peers in (("ingress", "from"), ("egress", "to")):
            for allowed in spec[direction]:
                if _is_anybody(allowed, peers):
                    yield breaks(
                        allowed,
                        f"it allows every pod all {direction}, and with that undoes a default deny",
                        "name the pods and peers that need it",
                    )
    yield keeps(policy)


def _denied(manifests: Manifests, direction: str) -> Iterator[Judged]:
    for namespace, workload in manifests.workload_namespaces.items():
        unit = namespace_unit(namespace)
        policies = manifests.within(namespace, _POLICY)
        if not any(_denies(each, direction) for each in policies):
            some = "none of its NetworkPolicies denies" if policies else "no NetworkPolicy denies"
            yield breaks(
                policies[0] if policies else workload.resource,
                f"{some} all {direction.lower()} by default",
                f"add one with podSelector: {{}}, policyTypes: [{direction}] and no rules",
                unit=unit,
            )
        yield keeps(unit)


def _denies(policy: Resource, direction: str) -> bool:
    """Pods that a policy selects for a direction take what its rules allow, and no more."""
    spec = policy["spec"]
    # Left out, it is Ingress, and Egress too where there are egress rules (API reference).
    implied = ["Ingress", "Egress"] if spec["egress"].value else ["Ingress"]
    if not _is_for_all(policy) or direction not in (spec["policyTypes"].list_of_texts or implied):
        return False
    peers = "from" if direction == "Ingress" else "to"
    return not any(_is_anybody(each, peers) for each in spec[direction.lower()])


def _is_for_all(policy: Resource) -> bool:
    selector = policy["spec"]["podSelector"]
    return not selector.exists or is_everything(selector)


def _is_anybody(allowed: Field, peers: str) -> bool:
    if allowed["ports"].value:
        return False
    named = list(allowed[peers])
    return (
        not named
        or any(
            peer["ipBlock"]["cidr"].text in _ANYWHERE and not peer["ipBlock"]["except"].value
            for peer in named
        )
        or (peers == "from" and any(_is_any_pod(peer) for peer in named))
    )


def _is_any_pod(peer: Field) -> bool:
    """Whether it is every pod of every namespace, which is where other people's workloads are."""
    pods = peer["podSelector"]
    return is_everything(peer["namespaceSelector"]) and (not pods.exists or is_everything(pods))
