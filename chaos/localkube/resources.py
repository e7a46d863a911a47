"""Which kinds the API serves. A kind that is missing here answers 404, as a real server would."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["RESOURCES", "Resource", "find_kind", "find_plural"]


@dataclass(frozen=True, slots=True)
class Resource:
    """One served kind.

    Attributes:
        group, version, kind, plural: its names; the core group is the empty string.
        namespaced: whether its objects live in a namespace.
        subresources: as `status`, `scale`, `eviction`.
        short: the short names that command lines use.
    """

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool = True
    subresources: tuple[str, ...] = ()
    short: tuple[str, ...] = ()

    @property
    def api_version(self) -> str:
        """`apiVersion` of its objects."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def has_status(self) -> bool:
        """Whether the status is written through a subresource of its own."""
        return "status" in self.subresources


_APPS = ("status", "scale")

RESOURCES: tuple[Resource, ...] = (
    Resource("", "v1", "Namespace", "namespaces", False, ("status",), ("ns",)),
    Resource("", "v1", "Node", "nodes", False, ("status",), ("no",)),
    Resource("", "v1", "Pod", "pods", True, ("status", "eviction", "log"), ("po",)),
    Resource("", "v1", "Service", "services", True, ("status",), ("svc",)),
    Resource("", "v1", "Endpoints", "endpoints", True, (), ("ep",)),
    Resource("", "v1", "ConfigMap", "configmaps", True, (), ("cm",)),
    Resource("", "v1", "Secret", "secrets"),
    Resource("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims", short=("pvc",)),
    Resource("", "v1", "Event", "events", True, (), ("ev",)),
    Resource("", "v1", "ServiceAccount", "serviceaccounts", True, ("token",), ("sa",)),
    Resource("apps", "v1", "Deployment", "deployments", True, _APPS, ("deploy",)),
    Resource("apps", "v1", "ReplicaSet", "replicasets", True, _APPS, ("rs",)),
    Resource("batch", "v1", "Job", "jobs", True, ("status",)),
    Resource("batch", "v1", "CronJob", "cronjobs", True, ("status",), ("cj",)),
    Resource("coordination.k8s.io", "v1", "Lease", "leases"),
    Resource("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies", short=("netpol",)),
    Resource(
        "policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets", True, ("status",), ("pdb",)
    ),
    Resource("rbac.authorization.k8s.io", "v1", "Role", "roles"),
    Resource("rbac.authorization.k8s.io", "v1", "RoleBinding", "rolebindings"),
    Resource("rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles", False),
    Resource("rbac.authorization.k8s.io", "v1", "ClusterRoleBinding", "clusterrolebindings", False),
)

_BY_KIND = {resource.kind: resource for resource in RESOURCES}
_BY_PLURAL = {(r.group, r.version, r.plural): r for r in RESOURCES}


def find_kind(kind: str) -> Resource:
    """The resource of a kind that is served.

    Raises:
        KeyError: the kind isn't served.
    """
    return _BY_KIND[kind]


def find_plural(group: str, version: str, plural: str) -> Resource | None:
    """The resource that a path names, or None."""
    return _BY_PLURAL.get((group, version, plural))
