"""What runs: the pods that a resource makes, whatever its kind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from clinigate.platform.resource import Field, ManifestShapeError, Resource

__all__ = ["ALL_WORKLOADS", "SERVING", "Container", "Workload", "workload_of"]

#: Kept running, and replaced when a pod is lost.
SERVING = ("apps/Deployment", "apps/StatefulSet", "argoproj.io/Rollout")
#: All that makes pods. A rule over pods takes these.
ALL_WORKLOADS = (
    *SERVING,
    "ReplicationController",
    "apps/DaemonSet",
    "apps/ReplicaSet",
    "batch/CronJob",
    "batch/Job",
    "keda.sh/ScaledJob",
    "serving.knative.dev/Service",
    "Pod",
)

_OS = "kubernetes.io/os"
_TEMPLATE = ("spec", "template")
_TEMPLATES = {
    "batch/CronJob": ("spec", "jobTemplate", "spec", "template"),
    "keda.sh/ScaledJob": ("spec", "jobTargetRef", "template"),
    "Pod": (),
}


@dataclass(frozen=True, slots=True)
class Container:
    """One container of a workload.

    Attributes:
        field: its part of the manifest.
        name: its name; `?` where none is stated.
        init: whether it stands among the init containers.
    """

    field: Field
    name: str
    init: bool = False

    @property
    def unit(self) -> str:
        """As findings name it: `Deployment clinic/chat container api`."""
        return f"{self.field.resource.label} container {self.name}"

    def __getitem__(self, key: str) -> Field:
        return self.field[key]


@dataclass(frozen=True)
class Workload:
    """A resource that makes pods, seen through its pod template."""

    resource: Resource

    @cached_property
    def template(self) -> Field:
        """The pod template; of a Pod it is the manifest itself."""
        found = self.resource.root
        for step in _TEMPLATES.get(self.resource.group_kind, _TEMPLATE):
            found = found[step]
        return found

    @property
    def pod(self) -> Field:
        """The pods' `spec`."""
        return self.template["spec"]

    @property
    def labels(self) -> dict[str, str]:
        """Labels of its pods."""
        return self.template["metadata"]["labels"].texts

    @property
    def label(self) -> str:
        """As findings name it."""
        return self.resource.label

    @property
    def namespace(self) -> str:
        """Where its pods run."""
        return self.resource.namespace

    @property
    def is_windows(self) -> bool:
        """Whether its pods say that they run on Windows, where other security settings count."""
        nodes = self.pod["nodeSelector"]
        stated = (self.pod["os"]["name"], nodes[_OS], nodes[f"beta.{_OS}"])
        return any(each.text == "windows" for each in stated)

    @property
    def ends(self) -> bool:
        """Whether its pods do a piece of work and end, as those of jobs."""
        if self.resource.group_kind == "Pod":
            return self.pod["restartPolicy"].text in ("Never", "OnFailure")
        return self.resource.group == "batch" or self.resource.kind == "ScaledJob"

    @property
    def containers(self) -> tuple[Container, ...]:
        """Its main containers.

        Raises:
            ManifestShapeError: there is none; the API would refuse it.
        """
        stated = self.pod["containers"]
        if not stated.value:
            raise ManifestShapeError(f"{stated.place}: containers are wanted, found none")
        return tuple(Container(each, each["name"].text or "?") for each in stated)

    @property
    def init_containers(self) -> tuple[Container, ...]:
        """Those that run before, and sidecars, which keep running beside."""
        stated = self.pod["initContainers"]
        return tuple(Container(each, each["name"].text or "?", init=True) for each in stated)

    @property
    def running(self) -> tuple[Container, ...]:
        """Its main containers and its sidecars: init containers that are always restarted."""
        beside = (e for e in self.init_containers if e["restartPolicy"].text == "Always")
        return (*self.containers, *beside)

    @property
    def all_containers(self) -> Iterator[Container]:
        """Main and init containers."""
        yield from self.containers
        yield from self.init_containers


def workload_of(resource: Resource) -> Workload | None:
    """Return a resource's pods; None where it makes none, or takes its template from elsewhere.

    Raises:
        ManifestShapeError: it should make pods and says not which.
    """
    if resource.group_kind not in ALL_WORKLOADS:
        return None
    if resource.kind == "Rollout" and resource["spec"]["workloadRef"].exists:
        return None
    found = Workload(resource)
    if not found.pod.value:
        raise ManifestShapeError(f"{found.pod.place}: a pod's spec is wanted, found none")
    return found
