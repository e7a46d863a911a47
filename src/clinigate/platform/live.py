"""What runs in a cluster, as resources that rules judge."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from clinigate.findings.model import Excluded
from clinigate.platform.cluster import Access, Api, Refused, collection
from clinigate.platform.documents import Document
from clinigate.platform.flatten import Sorted, sort_document
from clinigate.platform.resource import Resource

__all__ = ["NEVER_READ", "Live", "Served", "discover", "read_cluster"]

#: What is never asked for, whoever may: nothing here needs a secret's data.
NEVER_READ = frozenset(("Secret",))
_SYSTEM = ("kube-system", "kube-public", "kube-node-lease")


@dataclass(frozen=True, slots=True)
class Served:
    """A kind that the API serves."""

    group_kind: str
    prefix: str
    plural: str
    namespaced: bool


@dataclass(frozen=True, slots=True)
class Live:
    """What was read.

    Attributes:
        name: the context's name.
        resources: what people made; what controllers make of it is left out.
        unread: what may not be read, and why.
        hidden: the kinds of which that is so.
        namespaces: to which it was narrowed; empty for all but the system's.
    """

    name: str
    resources: tuple[Resource, ...]
    unread: tuple[Excluded, ...]
    hidden: frozenset[str]
    namespaces: tuple[str, ...]

    def covers(self, resource: Resource) -> bool:
        """Whether a resource like this one would have been read, were it there.

        One of a kind that the cluster does not serve would have been, and is not there.
        """
        if resource.group_kind in self.hidden | NEVER_READ:
            return False
        if not resource.namespace:
            return True
        if self.namespaces:
            return resource.namespace in self.namespaces
        return resource.namespace not in _SYSTEM


def read_cluster(access: Access, kinds: Iterable[str], namespaces: Sequence[str] = ()) -> Live:
    """Read the resources of some kinds, as far as the account may.

    Args:
        access: how the cluster is reached.
        kinds: as rules name them; what the cluster does not serve is not there.
        namespaces: the only ones that are read; empty for all but the system's.

    Raises:
        MissingExtraError, UsageError, TargetError: the cluster cannot be reached at all.
    """
    api = access.connect()
    wanted = frozenset(kinds) - NEVER_READ
    unread: list[Excluded] = []
    served, hidden = discover(api, wanted, unread)
    found: list[Resource] = []
    for kind in served:
        try:
            found += _of_kind(api, kind, namespaces)
        except Refused as error:
            unread.append(Excluded(f"{kind.group_kind} of the live cluster", str(error)))
            hidden.add(kind.group_kind)
    return Live(api.name, tuple(found), tuple(unread), frozenset(hidden), tuple(namespaces))


def discover(
    api: Api, wanted: frozenset[str], unread: list[Excluded]
) -> tuple[list[Served], set[str]]:
    """Return the wanted kinds that the API serves, each in its preferred version, and the hidden.

    A group that does not answer, as one whose own server is down, is added to `unread`, and its
    kinds are hidden: nobody knows what there is.

    Raises:
        TargetError: the API is not reached.
    """
    found = list(_of_version(api, "", "/api/v1", wanted)) if _of_core(wanted) else []
    hidden: set[str] = set()
    groups = {kind.rpartition("/")[0] for kind in wanted if "/" in kind}
    for group in api.get("/apis").get("groups") or ():
        name = group["name"]
        if name not in groups:
            continue
        prefix = f"/apis/{group['preferredVersion']['groupVersion']}"
        try:
            found += _of_version(api, name, prefix, wanted)
        except Refused as error:
            unread.append(Excluded(f"{name} of the live cluster", str(error)))
            hidden |= {kind for kind in wanted if kind.startswith(f"{name}/")}
    return sorted(found, key=lambda each: each.group_kind), hidden


def _of_core(wanted: frozenset[str]) -> bool:
    return any("/" not in kind for kind in wanted)


def _of_version(api: Api, group: str, prefix: str, wanted: frozenset[str]) -> Iterator[Served]:
    for entry in api.get(prefix).get("resources") or ():
        kind = f"{group}/{entry['kind']}" if group else entry["kind"]
        listed = "list" in (entry.get("verbs") or ())
        if kind in wanted and listed and "/" not in entry["name"]:
            yield Served(kind, prefix, entry["name"], bool(entry.get("namespaced")))


def _of_kind(api: Api, kind: Served, namespaces: Sequence[str]) -> Iterator[Resource]:
    if kind.group_kind == "Namespace" and namespaces:
        yield from _named_namespaces(api, kind, namespaces)
        return
    narrowed = namespaces if kind.namespaced and namespaces else ("",)
    for namespace in narrowed:
        for item in api.items(collection(kind.prefix, kind.plural, namespace)):
            made = _resource(item, kind)
            if made is not None and _is_asked_for(made, kind, namespaces):
                yield made


def _named_namespaces(api: Api, kind: Served, names: Sequence[str]) -> Iterator[Resource]:
    """One by one: an account that sees some namespaces need not be one that may list them all."""
    for name in names:
        try:
            made = _resource(api.get(f"{collection(kind.prefix, kind.plural)}/{quote(name)}"), kind)
        except Refused as error:
            if error.status != 404:
                raise
            continue
        if made is not None:
            yield made


def _resource(item: dict[str, Any], kind: Served) -> Resource | None:
    """Items of a list state neither kind nor version. What a controller made is the owner's."""
    metadata = item.get("metadata") or {}
    if any(each.get("controller") for each in metadata.get("ownerReferences") or ()):
        return None
    version = kind.prefix.removeprefix("/apis/").removeprefix("/api/")
    body = {**item, "apiVersion": version, "kind": kind.group_kind.rpartition("/")[2]}
    sorted_ = Sorted()
    sort_document(Document(body, 1, {}), "", "", sorted_)
    if not sorted_.resources:
        return None
    made = sorted_.resources[0]
    uri = f"k8s://{made.namespace or '-'}/{made.kind}/{made.name}"
    return replace(made, uri=uri, document=None)


def _is_asked_for(made: Resource, kind: Served, namespaces: Sequence[str]) -> bool:
    where = made.name if made.group_kind == "Namespace" else made.namespace
    if not kind.namespaced and made.group_kind != "Namespace":
        return True
    return where in namespaces if namespaces else where not in _SYSTEM
