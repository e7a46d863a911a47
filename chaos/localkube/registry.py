"""What the verbs of the API mean: create, update, patch, delete, and the subresources' parts."""

from __future__ import annotations

import copy
from typing import Any

from clinigate.chaos.localkube.addresses import Addresses
from clinigate.chaos.localkube.defaults import admit, now, stamp
from clinigate.chaos.localkube.patching import apply_patch
from clinigate.chaos.localkube.resources import Resource, find_kind
from clinigate.chaos.localkube.status import (
    Manifest,
    already_exists,
    bad_request,
    conflict,
    forbidden,
    invalid,
    not_found,
)
from clinigate.chaos.localkube.store import Store

__all__ = ["Registry"]

_FIXED = ("name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "generation")


class Registry:
    """The verbs on a store; services get their addresses from `addresses`."""

    def __init__(self, store: Store, addresses: Addresses) -> None:
        self.store = store
        self._addresses = addresses

    def create(self, resource: Resource, namespace: str, manifest: Manifest) -> Manifest:
        """Create an object.

        Raises:
            StatusError: 404 no such namespace, 403 the namespace ends, 409 the name is taken,
                400 and 422 the object is wrong.
        """
        manifest = copy.deepcopy(manifest)
        if resource.namespaced:
            self._check_namespace(namespace)
        if resource.has_status:
            manifest.pop("status", None)
        stamp(resource, manifest, namespace)
        admit(resource, manifest)
        name = manifest["metadata"]["name"]
        if self.store.get(resource, namespace if resource.namespaced else "", name) is not None:
            raise already_exists(resource.plural, name, resource.group)
        if resource.kind == "Service":
            manifest["spec"]["clusterIP"] = self._addresses.service()
        return self.store.put(resource, manifest)

    def _check_namespace(self, namespace: str) -> None:
        found = self.store.find("Namespace", "", namespace)
        if found is None:
            raise not_found("namespaces", namespace)
        if "deletionTimestamp" in found["metadata"]:
            raise forbidden(f"namespace {namespace} is being terminated, nothing new may start")

    def read(self, resource: Resource, namespace: str, name: str) -> Manifest:
        """One object.

        Raises:
            StatusError: 404.
        """
        found = self.store.get(resource, namespace, name)
        if found is None:
            raise not_found(resource.plural, name, resource.group)
        return found

    def replace(
        self, resource: Resource, namespace: str, name: str, body: Manifest, part: str = ""
    ) -> Manifest:
        """Replace an object, or its `status` where `part` says so.

        Raises:
            StatusError: 404; 409 when the body is of an older version; 400, 422 when it is wrong.
        """
        current = self.read(resource, namespace, name)
        wanted = copy.deepcopy(body)
        meta = wanted.setdefault("metadata", {})
        if meta.get("name", name) != name:
            raise bad_request("the name of the object does not match the name in the path")
        version = meta.get("resourceVersion")
        if version and version != current["metadata"]["resourceVersion"]:
            raise conflict(
                resource.plural,
                name,
                "the object has been modified; please apply your changes to "
                "the latest version and try again",
            )
        if meta.get("uid", current["metadata"]["uid"]) != current["metadata"]["uid"]:
            raise conflict(
                resource.plural, name, "Precondition failed: UID in precondition differs"
            )
        if part == "status":
            return self._write(resource, current, {**current, "status": wanted.get("status", {})})
        if resource.has_status:
            wanted["status"] = current.get("status", {})
        for field in _FIXED:
            meta.pop(field, None)
            if field in current["metadata"]:
                meta[field] = current["metadata"][field]
        admit(resource, wanted)
        self._check_immutable(resource, name, current, wanted)
        if wanted.get("spec") != current.get("spec"):
            meta["generation"] = current["metadata"].get("generation", 0) + 1
        return self._write(resource, current, wanted)

    def _check_immutable(
        self, resource: Resource, name: str, current: Manifest, wanted: Manifest
    ) -> None:
        if resource.group == "apps" and wanted["spec"]["selector"] != current["spec"]["selector"]:
            raise invalid(resource.kind, name, "spec.selector", "field is immutable")

    def patch(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        body: Any,
        *,
        content_type: str,
        part: str = "",
    ) -> Manifest:
        """Patch an object or its `status`.

        Raises:
            StatusError: as `replace`; 415 for a patch form that isn't served.
        """
        current = self.read(resource, namespace, name)
        patched = apply_patch(content_type, current, body)
        return self.replace(resource, namespace, name, patched, part)

    def _write(self, resource: Resource, current: Manifest, wanted: Manifest) -> Manifest:
        if wanted == current:
            return current
        if "deletionTimestamp" in current["metadata"] and self._may_go(resource, wanted):
            self._drop(resource, wanted)
            return wanted
        return self.store.put(resource, wanted)

    def scale(self, resource: Resource, namespace: str, name: str) -> Manifest:
        """The `autoscaling/v1` Scale of a workload.

        Raises:
            StatusError: 404.
        """
        found = self.read(resource, namespace, name)
        meta = found["metadata"]
        labels = (found["spec"]["selector"].get("matchLabels") or {}).items()
        kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
        return {
            "kind": "Scale",
            "apiVersion": "autoscaling/v1",
            "metadata": {key: meta[key] for key in kept},
            "spec": {"replicas": found["spec"]["replicas"]},
            "status": {
                "replicas": found.get("status", {}).get("replicas", 0),
                "selector": ",".join(f"{key}={value}" for key, value in labels),
            },
        }

    def set_scale(
        self, resource: Resource, namespace: str, name: str, replicas: object
    ) -> Manifest:
        """Set the number of replicas.

        Raises:
            StatusError: 404; 422 for a number that cannot be.
        """
        if not isinstance(replicas, int) or isinstance(replicas, bool) or replicas < 0:
            raise invalid("Scale", name, "spec.replicas", "must be greater than or equal to 0")
        patch = {"spec": {"replicas": replicas}}
        content_type = "application/merge-patch+json"
        self.patch(resource, namespace, name, patch, content_type=content_type)
        return self.scale(resource, namespace, name)

    def delete(
        self, resource: Resource, namespace: str, name: str, options: Manifest | None = None
    ) -> Manifest:
        """Delete an object: at once, or marked while a pod's grace or a finalizer lasts.

        Dependents go with the garbage collector, unless `propagationPolicy` is `Orphan`.

        Raises:
            StatusError: 404; 409 when a precondition (`uid`, `resourceVersion`) doesn't hold.
        """
        options = options or {}
        current = self.read(resource, namespace, name)
        self._check_preconditions(resource, current, options.get("preconditions") or {})
        if options.get("propagationPolicy") == "Orphan":
            self._orphan(current["metadata"]["uid"])
        meta = current["metadata"]
        grace = options.get("gracePeriodSeconds")
        if resource.kind == "Pod":
            usual = current["spec"].get("terminationGracePeriodSeconds", 30)
            grace = usual if grace is None else grace
            if grace == 0 or not current["spec"].get("nodeName"):
                return self._drop(resource, current)
            meta["deletionGracePeriodSeconds"] = grace
        elif self._may_go(resource, current):
            return self._drop(resource, current)
        meta.setdefault("deletionTimestamp", now())
        if resource.kind == "Namespace":
            current["status"]["phase"] = "Terminating"
        return self.store.put(resource, current)

    def _check_preconditions(
        self, resource: Resource, current: Manifest, preconditions: Manifest
    ) -> None:
        for field, wanted in preconditions.items():
            found = current["metadata"].get(field)
            if wanted is not None and found != wanted:
                name = current["metadata"]["name"]
                why = f"Precondition failed: {field} in precondition: {wanted}, found: {found}"
                raise conflict(resource.plural, name, why)

    def _may_go(self, resource: Resource, manifest: Manifest) -> bool:
        return not manifest["metadata"].get("finalizers") and resource.kind not in (
            "Pod",
            "Namespace",
        )

    def _drop(self, resource: Resource, manifest: Manifest) -> Manifest:
        meta = manifest["metadata"]
        namespace = meta.get("namespace", "") if resource.namespaced else ""
        self.store.drop(resource, namespace, meta["name"])
        if resource.kind == "Service":
            self._addresses.release(manifest["spec"]["clusterIP"])
        return manifest

    def _orphan(self, uid: str) -> None:
        for resource, manifest in self.store.everything():
            owners = manifest["metadata"].get("ownerReferences") or []
            kept = [owner for owner in owners if owner["uid"] != uid]
            if len(kept) < len(owners):
                manifest["metadata"]["ownerReferences"] = kept
                self.store.put(resource, manifest)

    def set_status(self, kind: str, manifest: Manifest, status: Manifest) -> None:
        """Write a status, as a controller does, if it changed and the object still is the same."""
        resource = find_kind(kind)
        meta = manifest["metadata"]
        namespace = meta.get("namespace", "") if resource.namespaced else ""
        current = self.store.get(resource, namespace, meta["name"])
        if current is None or current["metadata"]["uid"] != meta["uid"]:
            return
        if current.get("status") != status:
            self.store.put(resource, {**current, "status": status})
