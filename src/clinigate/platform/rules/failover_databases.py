"""What manifests say of a PostgreSQL: its archive, its standbys, and how a lost primary is noticed.

Four forms are read: CloudNativePG, Zalando's operator, Crunchy's operator, and a plain workload
with PostgreSQL's own settings. Defaults of the operators count where a setting is absent: WAL is
closed after 5 minutes with CloudNativePG, 1 with Crunchy, 30 with Zalando's Spilo, never in plain.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from clinigate.platform.resource import Field, Resource
from clinigate.platform.rules.failover_model import Database, Setting, pg_seconds, whole
from clinigate.platform.rules.failover_plain import plain_database
from clinigate.platform.workloads import SERVING

if TYPE_CHECKING:
    from clinigate.platform.manifests import Manifests

__all__ = ["DATABASE_KINDS", "database_of"]

_CNPG = "postgresql.cnpg.io/Cluster"
#: EDB's edition of it, of the same shape.
_EDB = "postgresql.k8s.enterprisedb.io/Cluster"
_ZALANDO = "acid.zalan.do/postgresql"
_ZALANDO_OPERATOR = "acid.zalan.do/OperatorConfiguration"
_CRUNCHY = "postgres-operator.crunchydata.com/PostgresCluster"
DATABASE_KINDS = (_CNPG, _EDB, _ZALANDO, _CRUNCHY, *SERVING)
_ARCHIVES = re.compile(
    r"^(WAL_S3_BUCKET|WAL_GS_BUCKET|WAL[EG]_(S3|GS|AZ|SSH|SWIFT|FILE)_PREFIX)$", re.IGNORECASE
)
_ZALANDO_BUCKETS = ("wal_s3_bucket", "wal_gs_bucket", "wal_az_storage_account")
_OFF = ("off", "false", "no", "0")


def database_of(resource: Resource, manifests: Manifests) -> Database | None:
    """The PostgreSQL that a resource declares; None where it is none, or a standby of another.

    Raises:
        ManifestShapeError: a setting is malformed.
    """
    read: dict[str, Callable[[Resource, Manifests], Database | None]] = {
        _CNPG: _cloud_native,
        _EDB: _cloud_native,
        _ZALANDO: _zalando,
        _CRUNCHY: _crunchy,
    }
    return read.get(resource.group_kind, plain_database)(resource, manifests)


def _cloud_native(resource: Resource, _: Manifests) -> Database | None:
    spec = resource["spec"]
    if spec["replica"]["enabled"].flag:
        return None
    parameters, backup = spec["postgresql"]["parameters"], spec["backup"]
    archives = backup["barmanObjectStore"].exists or any(
        each["isWALArchiver"].flag and each["enabled"].flag is not False for each in spec["plugins"]
    )
    standbys = spec["postgresql"]["synchronous"]["number"]
    if standbys.integer is None:
        standbys = spec["minSyncReplicas"]
    confirmed = 0 if _commits_alone(parameters) else standbys.integer or 0
    return Database(
        resource,
        _archive(archives, parameters["archive_timeout"], backup["barmanObjectStore"], 300.0),
        Setting(confirmed, spec["postgresql"]["synchronous"] if not confirmed else standbys),
        Setting(spec["instances"].integer or 1, spec["instances"]),
        # Until the instance manager gives up on its own liveness, and what the operator waits then.
        Setting(
            (whole(spec["livenessProbeTimeout"], 30)) + (whole(spec["failoverDelay"], 0)),
            spec["failoverDelay"],
        ),
    )


def _zalando(resource: Resource, manifests: Manifests) -> Database | None:
    spec = resource["spec"]
    if spec["standby"].exists:
        return None
    patroni, parameters = spec["patroni"], spec["postgresql"]["parameters"]
    archives = any(_ARCHIVES.match(each["name"].text or "") for each in spec["env"]) or (
        _operator_archives(manifests)
    )
    synchronous = patroni["synchronous_mode"]
    count = whole(patroni["synchronous_node_count"], 1) if synchronous.flag else 0
    return Database(
        resource,
        _archive(archives, parameters["archive_timeout"], spec["env"], 1800.0),
        Setting(0 if _commits_alone(parameters) else count, synchronous),
        Setting(spec["numberOfInstances"].integer or 1, spec["numberOfInstances"]),
        Setting(whole(patroni["ttl"], 30) + whole(patroni["loop_wait"], 10), patroni["ttl"]),
    )


def _operator_archives(manifests: Manifests) -> bool:
    """Whether Zalando's operator gives every database an archive.

    Its own settings stand in an OperatorConfiguration, or flat in a ConfigMap.
    """
    for operator in manifests.of(_ZALANDO_OPERATOR):
        settings = operator["configuration"]
        pods = settings["kubernetes"]["pod_environment_configmap"]
        if _archives_by(settings["aws_or_gcp"], pods, manifests):
            return True
    return any(
        _archives_by(config["data"], config["data"]["pod_environment_configmap"], manifests)
        for config in manifests.of("ConfigMap")
    )


def _archives_by(cloud: Field, pods: Field, manifests: Manifests) -> bool:
    if any(cloud[key].value for key in _ZALANDO_BUCKETS):
        return True
    namespace, _, name = (pods.text or "").rpartition("/")
    found = manifests.find("ConfigMap", namespace or pods.resource.namespace, name)
    return found is not None and any(_ARCHIVES.match(key) for key, _ in found["data"].entries)


def _crunchy(resource: Resource, _: Manifests) -> Database | None:
    spec = resource["spec"]
    if spec["standby"]["enabled"].flag:
        return None
    patroni = spec["patroni"]
    dynamic = patroni["dynamicConfiguration"]
    parameters = spec["config"]["parameters"]
    if not parameters["archive_timeout"].exists:
        parameters = dynamic["postgresql"]["parameters"]
    repos = spec["backups"]["pgbackrest"]["repos"]
    synchronous, lease = dynamic["synchronous_mode"], patroni["leaderLeaseDurationSeconds"]
    instances = [whole(each["replicas"], 1) for each in spec["instances"]]
    outside = any(each[store].exists for each in repos for store in ("s3", "gcs", "azure"))
    return Database(
        resource,
        _archive(any(repos), parameters["archive_timeout"], repos, 60.0),
        Setting(0 if _commits_alone(parameters) or not synchronous.flag else 1, synchronous),
        Setting(sum(instances), spec["instances"]),
        Setting(whole(lease, 30) + whole(patroni["syncPeriodSeconds"], 10), lease),
        is_archive_inside=any(repos) and not outside,
    )


def _archive(archives: bool, timeout: Field, otherwise: Field, usual_s: float) -> Setting:
    if not archives:
        return Setting(math.inf, otherwise)
    if not timeout.exists:
        return Setting(usual_s, timeout)
    # 0 is never: a quiet database's last segment stays where it is.
    return Setting(pg_seconds(str(timeout.scalar), timeout) or math.inf, timeout)


def _commits_alone(parameters: Field) -> bool:
    """Whether a commit waits for no standby, whatever is configured of them."""
    value = parameters["synchronous_commit"].value
    return value is False or str(value).lower() in (*_OFF, "local")
