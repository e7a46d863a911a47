"""Versioned objects in memory, and the log of changes that watches read."""

from __future__ import annotations

import asyncio
import copy
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from clinigate.chaos.localkube.resources import Resource, find_kind
from clinigate.chaos.localkube.status import Manifest, StatusError

__all__ = ["Change", "Store"]

_LOG_LENGTH = 20_000


@dataclass(frozen=True, slots=True)
class Change:
    """One change: the version it made, the object before it (None: created) and after (None: gone).

    Both are snapshots that nobody alters.
    """

    version: int
    resource: Resource
    before: Manifest | None
    after: Manifest | None


class Store:
    """All objects by resource, namespace and name. One event loop uses it: it takes no locks."""

    def __init__(self) -> None:
        self._objects: dict[Resource, dict[tuple[str, str], Manifest]] = {}
        self._log: deque[Change] = deque(maxlen=_LOG_LENGTH)
        self._forgotten = 0
        self._waiting: list[asyncio.Future[None]] = []
        self.version = 0

    def get(self, resource: Resource, namespace: str, name: str) -> Manifest | None:
        """The object, as a copy of the caller's own; None if there is none."""
        found = self._objects.get(resource, {}).get((namespace, name))
        return copy.deepcopy(found) if found is not None else None

    def find(self, kind: str, namespace: str, name: str) -> Manifest | None:
        """As `get`, by kind."""
        return self.get(find_kind(kind), namespace, name)

    def objects(self, resource: Resource, namespace: str | None = None) -> list[Manifest]:
        """All objects of a resource (of one namespace, if given), in order of their names."""
        table = self._objects.get(resource, {})
        return [
            copy.deepcopy(table[key])
            for key in sorted(table)
            if namespace is None or key[0] == namespace
        ]

    def all_of(self, kind: str, namespace: str | None = None) -> list[Manifest]:
        """As `objects`, by kind."""
        return self.objects(find_kind(kind), namespace)

    def everything(self) -> Iterator[tuple[Resource, Manifest]]:
        """Every object there is; the caller may change the store meanwhile."""
        for resource in list(self._objects):
            for manifest in self.objects(resource):
                yield resource, manifest

    def put(self, resource: Resource, manifest: Manifest) -> Manifest:
        """Write an object under its own namespace and name; returns it with its new version."""
        stored = copy.deepcopy(manifest)
        meta = stored["metadata"]
        key = (meta.get("namespace", "") if resource.namespaced else "", meta["name"])
        table = self._objects.setdefault(resource, {})
        before = table.get(key)
        self.version += 1
        meta["resourceVersion"] = str(self.version)
        table[key] = stored
        self._tell(Change(self.version, resource, before, stored))
        return copy.deepcopy(stored)

    def drop(self, resource: Resource, namespace: str, name: str) -> Manifest | None:
        """Take an object away; returns its last state."""
        before = self._objects.get(resource, {}).pop((namespace, name), None)
        if before is not None:
            self.version += 1
            self._tell(Change(self.version, resource, before, None))
        return copy.deepcopy(before)

    def changes_since(self, version: int) -> list[Change]:
        """Changes after a version, oldest first.

        Raises:
            StatusError: 410, the log no longer reaches back that far.
        """
        if version < self._forgotten:
            raise StatusError(410, "Expired", f"too old resource version: {version}")
        return [change for change in self._log if change.version > version]

    async def changed(self, version: int) -> None:
        """Return as soon as there is a change after `version`."""
        while self.version <= version:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(waiter)
            await waiter

    def _tell(self, change: Change) -> None:
        if len(self._log) == _LOG_LENGTH:
            self._forgotten = self._log[0].version
        self._log.append(change)
        waiting, self._waiting = self._waiting, []
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(None)
