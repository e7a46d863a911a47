"""Velero: everything that keeps state is backed up every four hours and kept for thirty days.

Velero's own defaults count where a field is absent: all namespaces, a location called `default`
and 720 hours. Whether a backup can be restored is not seen here; a drill shows it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from functools import partial
from typing import TYPE_CHECKING

from clinigate.core.flaw import FlawSeverity
from clinigate.errors import UsageError
from clinigate.platform.resource import Field, ManifestShapeError, Resource
from clinigate.platform.rule import Judged, breaks, each, keeps, rule, topic
from clinigate.platform.rules.failover_databases import database_of
from clinigate.platform.rules.schedules import parse_schedule, words
from clinigate.platform.rules.services import duration_s
from clinigate.platform.selectors import selects

if TYPE_CHECKING:
    from clinigate.platform.manifests import Manifests

__all__ = [
    "SCHEDULE",
    "backs_up",
    "backups_have_a_place",
    "namespaces_are_backed_up",
    "schedule_gap_s",
    "schedules_are_kept",
]

BACKUP = topic(
    "platform.backup",
    title="State is backed up every 4 hours and kept for 30 days",
    controls=("164.308(a)(7)(ii)(A)", "164.310(d)(2)(iv)", "A1.2"),
)
SCHEDULE, _LOCATION = "velero.io/Schedule", "velero.io/BackupStorageLocation"
#: What keeps state: claims of its own, or an operator that makes them.
_STATEFUL = (
    "PersistentVolumeClaim",
    "apps/StatefulSet",
    "postgresql.cnpg.io/Cluster",
    "postgresql.k8s.enterprisedb.io/Cluster",
    "acid.zalan.do/postgresql",
    "postgres-operator.crunchydata.com/PostgresCluster",
)
#: Labels of claims that an operator made; its own resource is judged.
_OPERATORS_LABELS = (
    "cnpg.io/cluster",
    "k8s.enterprisedb.io/cluster",
    "postgres-operator.crunchydata.com/cluster",
    "strimzi.io/cluster",
)
_MAX_GAP_S, _MIN_TTL_S, _DEFAULT_TTL_S = 4 * 3600.0, 720 * 3600.0, 720 * 3600.0


@each("CG-PLAT-BACKUP-001", BACKUP, kinds=(SCHEDULE,), severity=FlawSeverity.HIGH)
def schedules_are_kept(resource: Resource, manifests: Manifests) -> Iterator[Judged]:
    """Every Schedule runs at least every 4 hours, is kept for 30 days, and is not paused.

    The longest time between two runs counts, over midnight, weekends and the ends of months. An
    additional archive (a weekly one kept for a year) is no finding where another schedule that
    keeps the promise covers at least the same.
    """
    issues = tuple(_broken_promises(resource))
    if issues and not _has_stand_in(resource, manifests):
        yield from issues
    yield keeps(resource)


def _broken_promises(resource: Resource) -> Iterator[Judged]:
    spec = resource["spec"]
    if spec["paused"].flag:
        message = "the schedule is paused: no backup is made"
        yield breaks(spec["paused"], message, "set paused: false")
    gap = schedule_gap_s(resource)
    if gap > _MAX_GAP_S:
        found = "it never runs" if gap == float("inf") else f"up to {words(gap)} between two runs"
        message = f"{found}, at most 4 h is promised"
        yield breaks(spec["schedule"], message, 'run it every four hours: "0 */4 * * *"')
    kept = _ttl_s(resource)
    if kept < _MIN_TTL_S:
        message = f"backups are kept for {words(kept)}, 30 d is promised"
        yield breaks(spec["template"]["ttl"], message, "set ttl: 720h or more")


def _has_stand_in(resource: Resource, manifests: Manifests) -> bool:
    """Whether a schedule that keeps the promise covers at least what this one does."""
    return any(
        other is not resource and not any(_broken_promises(other)) and _covers(other, resource)
        for other in manifests.of(SCHEDULE)
    )


def _covers(wide: Resource, narrow: Resource) -> bool:
    ours, theirs = wide["spec"]["template"], narrow["spec"]["template"]
    if _is_partial(wide) or _selectors(ours):
        return False
    ours_in, theirs_in = _included(ours), _included(theirs)
    ours_out = ours["excludedNamespaces"].list_of_texts
    theirs_out = theirs["excludedNamespaces"].list_of_texts
    within = ours_in == ["*"] or set(theirs_in) <= set(ours_in)
    relevant = ours_out if theirs_in == ["*"] else [each for each in ours_out if each in theirs_in]
    return within and set(relevant) <= set(theirs_out)


@rule(
    "CG-PLAT-BACKUP-002",
    BACKUP,
    kinds=(SCHEDULE, *_STATEFUL),
    severity=FlawSeverity.HIGH,
)
def namespaces_are_backed_up(manifests: Manifests) -> Iterator[Judged]:
    """Every namespace that keeps state is covered by a Schedule, its volumes included.

    Asked only where Velero is used at all: with no Schedule among the manifests, nothing says that
    this is the place to look for backups. A database with an archive of its own log needs none;
    Kafka is no store, its copies and sinks are judged instead.
    """
    schedules = manifests.of(SCHEDULE)
    if not schedules:
        return
    for resource in manifests.of(*_STATEFUL):
        if not _keeps_state(resource, manifests):
            continue
        if any(backs_up(schedule, resource) for schedule in schedules):
            yield keeps(resource)
            continue
        yield breaks(
            resource,
            f"no Schedule backs up the volumes of namespace {resource.namespace or '?'}",
            "add the namespace to includedNamespaces of a Schedule that takes volumes along",
        )


def _keeps_state(resource: Resource, manifests: Manifests) -> bool:
    """Whether a resource keeps what no other one is asked about, and has no better backup."""
    if resource.kind == "StatefulSet" and not any(resource["spec"]["volumeClaimTemplates"]):
        return False
    if any(label in resource.labels for label in _OPERATORS_LABELS):
        return False
    if resource.kind == "PersistentVolumeClaim":
        return True
    database = database_of(resource, manifests)
    return database is None or database.archive.value == math.inf


def backs_up(schedule: Resource, resource: Resource) -> bool:
    """Whether a Schedule takes along all of the namespace that a resource is in."""
    if schedule["spec"]["paused"].flag or _is_partial(schedule):
        return False
    template = schedule["spec"]["template"]
    selectors = _selectors(template)
    if selectors and not any(selects(each, resource.labels) for each in selectors):
        return False
    matches = partial(fnmatchcase, resource.namespace)
    excluded = template["excludedNamespaces"].list_of_texts
    return any(map(matches, _included(template))) and not any(map(matches, excluded))


def _is_partial(schedule: Resource) -> bool:
    """Whether a backup takes some kinds only, or leaves the data of volumes out."""
    template = schedule["spec"]["template"]
    kinds = template["includedResources"].list_of_texts
    skipped = {each.split(".")[0] for each in template["excludedResources"].list_of_texts}
    claims = {"*", "persistentvolumeclaims", "persistentvolumeclaim", "pvc"}
    return (
        bool(kinds and not claims & {each.split(".")[0] for each in kinds})
        or bool(skipped & claims)
        or _leaves_volumes_out(template)
    )


def _selectors(template: Field) -> list[Field]:
    """The selectors of which one must select what a backup takes along; none for everything."""
    one = template["labelSelector"]
    return [each for each in (one, *template["orLabelSelectors"]) if each.value]


def _leaves_volumes_out(template: Field) -> bool:
    by_files = (template["defaultVolumesToFsBackup"], template["defaultVolumesToRestic"])
    return template["snapshotVolumes"].flag is False and not any(each.flag for each in by_files)


def _included(template: Field) -> Sequence[str]:
    found = template["includedNamespaces"].list_of_texts
    return ["*"] if not found or "*" in found else found


@each("CG-PLAT-BACKUP-003", BACKUP, kinds=(SCHEDULE,), also=(_LOCATION,),
      severity=FlawSeverity.HIGH)  # fmt: skip
def backups_have_a_place(resource: Resource, manifests: Manifests) -> Iterator[Judged]:
    """The storage location of every Schedule is there, and backups may be written to it."""
    field = resource["spec"]["template"]["storageLocation"]
    place = _location(field, manifests.within(resource.namespace, _LOCATION))
    if place is None:
        named = field.text or "default"
        message = f"no BackupStorageLocation {named} is in namespace {resource.namespace or '?'}"
        yield breaks(field, message, "add it to the manifests, so that its bucket is reviewed")
    elif place["spec"]["accessMode"].text == "ReadOnly":
        message = f"the location {place.name} is read-only: no backup can be written to it"
        yield breaks(place["spec"]["accessMode"], message, "set accessMode: ReadWrite")
    yield keeps(resource)


def _location(field: Field, found: Sequence[Resource]) -> Resource | None:
    """The location that a schedule writes to; where it names none, the one that is the default."""
    if field.text:
        return next((place for place in found if place.name == field.text), None)
    marked = [place for place in found if place["spec"]["default"].flag]
    called = [place for place in found if place.name == "default"]
    return next(iter((*marked, *called)), None)


def schedule_gap_s(resource: Resource) -> float:
    """The longest time between two runs of a Schedule, in seconds.

    Raises:
        ManifestShapeError: the schedule is none, and Velero would not run it.
    """
    field = resource["spec"]["schedule"]
    try:
        return parse_schedule(field.text or "").longest_gap_s()
    except UsageError as error:
        raise ManifestShapeError(f"{field.place}: {error}") from error


def _ttl_s(resource: Resource) -> float:
    return duration_s(resource["spec"]["template"]["ttl"]) or _DEFAULT_TTL_S
