"""Strimzi: Kafka is encrypted and authenticated, survives a broker, and keeps what it promised.

Kafka's own defaults count where a setting is absent: replication 1, one replica in sync, 168 hours.
Who may read which topic (authorization, KafkaUser) is not judged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from clinigate.core.flaw import FlawSeverity
from clinigate.platform.resource import Field, Resource
from clinigate.platform.rule import Judged, breaks, each, keeps, topic
from clinigate.platform.rules.schedules import words
from clinigate.platform.rules.services import UnjudgeableError, is_true, number

if TYPE_CHECKING:
    from clinigate.platform.manifests import Manifests

__all__ = [
    "KAFKA_CLUSTER",
    "audit_topics_have_a_sink",
    "clusters_are_replicated",
    "listeners_are_closed",
    "topics_keep_what_is_promised",
]

KAFKA = topic(
    "platform.kafka",
    title="Kafka is encrypted, authenticated, replicated and keeps 168 hours",
    controls=("164.312(e)(1)", "164.312(d)", "164.308(a)(7)(ii)(A)", "A1.2"),
)
AUDIT = topic(
    "platform.audit_retention",
    title="Audit topics lead to a store that keeps them for six years",
    controls=("164.312(b)", "164.316(b)(2)(i)"),
)
KAFKA_CLUSTER = "kafka.strimzi.io/Kafka"
_TOPIC, _POOL = "kafka.strimzi.io/KafkaTopic", "kafka.strimzi.io/KafkaNodePool"
_CONNECTOR = "kafka.strimzi.io/KafkaConnector"
_CLUSTER_LABEL = "strimzi.io/cluster"
_REPLICATION, _IN_SYNC = 3, 2
_RETENTION_S = 168 * 3600.0
#: Six years with two leap days (45 CFR 164.316(b)(2)(i)).
_SIX_YEARS_S = (6 * 365 + 2) * 86400.0
#: Settings of the brokers, their least value, and what Kafka takes where they are absent.
_BROKER_SETTINGS = (
    ("default.replication.factor", _REPLICATION, 1),
    ("min.insync.replicas", _IN_SYNC, 1),
    ("offsets.topic.replication.factor", _REPLICATION, 3),
    ("transaction.state.log.replication.factor", _REPLICATION, 3),
    ("transaction.state.log.min.isr", _IN_SYNC, 2),
)
_BROKER_RETENTION = (
    ("log.retention.ms", 0.001),
    ("log.retention.minutes", 60.0),
    ("log.retention.hours", 3600.0),
)
_AUDIT_NAME = re.compile(r"(^|[^a-z])audit(s|ing)?($|[^a-z])", re.IGNORECASE)


@each("CG-PLAT-KAFKA-001", KAFKA, kinds=(KAFKA_CLUSTER,), severity=FlawSeverity.HIGH)
def listeners_are_closed(resource: Resource, _: Manifests) -> Iterator[Judged]:
    """Every listener of a Kafka cluster speaks TLS and asks who is there, inside ones too."""
    listeners = resource["spec"]["kafka"]["listeners"]
    for listener in listeners:
        name = listener["name"].text or "?"
        if listener["tls"].flag is not True:
            message = f"listener {name} takes plain text, TLS is wanted"
            yield breaks(listener["tls"], message, "set tls: true")
        if not listener["authentication"]["type"].text:
            message = f"listener {name} lets in whoever reaches it, authentication is wanted"
            fix = "set authentication.type to tls, scram-sha-512 or oauth"
            yield breaks(listener["authentication"], message, fix)
    if not any(listeners):
        raise UnjudgeableError(f"{listeners.place}: no listener is stated")
    yield keeps(resource)


@each("CG-PLAT-KAFKA-002", KAFKA, kinds=(KAFKA_CLUSTER,), also=(_POOL,),
      severity=FlawSeverity.HIGH)  # fmt: skip
def clusters_are_replicated(resource: Resource, manifests: Manifests) -> Iterator[Judged]:
    """A Kafka cluster loses no acknowledged record with one broker, and goes on.

    Three brokers, three copies of a topic, two of them in sync; one in sync fewer than copies,
    since otherwise one lost broker stops every writer.
    """
    brokers = _brokers(resource, manifests)
    if brokers < _REPLICATION:
        message = f"brokers: {brokers}, at least {_REPLICATION} are wanted"
        yield breaks(resource["spec"]["kafka"]["replicas"], message, "run three brokers or more")
    config = resource["spec"]["kafka"]["config"]
    for key, least, usual in _BROKER_SETTINGS:
        value = number(config[key])
        if (usual if value is None else value) < least:
            found = f"is not set and {usual} then" if value is None else f"is {value:g}"
            message = f"{key} {found}, at least {least} is wanted"
            yield breaks(config[key], message, f"set {key}: {least}")
    yield from _writers_stop(config, number(config["default.replication.factor"]))
    if is_true(config["unclean.leader.election.enable"]):
        message = "a replica that lags may lead: acknowledged records are lost then"
        yield breaks(config["unclean.leader.election.enable"], message, "set it to false")
    yield keeps(resource)


def _writers_stop(config: Field, copies: float | None) -> Iterator[Judged]:
    field = config["min.insync.replicas"]
    in_sync = number(field)
    if copies is not None and in_sync is not None and _IN_SYNC <= copies <= in_sync:
        message = f"min.insync.replicas is {in_sync:g} of {copies:g} copies: one lost broker stops "
        yield breaks(field, f"{message}every writer with acks=all", "set it to one fewer")


def _brokers(resource: Resource, manifests: Manifests) -> int:
    pools = [
        pool
        for pool in manifests.within(resource.namespace, _POOL)
        if pool.labels.get(_CLUSTER_LABEL) == resource.name
    ]
    if pools:
        return sum(
            pool["spec"]["replicas"].integer or 0
            for pool in pools
            if "broker" in pool["spec"]["roles"].list_of_texts
        )
    stated = resource["spec"]["kafka"]["replicas"]
    if stated.integer is None:
        raise UnjudgeableError(
            f"{stated.place}: no brokers are stated, and no KafkaNodePool is here"
        )
    return stated.integer


@each("CG-PLAT-KAFKA-003", KAFKA, kinds=(_TOPIC,), also=(KAFKA_CLUSTER,),
      severity=FlawSeverity.HIGH)  # fmt: skip
def topics_keep_what_is_promised(resource: Resource, manifests: Manifests) -> Iterator[Judged]:
    """A topic has three copies and keeps a record for 168 hours.

    What a topic leaves open its cluster sets. A topic that is compacted and not deleted keeps the
    last value of each key for ever, and no time is asked of it.
    """
    spec, cluster = resource["spec"], _cluster_of(resource, manifests)
    copies = _copies(resource, cluster)
    if copies is not None and copies < _REPLICATION:
        message = f"copies of a record: {copies:g}, at least {_REPLICATION} are wanted"
        yield breaks(spec["replicas"], message, f"set replicas: {_REPLICATION}")
    in_sync = number(spec["config"]["min.insync.replicas"])
    if in_sync is not None and in_sync < _IN_SYNC:
        message = f"min.insync.replicas is {in_sync:g}, at least {_IN_SYNC} is wanted"
        yield breaks(spec["config"]["min.insync.replicas"], message, "set it to 2")
    if _deletes(resource, cluster):
        kept = _retention_s(resource, cluster)
        if kept < _RETENTION_S:
            message = f"records are kept for {words(kept)}, 168 h is promised"
            yield breaks(spec["config"]["retention.ms"], message, "set retention.ms: 604800000")
        most = number(spec["config"]["retention.bytes"])
        if most is not None and most >= 0:
            message = "retention.bytes deletes records before their time when many come"
            field = spec["config"]["retention.bytes"]
            yield breaks(field, message, "leave it away", severity=FlawSeverity.MEDIUM)
    yield keeps(resource)


def _cluster_of(resource: Resource, manifests: Manifests) -> Resource | None:
    return manifests.find(
        KAFKA_CLUSTER, resource.namespace, resource.labels.get(_CLUSTER_LABEL, "")
    )


def _copies(resource: Resource, cluster: Resource | None) -> float | None:
    """Copies of a topic; None where its cluster's default counts, which is judged there."""
    stated = resource["spec"]["replicas"]
    if stated.integer is not None:
        return stated.integer
    if cluster is None:
        raise UnjudgeableError(f"{stated.place}: no replicas are stated, and its Kafka is not here")
    return None


def _deletes(resource: Resource, cluster: Resource | None) -> bool:
    policy = resource["spec"]["config"]["cleanup.policy"].text
    if policy is None and cluster is not None:
        policy = cluster["spec"]["kafka"]["config"]["log.cleanup.policy"].text
    return "delete" in (policy or "delete")


def _retention_s(resource: Resource, cluster: Resource | None) -> float:
    """Seconds that a record is kept; infinite where nothing ends it."""
    own = number(resource["spec"]["config"]["retention.ms"])
    if own is not None:
        return own / 1000 if own >= 0 else float("inf")
    if cluster is not None:
        config = cluster["spec"]["kafka"]["config"]
        for key, unit_s in _BROKER_RETENTION:
            value = number(config[key])
            if value is not None:
                return value * unit_s if value >= 0 else float("inf")
    return _RETENTION_S


@each("CG-PLAT-AUDIT-001", AUDIT, kinds=(_TOPIC,), also=(KAFKA_CLUSTER, _CONNECTOR),
      severity=FlawSeverity.HIGH)  # fmt: skip
def audit_topics_have_a_sink(resource: Resource, manifests: Manifests) -> Iterator[Judged]:
    """An audit topic is carried to a store by a sink, or keeps its records for six years itself.

    168 hours are a buffer, not the retention of audit records: 45 CFR 164.316(b)(2)(i) asks for six
    years. How long the store behind the sink keeps them is not seen; show its lock by other means.
    """
    name = resource["spec"]["topicName"].text or resource.name
    if not (_AUDIT_NAME.search(name) or _AUDIT_NAME.search(resource.name)):
        return
    cluster = _cluster_of(resource, manifests)
    kept = _retention_s(resource, cluster) if _deletes(resource, cluster) else 0.0
    sinks = manifests.within(resource.namespace, _CONNECTOR)
    if kept < _SIX_YEARS_S and not any(_carries(sink, name) for sink in sinks):
        stays = f"it keeps records for {words(kept)}" if kept else "it is compacted"
        message = f"no sink connector reads audit topic {name}, and {stays}: six years are due"
        fix = "add a KafkaConnector with a sink to a store that is locked for six years"
        yield breaks(resource["spec"]["config"]["retention.ms"], message, fix)
    yield keeps(resource)


def _carries(connector: Resource, name: str) -> bool:
    """Whether a connector is a sink, runs, and reads that topic."""
    spec = connector["spec"]
    stopped = spec["state"].text in ("paused", "stopped") or spec["pause"].flag
    if stopped or "sink" not in (spec["class"].text or "").lower():
        return False
    listed = (spec["config"]["topics"].text or "").split(",")
    if name in (each_topic.strip() for each_topic in listed):
        return True
    pattern = spec["config"]["topics.regex"].text
    try:
        return bool(pattern and re.fullmatch(pattern, name))
    except re.error:
        raise UnjudgeableError(
            f"{spec['config']['topics.regex'].place}: the pattern is not understood"
        ) from None
