"""What the API fills in and what it refuses when an object is written."""

from __future__ import annotations

import re
import secrets
import uuid
from datetime import UTC, datetime

from clinigate.chaos.localkube.resources import Resource
from clinigate.chaos.localkube.selectors import matches
from clinigate.chaos.localkube.status import Manifest, StatusError, bad_request, invalid

__all__ = ["admit", "now", "random_suffix", "stamp"]

_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
_SUFFIX = "bcdfghjklmnpqrstvwxz2456789"  # no vowels, as the API has it: no words by accident


def now() -> str:
    """The time in the API's form: UTC, whole seconds."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def random_suffix(length: int = 5) -> str:
    """What follows a generated name's prefix."""
    return "".join(secrets.choice(_SUFFIX) for _ in range(length))


def stamp(resource: Resource, manifest: Manifest, namespace: str) -> None:
    """Give a new object its name, uid, time and generation.

    Raises:
        StatusError: 400 for a namespace other than the request's; 422 for a name that is none.
    """
    meta = manifest.setdefault("metadata", {})
    if not meta.get("name") and meta.get("generateName"):
        meta["name"] = meta["generateName"] + random_suffix()
    name = meta.get("name", "")
    lenient = resource.group == "rbac.authorization.k8s.io"
    if not isinstance(name, str) or not name or not (lenient or _NAME.fullmatch(name)):
        raise invalid(
            resource.kind, str(name), "metadata.name", "a lowercase RFC 1123 name is required"
        )
    if resource.namespaced:
        if meta.setdefault("namespace", namespace) != namespace:
            raise bad_request("the namespace of the object does not match the request's")
    else:
        meta.pop("namespace", None)
    meta["uid"] = str(uuid.uuid4())
    meta["creationTimestamp"] = now()
    meta.pop("deletionTimestamp", None)
    if "spec" in manifest:
        meta["generation"] = 1


def admit(resource: Resource, manifest: Manifest) -> None:
    """Check the kind's own rules and fill in its defaults.

    Raises:
        StatusError: 400 for another kind than the path's; 422 for a field that breaks a rule.
    """
    for field, wanted in (("kind", resource.kind), ("apiVersion", resource.api_version)):
        if manifest.setdefault(field, wanted) != wanted:
            raise bad_request(f"{field} is {manifest[field]!r}, the path asks for {wanted!r}")
    check = _ADMIT.get(resource.kind)
    if check is not None:
        check(manifest)


def _required(manifest: Manifest, field: str) -> Manifest:
    value = manifest.get(field)
    if not isinstance(value, dict):
        raise _broken(manifest, field, "Required value")
    return value


def _broken(manifest: Manifest, field: str, why: str) -> StatusError:
    return invalid(manifest["kind"], manifest["metadata"].get("name", ""), field, why)


def _pod(manifest: Manifest) -> None:
    _pod_spec(manifest, _required(manifest, "spec"), "spec", "Always")
    manifest.setdefault("status", {"phase": "Pending"})


def _pod_spec(manifest: Manifest, spec: Manifest, where: str, restart: str) -> None:
    containers = spec.get("containers")
    if not isinstance(containers, list) or not containers:
        raise _broken(manifest, f"{where}.containers", "Required value")
    names = [each.get("name") for each in containers]
    if None in names or len(set(names)) < len(names):
        raise _broken(manifest, f"{where}.containers", "each needs a name of its own")
    for number, each in enumerate(containers):
        if not each.get("image"):
            raise _broken(manifest, f"{where}.containers[{number}].image", "Required value")
    spec.setdefault("restartPolicy", restart)
    spec.setdefault("terminationGracePeriodSeconds", 30)
    spec.setdefault("serviceAccountName", "default")


def _workload(manifest: Manifest) -> None:
    spec = _required(manifest, "spec")
    spec.setdefault("replicas", 1)
    if not isinstance(spec["replicas"], int) or spec["replicas"] < 0:
        raise _broken(manifest, "spec.replicas", "must be greater than or equal to 0")
    template = spec.get("template") or {}
    if not isinstance(spec.get("selector"), dict):
        raise _broken(manifest, "spec.selector", "Required value")
    labels = (template.get("metadata") or {}).get("labels") or {}
    if not spec["selector"] or not matches(spec["selector"], labels):
        raise _broken(
            manifest, "spec.template.metadata.labels", "`selector` does not match template `labels`"
        )
    _pod_spec(manifest, template.get("spec") or {}, "spec.template.spec", "Always")


def _job(manifest: Manifest) -> None:
    spec = _required(manifest, "spec")
    spec.setdefault("backoffLimit", 6)
    spec.setdefault("suspend", False)
    pod_spec = (spec.get("template") or {}).get("spec") or {}
    if pod_spec.get("restartPolicy") not in ("Never", "OnFailure"):
        raise _broken(
            manifest, "spec.template.spec.restartPolicy", "must be `Never` or `OnFailure`"
        )
    _pod_spec(manifest, pod_spec, "spec.template.spec", "Never")


def _service(manifest: Manifest) -> None:
    spec = _required(manifest, "spec")
    if not spec.get("ports"):
        raise _broken(manifest, "spec.ports", "Required value")
    for port in spec["ports"]:
        port.setdefault("protocol", "TCP")
        port.setdefault("targetPort", port.get("port"))


def _namespace(manifest: Manifest) -> None:
    name = manifest["metadata"]["name"]
    manifest["metadata"].setdefault("labels", {})["kubernetes.io/metadata.name"] = name
    manifest.setdefault("status", {})["phase"] = "Active"


def _network_policy(manifest: Manifest) -> None:
    spec = _required(manifest, "spec")
    if not isinstance(spec.get("podSelector"), dict):
        raise _broken(manifest, "spec.podSelector", "Required value")
    spec.setdefault("policyTypes", ["Ingress"] + (["Egress"] if "egress" in spec else []))


def _budget(manifest: Manifest) -> None:
    spec = _required(manifest, "spec")
    if "minAvailable" in spec and "maxUnavailable" in spec:
        raise _broken(manifest, "spec", "minAvailable and maxUnavailable cannot be both set")


_ADMIT = {
    "Pod": _pod,
    "Deployment": _workload,
    "ReplicaSet": _workload,
    "Job": _job,
    "Service": _service,
    "Namespace": _namespace,
    "NetworkPolicy": _network_policy,
    "PodDisruptionBudget": _budget,
}
