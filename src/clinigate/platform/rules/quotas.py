"""Quotas: a namespace cannot take all of the cluster, nor one container all of a namespace."""

from __future__ import annotations

from collections.abc import Iterator

from clinigate.platform.manifests import Manifests
from clinigate.platform.resource import Field, Resource, namespace_unit
from clinigate.platform.rule import Judged, breaks, each, keeps, rule, topic
from clinigate.platform.workloads import ALL_WORKLOADS, Container, workload_of

__all__ = ["QUOTAS"]

QUOTAS = topic(
    "platform.quotas",
    title="Namespaces and containers have bounds of processor time and memory",
    controls=("A1.1",),
)


@rule("CG-PLAT-QUOTA-001", QUOTAS, kinds=("ResourceQuota", *ALL_WORKLOADS))
def namespace_has_a_quota(manifests: Manifests) -> Iterator[Judged]:
    """A namespace with workloads has a ResourceQuota that bounds processor time and memory.

    A quota with a scope (`scopes`, `scopeSelector`) bounds some pods only and does not count.
    """
    for namespace, workload in manifests.workload_namespaces.items():
        unit = namespace_unit(namespace)
        quotas = [
            quota
            for quota in manifests.within(namespace, "ResourceQuota")
            if not quota["spec"]["scopes"].value and not quota["spec"]["scopeSelector"].value
        ]
        bounded = {key for quota in quotas for key, _ in quota["spec"]["hard"].entries}
        missing = [
            what
            for what in ("cpu", "memory")
            if not bounded & {what, f"requests.{what}", f"limits.{what}"}
        ]
        if not quotas:
            message = "no ResourceQuota bounds it: one workload can starve all others"
            fix = "add a ResourceQuota with requests.cpu, requests.memory and limits.memory"
            yield breaks(workload.resource, message, fix, unit=unit)
        elif missing:
            message = f"its ResourceQuota leaves out {' and '.join(missing)}"
            yield breaks(
                quotas[0]["spec"]["hard"], message, f"bound requests.{missing[0]} too", unit=unit
            )
        yield keeps(unit)


@rule("CG-PLAT-LIMITRANGE-001", QUOTAS, kinds=("LimitRange", *ALL_WORKLOADS))
def namespace_has_a_limit_range(manifests: Manifests) -> Iterator[Judged]:
    """A namespace with workloads has a LimitRange that gives containers a default of both.

    Without it whoever states no resources gets none bounded, and under a quota is refused.
    """
    for namespace, workload in manifests.workload_namespaces.items():
        unit = namespace_unit(namespace)
        ranges = manifests.within(namespace, "LimitRange")
        if not ranges:
            message = "no LimitRange gives its containers a default of what they may take"
            fix = "add a LimitRange of type Container with default and defaultRequest"
            yield breaks(workload.resource, message, fix, unit=unit)
        elif not any(_gives_defaults(each) for each in ranges):
            message = "its LimitRange gives containers no default and defaultRequest of memory"
            fix = "add default.memory and defaultRequest.memory to its item of type Container"
            yield breaks(ranges[0]["spec"]["limits"], message, fix, unit=unit)
        yield keeps(unit)


def _gives_defaults(limit_range: Resource) -> bool:
    return any(_is_default(each, "memory") for each in limit_range["spec"]["limits"])


def _is_default(item: Field, what: str) -> bool:
    # A default limit is a default request too, where none is stated (LimitRanger, admission).
    return item["type"].text == "Container" and item["default"][what].exists


@each("CG-PLAT-RESOURCES-001", QUOTAS, kinds=ALL_WORKLOADS, also=("LimitRange",))
def containers_are_bounded(resource: Resource, manifests: Manifests) -> Iterator[Judged]:
    """A container requests processor time and memory, and limits its memory.

    What a LimitRange of the namespace gives counts. A limit of processor time is not asked for: it
    slows a container down in which there is no harm.
    """
    workload = workload_of(resource)
    if workload is None:
        return
    given = _given_by_ranges(manifests, resource.namespace)
    for container in workload.all_containers:
        stated = _stated(container) | given
        missing = [what for what in _WANTED if what not in stated]
        if missing:
            yield breaks(
                container["resources"],
                f"{_and(missing)} {'is' if len(missing) == 1 else 'are'} not stated",
                "state them in resources, or give defaults by a LimitRange",
                unit=container.unit,
            )
        yield keeps(container.unit)


_WANTED = ("requests.cpu", "requests.memory", "limits.memory")


def _stated(container: Container) -> set[str]:
    resources = container["resources"]
    stated = {
        f"{part}.{what}"
        for part in ("requests", "limits")
        for what in ("cpu", "memory")
        if resources[part][what].exists
    }
    # The API takes a limit as the request where only the limit is stated.
    return stated | {each.replace("limits", "requests") for each in stated}


def _given_by_ranges(manifests: Manifests, namespace: str) -> set[str]:
    given = set()
    for limit_range in manifests.within(namespace, "LimitRange"):
        for item in limit_range["spec"]["limits"]:
            for what in ("cpu", "memory"):
                if _is_default(item, what):
                    given |= {f"limits.{what}", f"requests.{what}"}
                if item["type"].text == "Container" and item["defaultRequest"][what].exists:
                    given.add(f"requests.{what}")
    return given


def _and(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
