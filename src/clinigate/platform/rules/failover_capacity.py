"""Losing one region, or one cloud, leaves enough of every service.

A region is known by the patterns of paths in `[platform.failover] regions`, or by the label
`topology.kubernetes.io/region` of a workload or in its pods' nodeSelector. What nodes there are is
not seen: an autoscaler's maximum counts, cut by the namespace's ResourceQuota.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clinigate.core.flaw import FlawSeverity
from clinigate.findings.globs import matches
from clinigate.platform.manifests import Manifests
from clinigate.platform.quantities import amount
from clinigate.platform.resource import Field, ManifestShapeError, Resource
from clinigate.platform.rule import Judged, breaks, keeps, rule
from clinigate.platform.rules.failover import FAILOVER
from clinigate.platform.rules.services import UnjudgeableError, one_by_one
from clinigate.platform.scaling import HPA, KEDA, autoscalers_of, fewest_pods
from clinigate.platform.workloads import SERVING, Workload

if TYPE_CHECKING:
    from clinigate.platform.expectations import FailoverPlan

__all__ = ["a_lost_region_leaves_capacity"]

_REGION = "topology.kubernetes.io/region"
#: One service may have a name of its own in each region, and this label in common.
_NAME = "app.kubernetes.io/name"
#: Most pods of a ScaledObject that states none.
_KEDA_MOST = 100


@dataclass(frozen=True, slots=True)
class _Share:
    """What one region has of a service: pods now, pods at most, and the field that bounds them."""

    region: str
    now: int
    most: int
    at: Field


@rule(
    "CG-PLAT-FAILOVER-006",
    FAILOVER,
    kinds=(*SERVING, HPA, KEDA, "ResourceQuota"),
    severity=FlawSeverity.HIGH,
)
def a_lost_region_leaves_capacity(manifests: Manifests) -> Iterator[Judged]:
    """Whichever region is lost, the others can run as many pods of each service as run now.

    Asked where there are two regions or more.
    """
    regions = _regions(manifests)
    stated = manifests.expectations.failover.regions
    if len(stated) > 1 and len(regions) < len(stated):
        missing = ", ".join(name for name, _ in stated if name not in regions)
        raise UnjudgeableError(f"no workload of region {missing} is among the manifests")
    if len(regions) < 2:
        return
    services: dict[tuple[str, str], list[_Share]] = defaultdict(list)
    for region, local in regions.items():
        for workload in local.workloads:
            if workload.resource.group_kind in SERVING:
                name = workload.resource.labels.get(_NAME, workload.resource.name)
                key = (workload.resource.kind, f"{workload.namespace}/{name}")
                services[key].append(_share(region, workload, local))
    yield from one_by_one(services.items(), _judge)


def _judge(service: tuple[tuple[str, str], list[_Share]]) -> Iterator[Judged]:
    (kind, name), shares = service
    unit = f"{kind} {name} in all regions"
    due = sum(each.now for each in shares)
    worst = max(shares, key=lambda each: each.most)
    rest = [each for each in shares if each is not worst]
    left = sum(each.most for each in rest)
    if not rest:
        message = f"it runs in {worst.region} alone: with that region the service is lost"
        yield breaks(worst.at, message, "run it in a second region", unit=unit)
    elif left < due:
        message = (
            f"without {worst.region} at most {left} pods can run "
            f"({', '.join(f'{each.region} {each.most}' for each in rest)}), {due} run now"
        )
        narrow = min(rest, key=lambda each: each.most)
        fix = f"raise maxReplicas or the quota in {narrow.region}"
        yield breaks(narrow.at, message, fix, unit=unit)
    yield keeps(unit)


def _share(region: str, workload: Workload, local: Manifests) -> _Share:
    now = fewest_pods(workload, local)
    most, at = now, workload.resource["spec"]["replicas"]
    for scaler in autoscalers_of(workload, local, HPA):
        at = scaler["spec"]["maxReplicas"]
        most = at.integer or now
    for scaler in autoscalers_of(workload, local, KEDA):
        at = scaler["spec"]["maxReplicaCount"]
        most = _KEDA_MOST if at.integer is None else at.integer
    for quota in local.within(workload.namespace, "ResourceQuota"):
        for cut, bound in _cuts(quota, workload):
            if cut < most:
                most, at = cut, bound
    return _Share(region, now, most, at)


def _cuts(quota: Resource, workload: Workload) -> Iterator[tuple[int, Field]]:
    """How many pods of a workload a quota lets run, were they alone in it."""
    hard = quota["spec"]["hard"]
    if quota["spec"]["scopes"].value or quota["spec"]["scopeSelector"].value:
        return
    for key in ("pods", "count/pods"):
        pods = amount(hard[key])
        if pods is not None:
            yield int(pods), hard[key]
    for what in ("cpu", "memory"):
        asked = sum(
            amount(each["resources"]["requests"][what]) or 0 for each in workload.containers
        )
        for key in (f"requests.{what}", what):
            bound = amount(hard[key])
            if bound is not None and asked:
                yield int(bound / asked), hard[key]


def _regions(manifests: Manifests) -> dict[str, Manifests]:
    """The manifests of each region in which something runs."""
    plan = manifests.expectations.failover
    found = [_region_of(resource, plan) for resource in manifests.resources]
    of_file: dict[str, set[str]] = defaultdict(set)
    for resource, region in zip(manifests.resources, found, strict=True):
        if region is not None:
            of_file[resource.uri].add(region)
    sorted_: dict[str, list[Resource]] = defaultdict(list)
    for resource, region in zip(manifests.resources, found, strict=True):
        # What says nothing of a region goes with the file that it stands in.
        names = {region} if region is not None else of_file[resource.uri]
        if len(names) == 1:
            sorted_[names.pop()].append(resource)
    made = {name: Manifests(sorted_[name], manifests.expectations) for name in sorted(sorted_)}
    return {name: local for name, local in made.items() if local.of(*SERVING)}


def _region_of(resource: Resource, plan: FailoverPlan) -> str | None:
    if plan.regions:
        named = (name for name, patterns in plan.regions if _is_below(resource.uri, patterns))
        return next(named, None)
    try:
        labelled = resource.labels.get(_REGION)
        pod = resource["spec"]["template"]["spec"] if resource.group_kind in SERVING else None
        return labelled or (None if pod is None else pod["nodeSelector"].texts.get(_REGION))
    except ManifestShapeError:
        return None  # rules on what it is say what is wrong with it


def _is_below(uri: str, patterns: Iterable[str]) -> bool:
    return any(matches(pattern, uri) for pattern in patterns)
