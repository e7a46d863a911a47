"""A PostgreSQL that no operator runs: a workload with PostgreSQL's own settings, or Bitnami's.

Settings are read from `-c` of the command line, from `*.conf` in mounted ConfigMaps, and from the
variables of Bitnami's image, whose read replicas are a workload of their own.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING

from clinigate.platform.resource import Field, Resource
from clinigate.platform.rules.failover_model import Database, Setting, pg_seconds, whole
from clinigate.platform.workloads import Container, Workload, workload_of

if TYPE_CHECKING:
    from clinigate.platform.manifests import Manifests

__all__ = ["plain_database"]

_IMAGE = re.compile(r"(^|[/_-])(postgres(ql)?|postgis|timescaledb|pgvector)([-_:@/]|$)")
#: An archive_command that keeps nothing.
_NOWHERE = re.compile(r"^\s*(/usr)?(/bin/)?(true|:|exit 0|cd \.)?\s*$")
_LINE = re.compile(r"^[ \t]*([a-z_.]+)[ \t=]+(?:'((?:[^'\n]|'')*)'|([^\s#']+))", re.MULTILINE)
_ON = ("on", "always", "true", "yes", "1")
_ALONE = ("off", "local", "false", "no", "0")
#: Variables of Bitnami's image, after POSTGRES_ or POSTGRESQL_, and the settings that they make.
_BITNAMI = {
    "NUM_SYNCHRONOUS_REPLICAS": "synchronous_standby_names",
    "SYNCHRONOUS_COMMIT_MODE": "synchronous_commit",
    "REPLICATION_MODE": "bitnami.mode",
    "MASTER_HOST": "bitnami.primary",
}


def plain_database(resource: Resource, manifests: Manifests) -> Database | None:
    """The PostgreSQL that a workload is; None where it is none, or a read replica.

    Raises:
        ManifestShapeError: a setting is malformed.
    """
    workload = workload_of(resource)
    server = None if workload is None else _server(workload)
    if workload is None or server is None:
        return None
    settings = _settings(workload, manifests)
    if settings.get("bitnami.mode") in ("slave", "replica"):
        return None
    standbys = settings.get("synchronous_standby_names", "").strip("' ")
    confirmed = bool(standbys and standbys != "0") and (
        settings.get("synchronous_commit", "on").lower() not in _ALONE
    )
    copies = resource["spec"]["replicas"]
    return Database(
        resource,
        Setting(_archived_s(settings, server["args"]), server["args"]),
        Setting(int(confirmed), server["args"]),
        Setting(whole(copies, 1) + _replicas(workload, manifests), copies),
    )


def _server(workload: Workload) -> Container | None:
    resource = workload.resource
    made_by_operator = resource["metadata"]["ownerReferences"].value or (
        resource.labels.get("application") == "spilo"
    )
    if made_by_operator:
        return None
    for container in workload.containers:
        image = container["image"].text or ""
        if _IMAGE.search(image) and "exporter" not in image:
            return container
    return None


def _archived_s(settings: Mapping[str, str], at: Field) -> float:
    """Seconds within which what was written lies in an archive; infinite for never."""
    keeps = settings.get("archive_command", "") or settings.get("archive_library", "")
    if settings.get("archive_mode", "off").lower() not in _ON or _NOWHERE.match(keeps):
        return math.inf
    # 0 is never: a quiet database's last segment stays where it is.
    return pg_seconds(settings.get("archive_timeout", "0"), at) or math.inf


def _replicas(primary: Workload, manifests: Manifests) -> int:
    """Pods of the read replicas that follow a primary by its Service's name."""
    found = 0
    for other in manifests.workloads:
        if other.namespace != primary.namespace or _server(other) is None:
            continue
        host = _settings(other, manifests).get("bitnami.primary", "").partition(".")[0]
        service = manifests.find("Service", other.namespace, host) if host else None
        selector = {} if service is None else service["spec"]["selector"].texts
        if selector and selector.items() <= primary.labels.items():
            found += whole(other.resource["spec"]["replicas"], 1)
    return found


def _settings(workload: Workload, manifests: Manifests) -> Mapping[str, str]:
    """PostgreSQL's settings, the later ones before the earlier: variables, files, command line."""
    found: dict[str, str] = {}
    for container in workload.containers:
        for entry in container["env"]:
            name = (entry["name"].text or "").removeprefix("POSTGRESQL_").removeprefix("POSTGRES_")
            if name in _BITNAMI and isinstance(entry["value"].value, str):
                found[_BITNAMI[name]] = entry["value"].value
    for volume in workload.pod["volumes"]:
        source_name = volume["configMap"]["name"].text
        source = source_name and manifests.find("ConfigMap", workload.namespace, source_name)
        for key, value in source["data"].entries if source else ():
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
