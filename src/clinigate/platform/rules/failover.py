"""Failover, judged as a set: what is promised after a loss must follow from all that is there.

A backup every four hours cannot give back the last fifteen minutes; only an archive of the
database's log can. Whoever notices a loss, promotes a standby and moves traffic must have done it
all within the objective. And what remains must carry what was lost.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from clinigate.core.flaw import FlawSeverity, Place
from clinigate.platform.resource import Field
from clinigate.platform.rule import Judged, breaks, keeps, rule, topic
from clinigate.platform.rules.backup import SCHEDULE, backs_up, schedule_gap_s
from clinigate.platform.rules.failover_databases import DATABASE_KINDS, database_of
from clinigate.platform.rules.failover_model import Database
from clinigate.platform.rules.schedules import words
from clinigate.platform.rules.services import UnjudgeableError, number, one_by_one

if TYPE_CHECKING:
    from clinigate.platform.manifests import Manifests
    from clinigate.platform.resource import Resource

__all__ = [
    "FAILOVER",
    "data_is_within_the_rpo",
    "locality_failover_is_triggered",
    "postgres_is_synchronous",
    "recovery_is_within_the_rto",
    "regions_are_left_in_time",
]

FAILOVER = topic(
    "platform.failover",
    title="What is there after a loss keeps the objectives for data and time",
    controls=("164.308(a)(7)(ii)(B)", "164.308(a)(7)(ii)(C)", "A1.2", "CC9.1"),
)
_COPIES = 3
_DESTINATION = "networking.istio.io/DestinationRule"
#: Health checks of a region's address, with the paths of their interval and count of failures.
_CHECKS: dict[str, tuple[tuple[str, ...], str, str]] = {
    "route53.services.k8s.aws/HealthCheck": (
        ("spec", "healthCheckConfig"),
        "requestInterval",
        "failureThreshold",
    ),
    "route53.aws.upbound.io/HealthCheck": (
        ("spec", "forProvider"),
        "requestInterval",
        "failureThreshold",
    ),
}
_GSLB = "k8gb.absa.oss/Gslb"
_GSLB_TTL_S = 30.0


@rule(
    "CG-PLAT-FAILOVER-001",
    FAILOVER,
    kinds=(
        *DATABASE_KINDS,
        SCHEDULE,
        "ConfigMap",
        "Service",
        "acid.zalan.do/OperatorConfiguration",
    ),
    severity=FlawSeverity.CRITICAL,
)
def data_is_within_the_rpo(manifests: Manifests) -> Iterator[Judged]:
    """No more data is lost with a PostgreSQL than the RPO allows: its log is archived in time.

    A backup counts with the longest time between two of its runs. Where no PostgreSQL is among the
    manifests, the most frequent backup is judged itself: nothing shows that anything better exists,
    unless `[platform.failover] recovery_point_s` states it of a managed database.
    """
    rpo_s = manifests.expectations.rpo_s
    databases = tuple(_databases(manifests))
    schedules = [each for each in manifests.of(SCHEDULE) if not each["spec"]["paused"].flag]

    def judge(database: Database) -> Iterator[Judged]:
        archive = database.archive
        covering = [each for each in schedules if backs_up(each, database.resource)]
        backup_s = min((schedule_gap_s(each) for each in covering), default=math.inf)
        if min(archive.value, backup_s) > rpo_s:
            yield breaks(archive.at, _too_much_lost(archive.value, backup_s, rpo_s),
                         "archive the write-ahead log to an object store, archive_timeout within "
                         "the RPO", unit=database.resource.label)  # fmt: skip
        elif database.is_archive_inside:
            message = "its archive lies on volumes of the same cluster and is lost with it"
            yield breaks(archive.at, message, "add a repository in s3, gcs or azure")
        yield keeps(database.resource)

    yield from one_by_one(databases, judge)
    if databases:
        return
    if schedules:
        yield from _without_databases(manifests, min(schedules, key=schedule_gap_s))


def _without_databases(manifests: Manifests, best: Resource) -> Iterator[Judged]:
    """What the most frequent backup gives back, where no database is among the manifests."""
    rpo_s, stated_s = manifests.expectations.rpo_s, manifests.expectations.failover.recovery_point_s
    gap_s = schedule_gap_s(best)
    if min(gap_s, math.inf if stated_s is None else stated_s) > rpo_s:
        message = _too_much_lost(math.inf if stated_s is None else stated_s, gap_s, rpo_s)
        fix = (
            "archive the databases' log; of a database outside of the manifests state "
            "recovery_point_s in [platform.failover]"
        )
        yield breaks(best["spec"]["schedule"], message, fix)
    yield keeps(best)


def _too_much_lost(archive_s: float, backup_s: float, rpo_s: float) -> str:
    if archive_s < math.inf:
        seen = f"its log is archived within {words(archive_s)}"
    elif backup_s < math.inf:
        seen = f"a backup every {words(backup_s)} alone, without point-in-time recovery"
    else:
        seen = "no archive of its log, and no backup"
    return f"{seen}: that much may be lost, the RPO is {words(rpo_s)}"


@rule("CG-PLAT-FAILOVER-002", FAILOVER, kinds=(*DATABASE_KINDS, "ConfigMap", "Service"),
      severity=FlawSeverity.HIGH)  # fmt: skip
def postgres_is_synchronous(manifests: Manifests) -> Iterator[Judged]:
    """A commit in PostgreSQL is confirmed by a standby, and there are three copies of it."""

    def judge(database: Database) -> Iterator[Judged]:
        label = database.resource.label
        if database.synchronous.value < 1:
            message = "no standby confirms a commit: what was acknowledged is lost with the primary"
            fix = "switch synchronous replication on, with one standby or more"
            yield breaks(database.synchronous.at, message, fix, unit=label)
        copies = database.copies
        if copies.value < _COPIES:
            found = "1 copy" if copies.value == 1 else f"{copies.value:g} copies"
            message = f"{found}, {_COPIES} are wanted: one to lose, one to confirm"
            yield breaks(copies.at, message, f"run {_COPIES} instances", unit=label)
        yield keeps(database.resource)

    yield from one_by_one(_databases(manifests), judge)


@rule("CG-PLAT-FAILOVER-003", FAILOVER, kinds=DATABASE_KINDS, severity=FlawSeverity.HIGH)
def recovery_is_within_the_rto(manifests: Manifests) -> Iterator[Judged]:
    """A PostgreSQL whose primary is lost has another within the RTO: noticed, then promoted.

    How long a promotion takes is `[platform.failover] promotion_s`; a drill measures it.
    """
    rto_s, promotion_s = manifests.expectations.rto_s, manifests.expectations.failover.promotion_s

    def judge(database: Database) -> Iterator[Judged]:
        if database.notice is None:
            return
        noticed = database.notice.value
        if noticed + promotion_s > rto_s:
            message = (
                f"{words(noticed)} until a lost primary is noticed and {words(promotion_s)} to "
                f"promote another, the RTO is {words(rto_s)}"
            )
            yield breaks(database.notice.at, message, "notice it sooner")
        yield keeps(database.resource)

    yield from one_by_one(_databases(manifests), judge)


@rule("CG-PLAT-FAILOVER-004", FAILOVER, kinds=(*_CHECKS, _GSLB), severity=FlawSeverity.HIGH)
def regions_are_left_in_time(manifests: Manifests) -> Iterator[Judged]:
    """Traffic has left a lost region within the RTO: checks fail, clients ask again, it promotes.

    Asked where there are several regions, or health checks of regions. Interval times failures is
    read from the health checks, else from `[platform.failover]`; the time to live of an address
    from k8gb, else from there.
    """
    plan, rto_s = manifests.expectations.failover, manifests.expectations.rto_s
    checks, balancers = manifests.of(*_CHECKS), manifests.of(_GSLB)
    if not (checks or balancers or len(plan.regions) > 1):
        return
    ttls = [_or(each["spec"]["strategy"]["dnsTtlSeconds"], _GSLB_TTL_S) for each in balancers]
    rest_s = max([plan.dns_ttl_s, *ttls]) + plan.promotion_s

    def judge(check: Resource) -> Iterator[Judged]:
        field, noticed_s, how = _check(check)
        if noticed_s + rest_s > rto_s:
            yield breaks(field, _too_late(how, noticed_s, rest_s, rto_s), "check more often")
        yield keeps(check)

    yield from one_by_one(checks, judge)
    if checks:
        return
    if plan.check_interval_s is None or plan.check_failures is None:
        raise UnjudgeableError(
            "no manifest says how a lost region is noticed; state check_interval_s and "
            "check_failures in [platform.failover]"
        )
    noticed_s = plan.check_interval_s * plan.check_failures
    how = f"{plan.check_failures} checks every {words(plan.check_interval_s)}"
    unit = "failover between regions"
    if noticed_s + rest_s > rto_s:
        message = _too_late(how, noticed_s, rest_s, rto_s)
        where = Place("clinigate.toml", symbol="platform.failover")
        yield Judged(unit, False, message, "check more often", where)
    yield keeps(unit)


def _too_late(how: str, noticed_s: float, rest_s: float, rto_s: float) -> str:
    return (
        f"{how} notice a loss after {words(noticed_s)}, addresses and promotion take "
        f"{words(rest_s)} more, the RTO is {words(rto_s)}"
    )


def _check(check: Resource) -> tuple[Field, float, str]:
    """Where a health check says how often it looks, the seconds until it gives up, and in words."""
    path, interval_key, failures_key = _CHECKS[check.group_kind]
    settings = check.root
    for step in path:
        settings = settings[step]
    # Route 53's own defaults: 30 s, three failures.
    interval_s = _or(settings[interval_key], 30.0)
    failures = _or(settings[failures_key], 3.0)
    how = f"{failures:g} checks every {words(interval_s)}"
    return settings[interval_key], interval_s * failures, how


@rule("CG-PLAT-FAILOVER-005", FAILOVER, kinds=(_DESTINATION,), severity=FlawSeverity.HIGH)
def locality_failover_is_triggered(manifests: Manifests) -> Iterator[Judged]:
    """Where Istio is to fail over to another region, it looks for hosts that fail.

    Without outlierDetection Istio never takes a host for failed, and locality failover never comes.
    """
    for resource in manifests.of(_DESTINATION):
        policy = resource["spec"]["trafficPolicy"]
        locality = policy["loadBalancer"]["localityLbSetting"]
        if not (locality["failover"].value or locality["failoverPriority"].value):
            continue
        if not policy["outlierDetection"].exists:
            message = "it names a failover, and without outlierDetection no host counts as failed"
            yield breaks(policy["outlierDetection"], message, "add outlierDetection")
        yield keeps(resource)


def _databases(manifests: Manifests) -> Iterator[Database]:
    for resource in manifests.of(*DATABASE_KINDS):
        found = database_of(resource, manifests)
        if found is not None:
            yield found


def _or(field: Field, usual: float) -> float:
    value = number(field)
    return usual if value is None else value
