"""Probes: who gets requests is ready, who hangs is started again, who starts is left in peace."""

from __future__ import annotations

from collections.abc import Iterator

from clinigate.core.flaw import FlawSeverity
from clinigate.platform.manifests import Manifests
from clinigate.platform.resource import Field, Resource
from clinigate.platform.rule import Judged, breaks, each, keeps, topic
from clinigate.platform.selectors import services_of
from clinigate.platform.workloads import SERVING, Container, workload_of

__all__ = ["PROBES"]

PROBES = topic(
    "platform.probes",
    title="Containers that serve have readiness, liveness and startup probes",
    controls=("A1.2", "SLO.api.availability"),
)

_KINDS = (*SERVING, "apps/DaemonSet", "apps/ReplicaSet")
_HANDLERS = ("httpGet", "tcpSocket", "exec", "grpc")
#: Time that liveness alone must leave a container to start: loading a model takes about this long.
_START_S = 60


@each("CG-PLAT-READINESS-001", PROBES, kinds=_KINDS, also=("Service",))
def readiness(resource: Resource, manifests: Manifests) -> Iterator[Judged]:
    """Every container that answers requests has a readiness probe.

    Without one a pod gets requests as soon as its process is there, and each roll-out loses some.
    Asked of containers that state ports, for more than metrics, and, where none of a pod does, of
    all behind a Service. Init containers, jobs and workers that nobody asks anything serve nobody.
    """
    workload = workload_of(resource)
    if workload is None:
        return
    served = any(services_of(workload, manifests)) or resource["spec"]["serviceName"].value
    asked = [each for each in workload.running if _listens(each)]
    if served and not asked:
        asked = list(workload.containers)
    for container in asked:
        message = "it has no readiness probe: it gets requests before it can answer them"
        if not served:
            message = "it has no readiness probe: it counts as ready before it listens at its ports"
        yield from _probed(container, "readinessProbe", message)
    yield keeps(resource)


@each("CG-PLAT-LIVENESS-001", PROBES, kinds=_KINDS)
def liveness(resource: Resource, _manifests: Manifests) -> Iterator[Judged]:
    """Every container that keeps running has a liveness probe: one that hangs is started again."""
    for container in _serving(resource):
        message = "it has no liveness probe: if it hangs, it hangs until somebody looks"
        yield from _probed(container, "livenessProbe", message)


@each("CG-PLAT-STARTUP-001", PROBES, kinds=_KINDS, severity=FlawSeverity.LOW)
def startup(resource: Resource, _manifests: Manifests) -> Iterator[Judged]:
    """A container with a liveness probe has a startup probe, or is left 60 s to start.

    By default liveness kills after 30 s what has not answered: a slow start becomes an endless one.
    """
    for container in _serving(resource):
        probe = container["livenessProbe"]
        if probe.exists and not container["startupProbe"].exists:
            killed_s = _first_kill_s(probe)
            if killed_s < _START_S:
                yield breaks(
                    container["startupProbe"],
                    f"liveness kills it {killed_s} s after its start, if it takes longer to start",
                    "add a startup probe with failureThreshold times periodSeconds of that time",
                    unit=container.unit,
                )
        yield keeps(container.unit)


def _listens(container: Container) -> bool:
    names = [port["name"].text or "" for port in container["ports"]]
    return any("metrics" not in name and name != "prometheus" for name in names)


def _probed(container: Container, probe: str, message: str) -> Iterator[Judged]:
    field = container[probe]
    if not field.exists:
        yield breaks(field, message, f"add a {probe}", unit=container.unit)
    elif not any(field[handler].exists for handler in _HANDLERS):
        message = f"its {probe} says not how to ask ({', '.join(_HANDLERS)})"
        yield breaks(field, message, "give it one of them", unit=container.unit)
    yield keeps(container.unit)


def _serving(resource: Resource) -> tuple[Container, ...]:
    workload = workload_of(resource)
    return () if workload is None else workload.running


def _first_kill_s(probe: Field) -> int:
    """Defaults as the API has them: no delay, three failures, ten seconds between."""
    delay = probe["initialDelaySeconds"].integer or 0
    failures = probe["failureThreshold"].integer or 3
    return delay + failures * (probe["periodSeconds"].integer or 10)
