"""From documents to resources: lists opened, and what is no resource sorted out with a reason."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any

from clinigate.findings.model import Excluded
from clinigate.platform.documents import Document
from clinigate.platform.resource import Path, Resource

__all__ = [
    "CLUSTER_WIDE",
    "KONG",
    "KUSTOMIZATIONS",
    "PatchPaths",
    "Sorted",
    "is_kongs",
    "sort_document",
]

KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml")
_KUSTOMIZE = "kustomize.config.k8s.io"
_BUILD = (
    "is Kustomize's input; judge what it builds: kustomize build FOLDER | clinigate platform scan -"
)
#: As which Kong's declarative file is judged: version and kind.
KONG = ("declarative.konghq.com/3.0", "KongConfiguration")
#: Kinds that live in no namespace, though their manifest may state one by mistake.
CLUSTER_WIDE = frozenset(
    {
        "Namespace",
        "Node",
        "PersistentVolume",
        "admissionregistration.k8s.io/MutatingWebhookConfiguration",
        "admissionregistration.k8s.io/ValidatingAdmissionPolicy",
        "admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding",
        "admissionregistration.k8s.io/ValidatingWebhookConfiguration",
        "apiextensions.k8s.io/CustomResourceDefinition",
        "apiregistration.k8s.io/APIService",
        "cert-manager.io/ClusterIssuer",
        "external-secrets.io/ClusterExternalSecret",
        "external-secrets.io/ClusterSecretStore",
        "networking.k8s.io/IngressClass",
        "node.k8s.io/RuntimeClass",
        "policy/PodSecurityPolicy",
        "rbac.authorization.k8s.io/ClusterRole",
        "rbac.authorization.k8s.io/ClusterRoleBinding",
        "scheduling.k8s.io/PriorityClass",
        "snapshot.storage.k8s.io/VolumeSnapshotClass",
        "storage.k8s.io/CSIDriver",
        "storage.k8s.io/CSINode",
        "storage.k8s.io/StorageClass",
        "storage.k8s.io/VolumeAttachment",
    }
)


@dataclass(slots=True)
class Sorted:
    """What the documents of one file turned out to be.

    Attributes:
        resources: manifests.
        excluded: what should be one and cannot be judged.
        others: what is something else.
        patched: paths, relative to the file's folder, that Kustomize takes as patches.
    """

    resources: list[Resource] = field(default_factory=list)
    excluded: list[Excluded] = field(default_factory=list)
    others: list[Excluded] = field(default_factory=list)
    patched: list[str] = field(default_factory=list)


class PatchPaths:
    """The files that Kustomize files name as patches."""

    def __init__(self) -> None:
        self._uris: set[str] = set()

    def add(self, uri: str, paths: Iterable[str]) -> None:
        """Note the patches that the file at `uri` names."""
        folder = posixpath.dirname(uri)
        self._uris.update(posixpath.normpath(posixpath.join(folder, path)) for path in paths)

    def __contains__(self, uri: str) -> bool:
        return uri in self._uris

    def __bool__(self) -> bool:
        return bool(self._uris)


def sort_document(document: Document, uri: str, namespace: str, into: Sorted) -> None:
    """Sort one document, and all that a List in it holds.

    Args:
        document: what was read.
        uri: its file.
        namespace: of what states none.
        into: where it goes.
    """
    if _is_kustomization(document.value, uri):
        into.excluded.append(Excluded(uri, _BUILD))
        into.patched += _patches(document.value)
        return
    for prefix, value in _opened(document.value, ()):
        line = document.line_of(prefix)
        if is_kongs(value):
            name = PurePosixPath(uri).name
            into.resources.append(Resource(*KONG, name, "", value, uri, document, prefix))
            continue
        where = f"{uri}:{line}"
        if not isinstance(value, dict) or not ("kind" in value or "apiVersion" in value):
            into.others.append(Excluded(where, "is no manifest"))
            continue
        wrong = _wrong(value)
        if wrong is not None:
            about = into.others if _is_chart(value, uri) else into.excluded
            about.append(Excluded(where, wrong))
            continue
        into.resources.append(_resource(value, uri, namespace, document, prefix))


def is_kongs(value: Any) -> bool:
    """Whether it is Kong's declarative file, which has no kind and no version of an API."""
    return isinstance(value, dict) and "_format_version" in value and "kind" not in value


def _opened(value: Any, prefix: Path) -> Iterator[tuple[Path, Any]]:
    """The value, or what it lists. A List within a List is one too many levels, and opened too."""
    if not _is_list(value):
        yield prefix, value
        return
    for index, item in enumerate(value["items"] or ()):
        yield from _opened(item, (*prefix, "items", index))


def _is_list(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get("kind"), str)
        and value["kind"].endswith("List")
        and "items" in value
        and isinstance(value["items"], list | None)
    )


def _wrong(value: dict[str, Any]) -> str | None:
    for key in ("apiVersion", "kind"):
        if not isinstance(value.get(key), str) or not value[key]:
            return f"states no {key}, so that nobody knows what it is"
    if value["apiVersion"].startswith("extensions/"):
        return f"a {value['kind']} of {value['apiVersion']}, which Kubernetes serves no longer"
    metadata = value.get("metadata")
    if not isinstance(metadata, dict):
        return f"a {value['kind']} without metadata"
    name = metadata.get("name") or metadata.get("generateName")
    if not isinstance(name, str):
        return f"a {value['kind']} without metadata.name"
    if not isinstance(metadata.get("namespace"), str | None):
        return f"{value['kind']} {name}: metadata.namespace is no text"
    return None


def _resource(
    value: dict[str, Any], uri: str, namespace: str, document: Document | None, prefix: Path
) -> Resource:
    metadata = value["metadata"]
    made = Resource(
        api_version=value["apiVersion"],
        kind=value["kind"],
        name=metadata.get("name") or metadata["generateName"],
        namespace=metadata.get("namespace") or namespace,
        body=value,
        uri=uri,
        document=document,
        prefix=prefix,
    )
    return replace(made, namespace="") if made.group_kind in CLUSTER_WIDE else made


def _is_chart(value: dict[str, Any], uri: str) -> bool:
    return PurePosixPath(uri).name == "Chart.yaml" and "kind" not in value


def _is_kustomization(value: Any, uri: str) -> bool:
    if not isinstance(value, dict):
        return False
    if PurePosixPath(uri).name in KUSTOMIZATIONS:
        return True
    version = value.get("apiVersion")
    return isinstance(version, str) and version.partition("/")[0] == _KUSTOMIZE


def _patches(value: dict[str, Any]) -> Iterator[str]:
    for key in ("patches", "patchesJson6902", "patchesStrategicMerge"):
        listed = value.get(key)
        for each in listed if isinstance(listed, list) else []:
            path = each.get("path") if isinstance(each, dict) else each
            if isinstance(path, str) and "\n" not in path:
                yield path
