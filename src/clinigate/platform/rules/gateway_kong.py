"""Where Kong's routes are, and which plugins act on each.

Two forms are read: Kubernetes (Ingress and HTTPRoute with KongPlugin and KongClusterPlugin) and
Kong's declarative file (`kong.yml`, on its own or in a ConfigMap). A plugin acts on a route when it
stands at the route, at its service, or globally; one that is disabled acts on nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from clinigate.platform.documents import DocumentError, read_documents
from clinigate.platform.resource import Field, Resource

if TYPE_CHECKING:
    from clinigate.platform.manifests import Manifests

__all__ = ["DECLARATIVE", "KINDS", "Door", "Plugin", "doors", "plugins"]

#: How the loader calls a file that begins with `_format_version`.
DECLARATIVE = "declarative.konghq.com/KongConfiguration"
_INGRESS, _HTTP_ROUTE = "networking.k8s.io/Ingress", "gateway.networking.k8s.io/HTTPRoute"
_GATEWAY, _GATEWAY_CLASS = (
    "gateway.networking.k8s.io/Gateway",
    "gateway.networking.k8s.io/GatewayClass",
)
_INGRESS_CLASS = "networking.k8s.io/IngressClass"
_PLUGIN = "configuration.konghq.com/KongPlugin"
_CLUSTER_PLUGIN = "configuration.konghq.com/KongClusterPlugin"
KINDS = (
    DECLARATIVE,
    _INGRESS,
    _HTTP_ROUTE,
    _GATEWAY,
    _GATEWAY_CLASS,
    _INGRESS_CLASS,
    _PLUGIN,
    _CLUSTER_PLUGIN,
    "Service",
    "ConfigMap",
)
_PLUGINS_ANNOTATION = "konghq.com/plugins"
_CLASS_ANNOTATION = "kubernetes.io/ingress.class"
_DEFAULT_CLASS = "ingressclass.kubernetes.io/is-default-class"
_CONTROLLER = "ingress-controllers.konghq.com/kong"
_HEALTH = frozenset(
    ("/health", "/healthz", "/ready", "/readyz", "/live", "/livez", "/ping", "/status")
)


@dataclass(frozen=True, slots=True)
class Plugin:
    """One plugin that acts somewhere.

    Attributes:
        name: Kong's, as `rate-limiting`.
        unit: as findings name it.
        at: where it stands; `config` within it.
        hidden: whether its settings, or some of them, come from a Secret.
    """

    name: str
    unit: str
    at: Field
    hidden: bool = False

    @property
    def config(self) -> Field:
        """Its settings."""
        return self.at["config"]


@dataclass(frozen=True, slots=True)
class Door:
    """One way in.

    Attributes:
        unit: as findings name it.
        at: where it stands.
        plugins: names of the plugins that act on it.
        unknown: plugins and services that it names and that are not among the manifests.
        only_health: whether it leads to health checks only.
    """

    unit: str
    at: Field
    plugins: frozenset[str]
    unknown: tuple[str, ...] = ()
    only_health: bool = False


def plugins(manifests: Manifests) -> Iterator[Plugin]:
    """Every plugin that is not disabled, in both forms."""
    for resource in manifests.of(_PLUGIN, _CLUSTER_PLUGIN):
        if not resource["disabled"].flag:
            yield _kubernetes_plugin(resource)
    for root in _declarative(manifests):
        services = list(root["services"])
        routes = [*root["routes"], *(route for each in services for route in each["routes"])]
        for owner in (root, *services, *routes, *root["consumers"], *root["consumer_groups"]):
            yield from _active(owner)


def doors(manifests: Manifests) -> Iterator[Door]:
    """Every route of Kong, in both forms."""
    everywhere = _everywhere(manifests)
    for ingress in manifests.of(_INGRESS):
        if _is_kongs_ingress(ingress, manifests):
            yield _kubernetes_door(ingress, manifests, everywhere)
    for route in manifests.of(_HTTP_ROUTE):
        if _is_kongs_route(route, manifests):
            yield _kubernetes_door(route, manifests, everywhere)
    for root in _declarative(manifests):
        yield from _declared_doors(root)


def _kubernetes_plugin(resource: Resource) -> Plugin:
    hidden = bool(resource["configFrom"].value or resource["configPatches"].value)
    return Plugin(resource["plugin"].text or "?", resource.label, resource.root, hidden)


def _everywhere(manifests: Manifests) -> frozenset[str]:
    return frozenset(
        each["plugin"].text or "?"
        for each in manifests.of(_CLUSTER_PLUGIN)
        if each.labels.get("global") == "true" and not each["disabled"].flag
    )


def _kubernetes_door(route: Resource, manifests: Manifests, everywhere: frozenset[str]) -> Door:
    unknown: list[str] = []
    here = _annotated(route, manifests, unknown) | _filtered(route, manifests)
    behind: frozenset[str] | None = None
    for name in _backends(route):
        service = manifests.find("Service", route.namespace, name)
        if service is None:
            unknown.append(f"Service {name}")
            continue
        there = _annotated(service, manifests, unknown)
        behind = there if behind is None else behind & there
    acting = everywhere | here | (behind or frozenset())
    paths = set(_paths(route))
    only_health = bool(paths) and paths <= _HEALTH
    return Door(route.label, route.root, acting, tuple(unknown), only_health)


def _annotated(owner: Resource, manifests: Manifests, unknown: list[str]) -> frozenset[str]:
    found = set()
    for entry in owner.annotations.get(_PLUGINS_ANNOTATION, "").split(","):
        if not entry.strip():
            continue
        namespace, _, name = entry.strip().rpartition(":")
        plugin = manifests.find(_PLUGIN, namespace or owner.namespace, name) or manifests.find(
            _CLUSTER_PLUGIN, "", name
        )
        if plugin is None:
            unknown.append(f"KongPlugin {name}")
        elif not plugin["disabled"].flag:
            found.add(plugin["plugin"].text or "?")
    return frozenset(found)


def _filtered(route: Resource, manifests: Manifests) -> frozenset[str]:
    """Plugins that every rule of an HTTPRoute names in a filter."""
    if route.kind != "HTTPRoute":
        return frozenset()
    by_rule = []
    for rule in route["spec"]["rules"]:
        refs = [each["extensionRef"]["name"].text or "" for each in rule["filters"]]
        found = [manifests.find(_PLUGIN, route.namespace, name) for name in refs if name]
        by_rule.append({each["plugin"].text or "?" for each in found if each is not None})
    return frozenset(set.intersection(*by_rule)) if by_rule else frozenset()


def _backends(route: Resource) -> list[str]:
    spec = route["spec"]
    if route.kind == "HTTPRoute":
        fields = [ref["name"] for rule in spec["rules"] for ref in rule["backendRefs"]]
    else:
        backends = [p["backend"] for rule in spec["rules"] for p in rule["http"]["paths"]]
        backends.append(spec["defaultBackend"])
        fields = [each["service"]["name"] for each in backends]
    return sorted({each.text for each in fields if each.text})


def _paths(route: Resource) -> Iterator[str]:
    for rule in route["spec"]["rules"]:
        matches: Iterable[Field]
        if route.kind == "HTTPRoute":
            matches = (each["path"]["value"] for each in rule["matches"])
        else:
            matches = (each["path"] for each in rule["http"]["paths"])
        yield from (each.text or "/" for each in matches)


def _is_kongs_ingress(ingress: Resource, manifests: Manifests) -> bool:
    classes = [
        each
        for each in manifests.of(_INGRESS_CLASS)
        if each["spec"]["controller"].text == _CONTROLLER
    ]
    named = ingress["spec"]["ingressClassName"].text or ingress.annotations.get(_CLASS_ANNOTATION)
    if named is None:
        return any(each.annotations.get(_DEFAULT_CLASS) == "true" for each in classes)
    return named == "kong" or named in {each.name for each in classes}


def _is_kongs_route(route: Resource, manifests: Manifests) -> bool:
    if any(key.startswith("konghq.com/") for key in route.annotations):
        return True
    for parent in route["spec"]["parentRefs"]:
        namespace = parent["namespace"].text or route.namespace
        gateway = manifests.find(_GATEWAY, namespace, parent["name"].text or "")
        if gateway is None:
            continue
        name = gateway["spec"]["gatewayClassName"].text or ""
        found = manifests.find(_GATEWAY_CLASS, "", name)
        controller = "" if found is None else found["spec"]["controllerName"].text or ""
        if controller.startswith("konghq.com/") or (found is None and "kong" in name):
            return True
    return False


def _declarative(manifests: Manifests) -> Iterator[Field]:
    """The roots of Kong's declarative files."""
    for resource in manifests.of(DECLARATIVE):
        yield resource.root
    for resource in manifests.of("ConfigMap"):
        for key, value in resource["data"].entries:
            text = value.value
            if not isinstance(text, str) or "_format_version" not in text:
                continue
            try:
                bodies = [each.value for each in read_documents(text)]
            except DocumentError:
                continue  # whatever it is, Kong would not start from it
            for body in bodies:
                if isinstance(body, dict) and "_format_version" in body:
                    name = f"{resource.name}/{key}"
                    yield replace(resource, body=body, document=None, name=name).root


def _declared_doors(root: Field) -> Iterator[Door]:
    everywhere = _names(root, of=None)
    for service in root["services"]:
        name = service["name"].text or "?"
        of_service = everywhere | _names(service, of=None) | _names(root, of=("service", name))
        for route in service["routes"]:
            yield _declared_door(root, route, of_service)
    for route in root["routes"]:
        behind = _target(route["service"])
        of_service = everywhere
        if behind is not None:
            owners = [each for each in root["services"] if each["name"].text == behind]
            of_service |= _names(root, of=("service", behind)).union(
                *(_names(each, of=None) for each in owners)
            )
        yield _declared_door(root, route, of_service)


def _declared_door(root: Field, route: Field, inherited: frozenset[str]) -> Door:
    name = route["name"].text or "?"
    acting = inherited | _names(route, of=None) | _names(root, of=("route", name))
    paths = {each.lstrip("~") for each in route["paths"].list_of_texts}
    unit = f"{root.resource.label} route {name}"
    return Door(unit, route, acting, (), bool(paths) and paths <= _HEALTH)


def _active(owner: Field) -> Iterator[Plugin]:
    for each in owner["plugins"]:
        if each["enabled"].flag is not False:
            name = each["name"].text or "?"
            unit = f"{each.resource.label} {each.resource.dotted(each.path)}"
            yield Plugin(name, unit, each)


def _names(owner: Field, *, of: tuple[str, str] | None) -> frozenset[str]:
    """Names of the plugins at an owner that are for nobody in particular, or for `of`."""
    found = set()
    for plugin in _active(owner):
        target = {part: _target(plugin.at[part]) for part in ("service", "route", "consumer")}
        stated = {part: name for part, name in target.items() if name}
        if stated == ({} if of is None else {of[0]: of[1]}):
            found.add(plugin.name)
    return frozenset(found)


def _target(field: Field) -> str | None:
    return field.value if isinstance(field.value, str) else field["name"].text
