"""GPUs: whoever uses one says how many, and a namespace cannot take them all."""

from __future__ import annotations

import re
from collections.abc import Iterator

from clinigate.core.flaw import FlawSeverity
from clinigate.platform.manifests import Manifests
from clinigate.platform.quantities import amount
from clinigate.platform.resource import Resource, namespace_unit
from clinigate.platform.rule import Judged, breaks, each, keeps, rule, topic
from clinigate.platform.workloads import ALL_WORKLOADS, Container, Workload, workload_of

__all__ = ["GPU"]

GPU = topic(
    "platform.gpu",
    title="Containers that use a GPU are limited to a number of them",
    controls=("A1.1", "SLO.inference.availability"),
)

_RESOURCE = re.compile(
    r"nvidia\.com/(gpu|mig-[\w.]+)(\.shared)?|amd\.com/gpu|gpu\.intel\.com/\w+|"
    r"cloud-tpus\.google\.com/\w+|google\.com/tpu|habana\.ai/gaudi"
)
_EVERYTHING = "NVIDIA_VISIBLE_DEVICES"


@each("CG-PLAT-GPU-001", GPU, kinds=ALL_WORKLOADS, severity=FlawSeverity.HIGH)
def gpus_are_limited(resource: Resource, _manifests: Manifests) -> Iterator[Judged]:
    """A container that asks for a GPU states it as a limit, in whole numbers, with memory beside.

    A request without a limit, or unlike it, is refused by the API. A container that gets at GPUs
    past the scheduler (NVIDIA_VISIBLE_DEVICES) takes those of others.
    """
    workload = workload_of(resource)
    if workload is None:
        return
    for container in workload.all_containers:
        requested, limited = _gpus(container, "requests"), _gpus(container, "limits")
        past = _takes_all(container)
        if not (requested or limited or past):
            continue
        yield from _wrong(container, requested, limited)
        if past:
            yield breaks(
                container["env"],
                f"{_EVERYTHING} gives it GPUs that the scheduler knows nothing of",
                "leave the variable out, and set a limit of nvidia.com/gpu",
                unit=container.unit,
            )
        elif not container["resources"]["limits"]["memory"].exists:
            yield breaks(
                container["resources"]["limits"],
                "it has a GPU and no limit of memory: loading a model may take its node's",
                "limit its memory too",
                unit=container.unit,
                severity=FlawSeverity.MEDIUM,
            )
        yield keeps(container.unit)


def _wrong(container: Container, requested: set[str], limited: set[str]) -> Iterator[Judged]:
    resources = container["resources"]
    for name in sorted(requested | limited):
        request, limit = resources["requests"][name], resources["limits"][name]
        count = amount(limit)
        if count is None:
            message, fix = f"it requests {name} without a limit of it", f"set limits.{name}"
            yield breaks(limit, message, fix, unit=container.unit)
        elif request.exists and amount(request) != count:
            message = f"it requests another number of {name} than its limit says"
            yield breaks(request, message, "make both the same", unit=container.unit)
        elif count.denominator != 1 or count < 1:
            message = f"its limit of {name} is no whole number from 1 up"
            yield breaks(limit, message, "give whole ones, or MIG slices", unit=container.unit)


@rule("CG-PLAT-GPU-002", GPU, kinds=("ResourceQuota", *ALL_WORKLOADS))
def gpus_have_a_quota(manifests: Manifests) -> Iterator[Judged]:
    """A namespace whose containers use GPUs has a ResourceQuota that bounds their number."""
    users: dict[str, tuple[Workload, set[str]]] = {}
    for workload in manifests.workloads:
        for container in workload.all_containers:
            used = _gpus(container, "requests") | _gpus(container, "limits")
            if used:
                users.setdefault(workload.namespace, (workload, set()))[1].update(used)
    for namespace, (workload, names) in users.items():
        unit = namespace_unit(namespace)
        bounded = {
            key.removeprefix("requests.").removeprefix("limits.")
            for quota in manifests.within(namespace, "ResourceQuota")
            for key, _ in quota["spec"]["hard"].entries
        }
        for name in sorted(names - bounded):
            message = f"no ResourceQuota bounds {name}: one roll-out can take every one there is"
            yield breaks(workload.resource, message, f"bound requests.{name}", unit=unit)
        yield keeps(unit)


def _gpus(container: Container, part: str) -> set[str]:
    return {name for name, _ in container["resources"][part].entries if _RESOURCE.fullmatch(name)}


def _takes_all(container: Container) -> bool:
    return any(
        entry["name"].text == _EVERYTHING and entry["value"].value not in ("", "none", "void")
        for entry in container["env"]
    )
