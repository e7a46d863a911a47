"""How a request's path and query become what is wanted of the API."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clinigate.chaos.localkube.access import Request
from clinigate.chaos.localkube.resources import Resource, find_plural
from clinigate.chaos.localkube.selectors import Predicate, field_selector, label_selector
from clinigate.chaos.localkube.status import Manifest, StatusError, bad_request

__all__ = ["Address", "document", "manifest_of", "parse_path", "query_predicate", "verb_of"]


@dataclass(frozen=True, slots=True)
class Address:
    """What a path points at: a collection, an object, or an object's subresource."""

    resource: Resource
    namespace: str = ""
    name: str = ""
    part: str = ""

    def request(self, verb: str) -> Request:
        """The attributes that access control judges."""
        resource = self.resource
        what = f"{resource.plural}/{self.part}" if self.part else resource.plural
        namespace = self.name if resource.kind == "Namespace" else self.namespace
        return Request(verb, resource.group, what, namespace, self.name)


def parse_path(path: str) -> Address:
    """Read `/api/v1/...` or `/apis/<group>/<version>/...`.

    Raises:
        StatusError: 404, nothing is served there.
    """
    parts = [part for part in path.split("/") if part]
    if parts[:1] == ["api"]:
        group, version, rest = "", *_head(parts[1:2]), parts[2:]
    elif parts[:1] == ["apis"] and len(parts) >= 3:
        group, version, rest = parts[1], parts[2], parts[3:]
    else:
        raise _unserved()
    namespace = ""
    if rest[:1] == ["namespaces"] and len(rest) > 2 and rest[2] not in ("status", "finalize"):
        namespace, rest = rest[1], rest[2:]
    resource = find_plural(group, version, rest[0]) if rest else None
    if resource is None or len(rest) > 3 or (namespace and not resource.namespaced):
        raise _unserved()
    address = Address(resource, namespace, *rest[1:])
    if address.part and address.part not in resource.subresources:
        raise _unserved()
    return address


def _head(parts: list[str]) -> tuple[str]:
    return (parts[0] if parts else "",)


def _unserved() -> StatusError:
    return StatusError(404, "NotFound", "the server could not find the requested resource")


def verb_of(method: str, address: Address, *, watch: bool) -> str:
    """The API's verb for an HTTP method at an address.

    Raises:
        StatusError: 405.
    """
    if method == "GET":
        return "watch" if watch else ("get" if address.name else "list")
    verbs = {"POST": "create"}
    if address.name:
        verbs |= {"PUT": "update", "PATCH": "patch", "DELETE": "delete"}
    else:
        verbs["DELETE"] = "deletecollection"
    if method not in verbs or (method == "POST" and address.name and not address.part):
        raise StatusError(
            405, "MethodNotAllowed", "the server does not allow this method on the resource"
        )
    return verbs[method]


def query_predicate(query: Mapping[str, str]) -> Predicate:
    """What `labelSelector` and `fieldSelector` of a query ask for.

    Raises:
        StatusError: 400, one of them cannot be read.
    """
    by_label = label_selector(query.get("labelSelector", ""))
    by_field = field_selector(query.get("fieldSelector", ""))
    return lambda manifest: by_label(manifest) and by_field(manifest)


def document(text: bytes) -> Any:
    """A request's JSON.

    Raises:
        StatusError: 400.
    """
    try:
        return json.loads(text)
    except ValueError as error:
        raise bad_request(f"the request's body is no JSON: {error}") from error


def manifest_of(text: bytes) -> Manifest:
    """A request's JSON object.

    Raises:
        StatusError: 400.
    """
    body = document(text)
    if not isinstance(body, dict):
        raise bad_request("the request's body must be a JSON object")
    return body
