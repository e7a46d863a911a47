"""The HTTP face of the API: authenticate, authorise, do, answer; errors as `Status` objects."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web

from clinigate.chaos.localkube import discovery
from clinigate.chaos.localkube.access import Access, Request, User
from clinigate.chaos.localkube.disruption import evict
from clinigate.chaos.localkube.paths import (
    Address,
    document,
    manifest_of,
    parse_path,
    query_predicate,
    verb_of,
)
from clinigate.chaos.localkube.registry import Registry
from clinigate.chaos.localkube.status import Manifest, StatusError, bad_request, not_found, success
from clinigate.chaos.localkube.watching import stream_changes

__all__ = ["ApiServer"]

_OPEN_PATHS = ("/healthz", "/livez", "/readyz", "/version")


class ApiServer:
    """Serves a store. `logs` is the folder in which the pods' output lies."""

    def __init__(self, registry: Registry, access: Access, logs: Path) -> None:
        self.store = registry.store
        self.access = access
        self.registry = registry
        self._logs = logs

    def application(self) -> web.Application:
        """The aiohttp application."""
        app = web.Application(client_max_size=4 * 1024 * 1024)
        app.router.add_route("*", "/{path:.*}", self._answer)
        return app

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        try:
            return await self._dispatch(request)
        except StatusError as error:
            refused = error
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            # Objects are the caller's JSON: a list where a map belongs shows only where it is used.
            refused = bad_request(f"the object cannot be read: {type(error).__name__}: {error}")
        return web.json_response(refused.body(), status=refused.code)

    async def _dispatch(self, request: web.Request) -> web.StreamResponse:
        path = request.path.rstrip("/") or "/"
        if path in _OPEN_PATHS:
            return _open_path(path)
        user = self.access.authenticate(request.headers.get("Authorization", ""))
        found = discovery.describe(path)
        if found is not None:
            return web.json_response(found)
        if path == "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews":
            return await self._review_access(request, user)
        address = parse_path(path)
        if request.content_type == "application/vnd.kubernetes.protobuf":
            raise StatusError(415, "UnsupportedMediaType", "localkube reads and writes JSON only")
        watch = request.query.get("watch") in ("1", "true")
        verb = verb_of(request.method, address, watch=watch)
        self.access.check(user, address.request(verb))
        if verb == "watch":
            return await stream_changes(self.store, address, request)
        return await self._verbs()[verb](request, address)

    def _verbs(
        self,
    ) -> dict[str, Callable[[web.Request, Address], Awaitable[web.StreamResponse]]]:
        return {
            "get": self._get,
            "list": self._list,
            "create": self._create,
            "update": self._update,
            "patch": self._patch,
            "delete": self._delete,
            "deletecollection": self._delete_all,
        }

    async def _get(self, request: web.Request, address: Address) -> web.StreamResponse:
        resource, namespace, name = address.resource, address.namespace, address.name
        if address.part == "scale":
            return web.json_response(self.registry.scale(resource, namespace, name))
        found = self.registry.read(resource, namespace, name)
        if address.part == "log":
            return self._log(found, request.query.get("container", ""))
        return web.json_response(found)

    def _log(self, pod: Manifest, container: str) -> web.Response:
        name = container or pod["spec"]["containers"][0]["name"]
        path = self._logs / f"{pod['metadata']['uid']}-{name}.log"
        text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
        return web.Response(text=text, content_type="text/plain")

    async def _list(self, request: web.Request, address: Address) -> web.StreamResponse:
        wanted = query_predicate(request.query)
        found = self.store.objects(address.resource, address.namespace or None)
        items = [manifest for manifest in found if wanted(manifest)]
        body = {
            "kind": f"{address.resource.kind}List",
            "apiVersion": address.resource.api_version,
            "metadata": {"resourceVersion": str(self.store.version)},
            "items": items,
        }
        return web.json_response(body)

    async def _create(self, request: web.Request, address: Address) -> web.StreamResponse:
        body = manifest_of(await request.read())
        if address.part == "eviction":
            evict(self.registry, address.namespace, address.name, body)
            return web.json_response(success(), status=201)
        if address.part == "token":
            return self._token(address)
        namespace = address.namespace or body.get("metadata", {}).get("namespace", "")
        created = self.registry.create(address.resource, namespace, body)
        return web.json_response(created, status=201)

    def _token(self, address: Address) -> web.Response:
        self.registry.read(address.resource, address.namespace, address.name)
        token = self.access.issue(address.namespace, address.name)
        body = {
            "kind": "TokenRequest",
            "apiVersion": "authentication.k8s.io/v1",
            "metadata": {"name": address.name, "namespace": address.namespace},
            "spec": {"audiences": ["localkube"], "expirationSeconds": 3600},
            "status": {"token": token, "expirationTimestamp": "9999-12-31T23:59:59Z"},
        }
        return web.json_response(body, status=201)

    async def _update(self, request: web.Request, address: Address) -> web.StreamResponse:
        resource, namespace, name = address.resource, address.namespace, address.name
        body = manifest_of(await request.read())
        if address.part == "scale":
            replicas = body.get("spec", {}).get("replicas", 0)
            return web.json_response(self.registry.set_scale(resource, namespace, name, replicas))
        return web.json_response(
            self.registry.replace(resource, namespace, name, body, address.part)
        )

    async def _patch(self, request: web.Request, address: Address) -> web.StreamResponse:
        resource, namespace, name = address.resource, address.namespace, address.name
        body = document(await request.read())
        if address.part == "scale":
            if not isinstance(body, dict) or "replicas" not in body.get("spec", {}):
                return web.json_response(self.registry.scale(resource, namespace, name))
            replicas = body["spec"]["replicas"]
            return web.json_response(self.registry.set_scale(resource, namespace, name, replicas))
        patched = self.registry.patch(
            resource, namespace, name, body, content_type=request.content_type, part=address.part
        )
        return web.json_response(patched)

    async def _delete(self, request: web.Request, address: Address) -> web.StreamResponse:
        options = await _delete_options(request)
        resource, namespace, name = address.resource, address.namespace, address.name
        deleted = self.registry.delete(resource, namespace, name, options)
        return web.json_response(deleted)

    async def _delete_all(self, request: web.Request, address: Address) -> web.StreamResponse:
        if address.resource.namespaced and not address.namespace:
            raise not_found(address.resource.plural, "", address.resource.group)
        wanted = query_predicate(request.query)
        options = await _delete_options(request)
        for manifest in self.store.objects(address.resource, address.namespace):
            if wanted(manifest):
                name = manifest["metadata"]["name"]
                self.registry.delete(address.resource, address.namespace, name, options)
        return web.json_response(success())

    async def _review_access(self, request: web.Request, user: User) -> web.Response:
        body = manifest_of(await request.read())
        asked = body.get("spec", {}).get("resourceAttributes") or {}
        what = asked.get("resource", "")
        if asked.get("subresource"):
            what += f"/{asked['subresource']}"
        wanted = Request(
            asked.get("verb", ""),
            asked.get("group", ""),
            what,
            asked.get("namespace", ""),
            asked.get("name", ""),
        )
        allowed = self.access.allowed(user, wanted)
        return web.json_response({**body, "status": {"allowed": allowed}}, status=201)


def _open_path(path: str) -> web.Response:
    if path == "/version":
        return web.json_response(discovery.VERSION)
    return web.Response(text="ok")


async def _delete_options(request: web.Request) -> Manifest:
    text = await request.read()
    options = manifest_of(text) if text else {}
    if "gracePeriodSeconds" in request.query:
        options["gracePeriodSeconds"] = int(request.query["gracePeriodSeconds"])
    if "propagationPolicy" in request.query:
        options["propagationPolicy"] = request.query["propagationPolicy"]
    return options
