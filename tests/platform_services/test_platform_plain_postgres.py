"""Bitnami's PostgreSQL, a primary and its read replicas, is one database."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from clinigate.platform.judge import TopicScan

Scan = Callable[..., TopicScan]
Short = Callable[[TopicScan], list[str]]

WRITES = """
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db-primary, namespace: clinic}
spec:
  replicas: 1
  template:
    metadata: {labels: {app: db, role: primary}}
    spec:
      volumes: [{name: conf, configMap: {name: db}}]
      containers:
        - name: postgresql
          image: bitnami/postgresql:16
          env:
            - {name: POSTGRES_REPLICATION_MODE, value: master}
            - {name: POSTGRES_SYNCHRONOUS_COMMIT_MODE, value: "COMMIT"}
            - {name: POSTGRES_NUM_SYNCHRONOUS_REPLICAS, value: "STANDBYS"}
---
apiVersion: v1
kind: Service
metadata: {name: db-primary, namespace: clinic}
spec: {selector: {app: db, role: primary}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: db, namespace: clinic}
data:
  override.conf: |
    archive_mode = on
    archive_command = 'wal-g wal-push %p'
    archive_timeout = 60
"""
READS = """
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db-read, namespace: clinic}
spec:
  replicas: COUNT
  template:
    metadata: {labels: {app: db, role: read}}
    spec:
      containers:
        - name: postgresql
          image: bitnami/postgresql:16
          env:
            - {name: POSTGRES_REPLICATION_MODE, value: slave}
            - {name: POSTGRES_MASTER_HOST, value: db-primary.clinic.svc}
"""


@pytest.mark.parametrize(
    ("mode", "standbys", "reads", "expected"),
    [
        ("on", "1", 2, []),
        ("on", "1", 1, ["spec.replicas: 2 copies, 3 are wanted: one to lose, one to confirm"]),
        ("on", "0", 2, ["no standby confirms a commit"]),
        ("local", "1", 2, ["no standby confirms a commit"]),
    ],
)
def test_a_primary_and_its_replicas(
    mode: str, standbys: str, reads: int, expected: list[str], scan: Scan, short: Short
) -> None:
    primary = WRITES.replace('"COMMIT"', f'"{mode}"').replace("STANDBYS", standbys)
    found = scan("platform.failover", primary, READS.replace("COUNT", str(reads)))
    assert list(found.units) == ["StatefulSet clinic/db-primary"]
    assert len(short(found)) == len(expected)
    assert all(part in line for part, line in zip(expected, short(found), strict=True))
