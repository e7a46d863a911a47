"""What no experiment may do in a cluster, whatever its settings say; all of it fails closed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from clinigate.chaos.drivers.base import NotAvailableError, Victim
from clinigate.chaos.drivers.kubernetes_api import Api, place
from clinigate.errors import UsageError

__all__ = [
    "ENABLED",
    "Right",
    "allowed_namespaces",
    "check_budgets",
    "check_namespace",
    "check_rights",
    "refuse_denied",
]

ENABLED = "clinigate.io/chaos"
_CRISIS = "clinigate.io/crisis-line"
_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_DENIED = ("kube-*", "istio-system", "*crisis*")


@dataclass(frozen=True, slots=True)
class Right:
    """A verb on a resource, as roles spell them: `delete`, ``""``, `pods`."""

    verb: str
    group: str
    resource: str


def allowed_namespaces(settings: Mapping[str, str]) -> tuple[str, ...]:
    """The namespaces of the allow-list, or the one of them that `namespace` chooses.

    Raises:
        UsageError: there is no allow-list, `namespace` isn't on it, or one of them never is.
    """
    names = tuple(
        part.strip() for part in settings.get("namespaces", "").split(",") if part.strip()
    )
    if not names:
        raise UsageError(
            "no namespace is allowed; list those that experiments may touch in "
            "[chaos.environments.NAME] namespaces"
        )
    for name in names:
        refuse_denied(name)
    chosen = settings.get("namespace")
    if chosen is None:
        return names
    if chosen not in names:
        raise UsageError(f"namespace {chosen!r} is not on the allow-list: {', '.join(names)}")
    return (chosen,)


def refuse_denied(name: str) -> None:
    """Refuse the namespaces that nobody may touch.

    Raises:
        UsageError: it is one of those.
    """
    for pattern in _DENIED:
        if fnmatchcase(name, pattern):
            raise UsageError(
                f"namespace {name!r} is never touched (rule {pattern!r}): the cluster's own "
                "services and crisis lines are out of bounds"
            )


def check_namespace(api: Api, name: str) -> Mapping[str, str]:
    """The labels of a namespace that may be touched now.

    Raises:
        UsageError: it is denied, or doesn't carry `clinigate.io/chaos=enabled`.
        TargetError: it cannot be read.
    """
    refuse_denied(name)
    found = api.get(f"/api/v1/namespaces/{name}", f"read namespace {name}")
    labels: dict[str, str] = found["metadata"].get("labels") or {}
    if labels.get(_CRISIS) not in (None, "false"):
        raise UsageError(f"namespace {name!r} carries {_CRISIS}: crisis lines are out of bounds")
    if labels.get(ENABLED) != "enabled":
        raise UsageError(
            f"namespace {name!r} does not carry the label {ENABLED}=enabled; whoever owns it must "
            f"agree first: kubectl label namespace {name} {ENABLED}=enabled"
        )
    return dict(labels)


def check_rights(api: Api, namespace: str, rights: Iterable[Right]) -> None:
    """Ask the API whether this account may do all that a fault and its undo need.

    Raises:
        NotAvailableError: it may not; every missing right is named.
    """
    missing = []
    for right in rights:
        resource, _, part = right.resource.partition("/")
        attributes = {
            "verb": right.verb,
            "group": right.group,
            "resource": resource,
            "subresource": part,
            "namespace": namespace,
        }
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": attributes},
        }
        answer = api.create(_REVIEWS, review, "ask for this account's rights")
        if (answer.get("status") or {}).get("allowed") is not True:
            missing.append(f"{right.verb} {right.resource}")
    if missing:
        raise NotAvailableError(
            f"this account may not {', '.join(missing)} in namespace {namespace!r}; grant it with "
            "deploy/kubernetes/chaos.yaml"
        )


def check_budgets(api: Api, namespace: str, victims: tuple[Victim, ...]) -> None:
    """Refuse to take more pods at once than their disruption budgets allow.

    A budget binds evictions only; killing pods on purpose must keep it by itself. Of its selector
    the labels are compared and expressions are not, so that too many pods may count, never too few;
    an empty selector means every pod, as policy/v1 has it.

    Raises:
        UsageError: a budget has no room for these victims.
    """
    path = place("poddisruptionbudgets", namespace)
    for budget in api.get(path, "list disruption budgets")["items"]:
        selector = budget["spec"].get("selector")
        if selector is None:
            continue  # it binds no pod
        wanted = (selector.get("matchLabels") or {}).items()
        hit = sum(wanted <= victim.labels.items() for victim in victims)
        room = (budget.get("status") or {}).get("disruptionsAllowed", 0)
        if hit > room:
            name = budget["metadata"]["name"]
            raise UsageError(
                f"disruption budget {name!r} allows {room} pod(s) to go now, and "
                f"{hit} would; wait until more are ready, or say in the target's 'all' why "
                "nobody need survive"
            )
