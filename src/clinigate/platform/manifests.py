"""All manifests of one scan, as rules see them: those that are applied together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property

from clinigate.platform.expectations import Expectations
from clinigate.platform.resource import ManifestShapeError, Resource
from clinigate.platform.workloads import ALL_WORKLOADS, Workload, workload_of

__all__ = ["Manifests"]


class Manifests:
    """The resources of one origin, files or cluster; lists are in the order they were read in."""

    def __init__(
        self, resources: Iterable[Resource], expectations: Expectations | None = None
    ) -> None:
        self.resources = tuple(resources)
        self.expectations = expectations or Expectations()
        self._by_kind: dict[str, list[Resource]] = defaultdict(list)
        self._by_place: dict[tuple[str, str], list[Resource]] = defaultdict(list)
        for each in self.resources:
            self._by_kind[each.group_kind].append(each)
            self._by_place[each.group_kind, each.namespace].append(each)

    def of(self, *kinds: str) -> tuple[Resource, ...]:
        """The resources of these kinds, named as `apps/Deployment` or, in the core, `Service`."""
        return tuple(each for kind in kinds for each in self._by_kind.get(kind, ()))

    def within(self, namespace: str, *kinds: str) -> tuple[Resource, ...]:
        """The resources of these kinds in a namespace."""
        return tuple(each for kind in kinds for each in self._by_place.get((kind, namespace), ()))

    def find(self, kind: str, namespace: str, name: str) -> Resource | None:
        """The resource of that name, or None; of what has no namespace it is empty."""
        return next((each for each in self.within(namespace, kind) if each.name == name), None)

    @cached_property
    def workloads(self) -> tuple[Workload, ...]:
        """All that makes pods; what is too malformed to tell is left to the rules of workloads."""
        return tuple(self._workloads())

    @cached_property
    def workload_namespaces(self) -> dict[str, Workload]:
        """The namespaces in which something runs, in order, each with its first workload.

        A malformed one counts too: of where it runs there is no doubt.
        """
        found: dict[str, Workload] = {}
        for each in self.of(*ALL_WORKLOADS):
            found.setdefault(each.namespace, Workload(each))
        return found

    def _workloads(self) -> Iterator[Workload]:
        for resource in self.of(*ALL_WORKLOADS):
            try:
                found = workload_of(resource)
            except ManifestShapeError:
                continue
            if found is not None:
                yield found
