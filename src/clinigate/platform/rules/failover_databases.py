"""What manifests say of a PostgreSQL: its archive, its standbys, and how a lost primary is noticed.

Four forms are read: CloudNativePG, Zalando's operator, Crunchy's operator, and a plain workload
with PostgreSQL's own settings. Defaults of the operators count where a setting is absent: WAL is
closed after 5 minutes with CloudNativePG, 1 with Crunchy, 30 with Zalando's Spilo, never in plain.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from clinigate.platform.resource import Field, ManifestShapeError, Resource
from clinigate.platform.rules.services import number
from clinigate.platform.workloads import SERVING, Workload, workload_of

if TYPE_CHECKING:
    from clinigate.platform.manifests import Manifests

__all__ = ["DATABASE_KINDS", "Database", "Setting", "database_of"]

_CNPG = "postgresql.cnpg.io/Cluster"
#: EDB's edition of it, of the same shape.
_EDB = "postgresql.k8s.enterprisedb.io/Cluster"
_ZALANDO = "acid.zalan.do/postgresql"
_ZALANDO_OPERATOR = "acid.zalan.do/OperatorConfiguration"
_CRUNCHY = "postgres-operator.crunchydata.com/PostgresCluster"
DATABASE_KINDS = (_CNPG, _EDB, _ZALANDO, _CRUNCHY, *SERVING)
_IMAGE = re.compile(r"(^|[/_-])(postgres(ql)?|postgis|timescaledb|pgvector)([-_:@/]|$)")
_ARCHIVES = re.compile(
    r"^(WAL_S3_BUCKET|WAL_GS_BUCKET|WAL[EG]_(S3|GS|AZ|SSH|SWIFT|FILE)_PREFIX)$", re.IGNORECASE
)
_ZALANDO_BUCKETS = ("wal_s3_bucket", "wal_gs_bucket", "wal_az_storage_account")
_NOWHERE = re.compile(r"^\s*(/usr)?(/bin/)?(true|:|exit 0|cd \.)?\s*$")
_DURATION = re.compile(r"\s*(\d+)\s*(ms|s|min|h|d)?\s*", re.ASCII)
_UNITS_S = {None: 1.0, "ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_LINE = re.compile(r"^[ \t]*([a-z_.]+)[ \t=]+(?:'((?:[^'\n]|'')*)'|([^\s#']+))", re.MULTILINE)
_OFF = ("off", "false", "no", "0")


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing that a database's manifest says, and the field that says it or ought to."""

    value: float
    at: Field


@dataclass(frozen=True, slots=True)
class Database:
    """A PostgreSQL.

    Attributes:
        resource: what declares it.
        archive: seconds within which what was written lies in a WAL archive; infinite for never.
        is_archive_inside: whether the archive lies on volumes of the same cluster.
        synchronous: how many standbys confirm a commit.
        copies: the primary and its standbys.
        notice: seconds until a lost primary is noticed; None where nothing looks.
    """

    resource: Resource
    archive: Setting
    synchronous: Setting
    copies: Setting
    notice: Setting | None = None
    is_archive_inside: bool = False


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
    return read.get(resource.group_kind, _plain)(resource, manifests)


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
            (_or(spec["livenessProbeTimeout"], 30)) + (_or(spec["failoverDelay"], 0)),
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
    count = _or(patroni["synchronous_node_count"], 1) if synchronous.flag else 0
    return Database(
        resource,
        _archive(archives, parameters["archive_timeout"], spec["env"], 1800.0),
        Setting(0 if _commits_alone(parameters) else count, synchronous),
        Setting(spec["numberOfInstances"].integer or 1, spec["numberOfInstances"]),
        Setting(_or(patroni["ttl"], 30) + _or(patroni["loop_wait"], 10), patroni["ttl"]),
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
    synchronous = dynamic["synchronous_mode"]
    instances = [_or(each["replicas"], 1) for each in spec["instances"]]
    outside = any(each[store].exists for each in repos for store in ("s3", "gcs", "azure"))
    return Database(
        resource,
        _archive(any(repos), parameters["archive_timeout"], repos, 60.0),
        Setting(0 if _commits_alone(parameters) or not synchronous.flag else 1, synchronous),
        Setting(sum(instances), spec["instances"]),
        Setting(
            _or(patroni["leaderLeaseDurationSeconds"], 30) + _or(patroni["syncPeriodSeconds"], 10),
            patroni["leaderLeaseDurationSeconds"],
        ),
        is_archive_inside=any(repos) and not outside,
    )


def _plain(resource: Resource, manifests: Manifests) -> Database | None:
    workload = workload_of(resource)
    made_by_operator = resource["metadata"]["ownerReferences"].value or (
        resource.labels.get("application") == "spilo"
    )
    if workload is None or made_by_operator:
        return None
    servers = [c for c in workload.containers if _IMAGE.search(c["image"].text or "")]
    servers = [c for c in servers if "exporter" not in (c["image"].text or "")]
    if not servers:
        return None
    settings = _settings(workload, manifests)
    command = settings.get("archive_command", "") or settings.get("archive_library", "")
    archives = settings.get("archive_mode", "off") in ("on", "always") and not _NOWHERE.match(
        command
    )
    timeout = settings.get("archive_timeout", "0")
    standbys = settings.get("synchronous_standby_names", "").strip("' ")
    local = settings.get("synchronous_commit", "on") in ("off", "local")
    at = servers[0]["args"]
    copies = resource["spec"]["replicas"]
    return Database(
        resource,
        Setting((_pg_seconds(timeout, at) or math.inf) if archives else math.inf, at),
        Setting(1 if standbys and not local else 0, at),
        Setting(_or(copies, 1), copies),
    )


def _settings(workload: Workload, manifests: Manifests) -> Mapping[str, str]:
    """PostgreSQL's settings from files of mounted ConfigMaps, then from the command line."""
    found: dict[str, str] = {}
    for volume in workload.pod["volumes"]:
        name = volume["configMap"]["name"].text
        source = manifests.find("ConfigMap", workload.namespace, name) if name else None
        for key, value in () if source is None else source["data"].entries:
            if key.endswith(".conf") and isinstance(value.value, str):
                found.update(_of_file(value.value))
    for container in workload.containers:
        words = [*container["command"].list_of_texts, *container["args"].list_of_texts]
        for flag, word in pairwise(words):
            if flag == "-c" and "=" in word:
                setting, _, stated = word.partition("=")
                found[setting] = stated
    return found


def _of_file(text: str) -> Iterator[tuple[str, str]]:
    for line in _LINE.finditer(text):
        quoted = line[2]
        yield line[1], line[3] if quoted is None else quoted.replace("''", "'")


def _archive(archives: bool, timeout: Field, otherwise: Field, usual_s: float) -> Setting:
    if not archives:
        return Setting(math.inf, otherwise)
    if not timeout.exists:
        return Setting(usual_s, timeout)
    # 0 is never: a quiet database's last segment stays where it is.
    return Setting(_pg_seconds(str(timeout.scalar), timeout) or math.inf, timeout)


def _pg_seconds(text: str, at: Field) -> float:
    """Seconds of PostgreSQL's way to write a time: `300`, `5min`, `30s`."""
    found = _DURATION.fullmatch(text.strip("'\""))
    if found is None:
        raise ManifestShapeError(f"{at.place}: archive_timeout is no time that PostgreSQL reads")
    return int(found[1]) * _UNITS_S[found[2]]


def _commits_alone(parameters: Field) -> bool:
    """Whether a commit waits for no standby, whatever is configured of them."""
    value = parameters["synchronous_commit"].value
    return value is False or str(value).lower() in (*_OFF, "local")


def _or(field: Field, usual: int) -> int:
    value = number(field)
    return usual if value is None else int(value)
