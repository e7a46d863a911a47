"""Failover as a set: what is promised follows from everything that is there, or it does not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from clinigate.platform.expectations import Expectations, FailoverPlan
from clinigate.platform.judge import TopicScan

# Messages stand as they are, so that they can be searched for.
# ruff: noqa: E501
Scan = Callable[..., TopicScan]
Short = Callable[[TopicScan], list[str]]


def cnpg(spec: str) -> str:
    return f"""
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {{name: records, namespace: clinic}}
spec: {spec}
"""


SYNC = "instances: 3, postgresql: {synchronous: {method: any, number: 1}}"
ARCHIVE = "backup: {barmanObjectStore: {destinationPath: 's3://wal'}}"
SCHEDULE = """
apiVersion: velero.io/v1
kind: Schedule
metadata: {name: all, namespace: velero}
spec: {schedule: CRON, template: {}}
"""
BY_BACKUP_ALONE = (
    "a backup every 4 h alone, without point-in-time recovery: that much may be lost, the RPO is "
    "15 min"
)


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (f"{{{SYNC}, {ARCHIVE}}}", []),
        (f"{{{SYNC}, plugins: [{{name: barman-cloud, isWALArchiver: true}}]}}", []),
        (
            f"{{{SYNC}, plugins: [{{name: barman-cloud, isWALArchiver: true, enabled: false}}]}}",
            ["spec.backup.barmanObjectStore: " + BY_BACKUP_ALONE],
        ),
        (
            f"{{{SYNC}, backup: {{volumeSnapshot: {{className: fast}}}}}}",
            ["spec.backup.barmanObjectStore: " + BY_BACKUP_ALONE],
        ),
        (f"{{instances: 3, minSyncReplicas: 1, maxSyncReplicas: 1, {ARCHIVE}}}", []),
        (
            (
                f"{{instances: 3, postgresql: {{synchronous: {{number: 1}}, "
                f'parameters: {{synchronous_commit: "off"}}}}, {ARCHIVE}}}'
            ),
            [
                (
                    "spec.postgresql.synchronous: no standby confirms a commit: what was acknowledged "
                    "is lost with the primary"
                )
            ],
        ),
        (
            (
                f"{{instances: 3, postgresql: {{synchronous: {{number: 1}}, "
                f"parameters: {{archive_timeout: 20min}}}}, {ARCHIVE}}}"
            ),
            [
                (
                    "spec.postgresql.parameters.archive_timeout: its log is archived within 20 min: "
                    "that much may be lost, the RPO is 15 min"
                )
            ],
        ),
        (
            (
                f"{{instances: 3, postgresql: {{synchronous: {{number: 1}}, "
                f'parameters: {{archive_timeout: "0"}}}}, {ARCHIVE}}}'
            ),
            ["spec.postgresql.parameters.archive_timeout: " + BY_BACKUP_ALONE],
        ),
    ],
)
def test_cloud_native(spec: str, expected: list[str], scan: Scan, short: Short) -> None:
    found = scan("platform.failover", cnpg(spec), SCHEDULE.replace("CRON", "0 */4 * * *"))
    assert [each.partition("clinic/records ")[2] for each in short(found)] == expected


def test_a_backup_every_ten_minutes_is_within_the_rpo(scan: Scan, short: Short) -> None:
    assert (
        short(
            scan(
                "platform.failover", cnpg(f"{{{SYNC}}}"), SCHEDULE.replace("CRON", "'*/10 * * * *'")
            )
        )
        == []
    )


@pytest.mark.parametrize(
    ("stated_s", "expected"),
    [
        (None, ["FAILOVER-001 5 Schedule velero/all spec.schedule: " + BY_BACKUP_ALONE]),
        (300.0, []),
        (
            3600.0,
            [
                (
                    "FAILOVER-001 5 Schedule velero/all spec.schedule: its log is archived within 1 h: "
                    "that much may be lost, the RPO is 15 min"
                )
            ],
        ),
    ],
)
def test_without_a_database_backups_stand_for_themselves(
    stated_s: float | None, expected: list[str], scan: Scan, short: Short
) -> None:
    plan = Expectations(failover=FailoverPlan(recovery_point_s=stated_s))
    text = SCHEDULE.replace("CRON", "0 */4 * * *")
    assert short(scan("platform.failover", text, expectations=plan)) == expected


def test_objectives_are_those_of_the_configuration(scan: Scan, short: Short) -> None:
    strict = Expectations(rto_s=60, rpo_s=60)
    assert short(
        scan("platform.failover", cnpg(f"{{{SYNC}, {ARCHIVE}}}"), expectations=strict)
    ) == [
        (
            "FAILOVER-001 5 Cluster clinic/records spec.postgresql.parameters.archive_timeout: its "
            "log is archived within 5 min: that much may be lost, the RPO is 60 s"
        ),
        (
            "FAILOVER-003 5 Cluster clinic/records spec.failoverDelay: 30 s until a lost primary is "
            "noticed and 60 s to promote another, the RTO is 60 s"
        ),
    ]


STATEFUL = """
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: clinic LABELS}
spec:
  replicas: 3
  template:
    spec:
      containers: [{name: db, image: IMAGE}]
      volumes: [{name: conf, configMap: {name: conf}}]
"""
CONF = """
apiVersion: v1
kind: ConfigMap
metadata: {name: conf, namespace: clinic}
data:
  postgresql.conf: |
    # archive_mode = off
    archive_mode = on
    archive_command = 'pgbackrest --stanza=clinic archive-push %p'
    archive_timeout = 300
    synchronous_standby_names = 'ANY 1 (a, b)'
"""


def test_settings_of_a_plain_postgres_are_read_from_its_file(scan: Scan, short: Short) -> None:
    database = STATEFUL.replace("IMAGE", "registry.example/library/postgres:16").replace(
        "LABELS", ""
    )
    assert short(scan("platform.failover", database, CONF)) == []
    assert len(short(scan("platform.failover", database))) == 2
    never = CONF.replace("archive_timeout = 300", "archive_timeout = 0")
    assert len(short(scan("platform.failover", database, never))) == 1


@pytest.mark.parametrize(
    ("image", "labels"),
    [
        ("postgrest/postgrest:12", ""),
        ("registry.example/postgres-exporter:v0.15", ""),
        ("postgres:16", ", labels: {application: spilo}"),
        ("postgres:16", ", ownerReferences: [{kind: Cluster, name: records}]"),
    ],
)
def test_what_is_no_database_of_one_s_own(image: str, labels: str, scan: Scan) -> None:
    manifest = STATEFUL.replace("IMAGE", image).replace("LABELS", labels)
    assert scan("platform.failover", manifest).units == {}


def test_zalando_s_operator_may_archive_for_all(scan: Scan, short: Short) -> None:
    database = """
apiVersion: acid.zalan.do/v1
kind: postgresql
metadata: {name: clinic-records, namespace: clinic}
spec:
  numberOfInstances: 3
  patroni: {synchronous_mode: true}
  postgresql: {parameters: {archive_timeout: "300"}}
"""
    operator = """
apiVersion: acid.zalan.do/v1
kind: OperatorConfiguration
metadata: {name: postgres-operator, namespace: postgres}
configuration: {kubernetes: {pod_environment_configmap: postgres/pods}}
"""
    pods = """
apiVersion: v1
kind: ConfigMap
metadata: {name: pods, namespace: postgres}
data: {WAL_S3_BUCKET: clinic-wal}
"""
    flat = pods.replace("name: pods", "name: postgres-operator").replace(
        "WAL_S3_BUCKET", "wal_s3_bucket"
    )
    assert len(short(scan("platform.failover", database))) == 1
    assert short(scan("platform.failover", database, operator, pods)) == []
    assert short(scan("platform.failover", database, flat)) == []


def service(replicas: int, *, most: int | None = None, more: str = "") -> str:
    text = f"""
apiVersion: apps/v1
kind: Deployment
metadata: {{name: chat, namespace: clinic{more}}}
spec:
  replicas: {replicas}
  template:
    spec: {{containers: [{{name: chat, image: "chat:1", resources: {{requests: {{cpu: 500m}}}}}}]}}
"""
    if most is None:
        return text
    return (
        text
        + f"""---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {{name: chat, namespace: clinic}}
spec:
  scaleTargetRef: {{apiVersion: apps/v1, kind: Deployment, name: chat}}
  minReplicas: {replicas}
  maxReplicas: {most}
"""
    )


def quota(cpu: str) -> str:
    return f"""---
apiVersion: v1
kind: ResourceQuota
metadata: {{name: clinic, namespace: clinic}}
spec: {{hard: {{requests.cpu: "{cpu}"}}}}
"""


TWO = Expectations(
    failover=FailoverPlan(
        regions=(("aws-eu", ("deploy/aws/**",)), ("gcp-eu", ("deploy/gcp/**",))),
        check_interval_s=10,
        check_failures=3,
    )
)


@pytest.mark.parametrize(
    ("aws", "gcp", "expected"),
    [
        pytest.param(service(3, most=6), service(3, most=6), [], id="each can carry both"),
        pytest.param(
            service(3, most=6),
            service(3, most=4),
            [
                (
                    "FAILOVER-006 16 HorizontalPodAutoscaler clinic/chat spec.maxReplicas: without aws-eu at most 4 "
                    "pods can run (gcp-eu 4), 6 run now"
                )
            ],
            id="one is too small",
        ),
        pytest.param(
            service(3, most=6),
            service(3, most=6) + quota("2"),
            [
                (
                    "FAILOVER-006 21 ResourceQuota clinic/clinic spec.hard.requests.cpu: without aws-eu at "
                    "most 4 pods can run (gcp-eu 4), 6 run now"
                )
            ],
            id="the quota cuts it",
        ),
        pytest.param(
            service(3),
            service(3),
            [
                (
                    "FAILOVER-006 6 Deployment clinic/chat spec.replicas: without aws-eu at most 3 "
                    "pods can run (gcp-eu 3), 6 run now"
                )
            ],
            id="nothing scales",
        ),
        pytest.param(
            service(2),
            service(2).replace("name: chat, namespace", "name: emotion, namespace"),
            [
                (
                    "FAILOVER-006 6 Deployment clinic/chat spec.replicas: it runs in aws-eu alone: "
                    "with that region the service is lost"
                ),
                (
                    "FAILOVER-006 6 Deployment clinic/emotion spec.replicas: it runs in gcp-eu alone: "
                    "with that region the service is lost"
                ),
            ],
            id="each in one region",
        ),
    ],
)
def test_capacity(aws: str, gcp: str, expected: list[str], scan: Scan, short: Short) -> None:
    found = scan(
        "platform.failover",
        ("deploy/aws/chat.yaml", aws),
        ("deploy/gcp/chat.yaml", gcp),
        expectations=TWO,
    )
    assert short(found) == expected
    assert found.excluded == []


def test_regions_by_label(scan: Scan, short: Short) -> None:
    def labelled(region: str, most: int) -> tuple[str, str]:
        more = f", labels: {{topology.kubernetes.io/region: {region}}}"
        return f"{region}.yaml", service(2, most=most, more=more)

    plan = Expectations(failover=FailoverPlan(check_interval_s=10, check_failures=3))
    both = [labelled("west", 4), labelled("north", 4)]
    assert short(scan("platform.failover", *both, expectations=plan)) == []
    small = [labelled("west", 4), labelled("north", 3)]
    assert len(short(scan("platform.failover", *small, expectations=plan))) == 1


def test_a_region_of_which_nothing_is_here_forbids_a_pass(scan: Scan) -> None:
    found = scan("platform.failover", ("deploy/aws/chat.yaml", service(3)), expectations=TWO)
    assert [each.reason for each in found.excluded] == [
        "no workload of region gcp-eu is among the manifests"
    ]


@pytest.mark.parametrize(
    ("failures", "promotion_s", "ttl_s", "message"),
    [
        (3, 60.0, 30.0, None),
        (
            30,
            60.0,
            0.0,
            (
                "30 checks every 10 s notice a loss after 5 min, addresses and promotion take 60 s "
                "more, the RTO is 5 min"
            ),
        ),
        (
            3,
            60.0,
            300.0,
            (
                "3 checks every 10 s notice a loss after 30 s, addresses and promotion take 6 min "
                "more, the RTO is 5 min"
            ),
        ),
        (None, 60.0, 0.0, None),
    ],
)
def test_time_to_leave_a_region(
    failures: int | None, promotion_s: float, ttl_s: float, message: str | None, scan: Scan
) -> None:
    plan = FailoverPlan(
        regions=TWO.failover.regions,
        check_interval_s=10,
        check_failures=failures,
        dns_ttl_s=ttl_s,
        promotion_s=promotion_s,
    )
    found = scan(
        "platform.failover",
        ("deploy/aws/chat.yaml", service(3, most=6)),
        ("deploy/gcp/chat.yaml", service(3, most=6)),
        expectations=Expectations(failover=plan),
    )
    unit = "failover between regions"
    expected = [] if message is None else [f"{unit}: {message}"]
    assert [each.message for each in found.findings] == expected
    assert bool(found.excluded) is (failures is None)
