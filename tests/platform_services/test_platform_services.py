"""Each rule on services: a manifest that keeps it, and one that breaks it.

What the bad ones break is compared whole: the rule, the line, the resource with its field, and the
message.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from clinigate.platform.judge import TopicScan

Scan = Callable[..., TopicScan]
Short = Callable[[TopicScan], list[str]]


@pytest.mark.parametrize(
    ("metric", "file", "units"),
    [
        ("platform.mesh_mtls", "mesh/good.yaml", 6),
        ("platform.mesh_authorization", "mesh/good.yaml", 5),
        ("platform.storage_encryption", "storage/good.yaml", 5),
        ("platform.backup", "backup/good.yaml", 3),
        ("platform.certificates", "certificates/good.yaml", 4),
        ("platform.secrets", "secrets/good.yaml", 5),
        ("platform.kafka", "kafka/good.yaml", 4),
        ("platform.audit_retention", "kafka/good.yaml", 1),
        ("platform.gateway", "gateway/good.yaml", 5),
        ("platform.gateway", "gateway/declarative-good.yaml", 5),
        ("platform.failover", "failover/good.yaml", 5),
    ],
)
def test_what_keeps_the_promise(
    metric: str, file: str, units: int, scan: Scan, short: Short
) -> None:
    found = scan(metric, Path(file))
    assert short(found) == []
    assert found.excluded == []
    assert len(found.units) == units
    assert all(found.units.values())


# Messages are long, and stand in one piece so that they can be searched for.
# ruff: noqa: E501
@pytest.mark.parametrize(
    ("metric", "file", "expected"),
    [
        pytest.param(
            "platform.mesh_mtls",
            "mesh/bad.yaml",
            [
                "MTLS-001 8 Namespace inference: namespace inference is in the mesh and no PeerAuthentication sets its mode: Istio takes plain text then (PERMISSIVE)",
                "MTLS-001 22 PeerAuthentication clinic/default spec.mtls.mode: mode is PERMISSIVE, STRICT is wanted: plain text is taken",
                "MTLS-001 37 PeerAuthentication clinic/metrics spec.portLevelMtls.9090.mode: port 9090 is excepted with DISABLE, STRICT is wanted: it takes plain text",
                "MTLS-002 51 DestinationRule clinic/emotion spec.trafficPolicy.portLevelSettings[0].tls.mode: mode is DISABLE: clients of emotion are told to send plain text",
                "MTLS-002 56 DestinationRule clinic/emotion spec.subsets[canary].trafficPolicy.tls.mode: mode is DISABLE: clients of emotion are told to send plain text",
            ],
        ),
        pytest.param(
            "platform.mesh_authorization",
            "mesh/bad.yaml",
            [
                "AUTHZ-001 1 Namespace clinic: namespace clinic is in the mesh and no AuthorizationPolicy denies by default: every workload may call every other",
                "AUTHZ-001 8 Namespace inference: namespace inference is in the mesh and no AuthorizationPolicy denies by default: every workload may call every other",
                "AUTHZ-002 66 AuthorizationPolicy clinic/allow-everything spec.rules[0]: the rule names no source, operation or condition: it lets everybody in",
            ],
        ),
        pytest.param(
            "platform.storage_encryption",
            "storage/bad.yaml",
            [
                'STORAGE-001 6 StorageClass fast parameters.encrypted: encrypted is not set, "true" is wanted: volumes of fast are plain',
                "STORAGE-001 15 StorageClass cheap parameters.encrypted: encrypted is 'false', \"true\" is wanted: volumes of cheap are plain",
                "STORAGE-002 18 StorageClass standard-rwo parameters.disk-encryption-kms-key: disk-encryption-kms-key is not set: the cloud encrypts with a key that is not yours (info)",
                "STORAGE-003 30 PersistentVolumeClaim clinic/uploads spec.storageClassName: the claim's class fast makes plain volumes",
            ],
        ),
        pytest.param(
            "platform.backup",
            "backup/bad.yaml",
            [
                "BACKUP-001 19 Schedule velero/office-hours spec.schedule: up to 12 h between two runs, at most 4 h is promised",
                "BACKUP-001 22 Schedule velero/office-hours spec.template.ttl: backups are kept for 7 d, 30 d is promised",
                "BACKUP-001 31 Schedule velero/inference spec.paused: the schedule is paused: no backup is made",
                "BACKUP-002 36 PersistentVolumeClaim inference/weights: no Schedule backs up the volumes of namespace inference",
                "BACKUP-003 8 BackupStorageLocation velero/default spec.accessMode: the location default is read-only: no backup can be written to it",
                "BACKUP-003 34 Schedule velero/inference spec.template.storageLocation: no BackupStorageLocation offsite is in namespace velero",
            ],
        ),
        pytest.param(
            "platform.certificates",
            "certificates/bad.yaml",
            [
                "CERT-001 27 Certificate clinic/api spec.renewBefore: renewBefore is 30 d, the certificate lasts 30 d: it would be renewed without end, and cert-manager refuses it",
                "CERT-002 30 Certificate clinic/api spec.privateKey.size: the RSA key has 1024 bits, at least 2048 are wanted",
                "CERT-003 33 Certificate clinic/api spec.issuerRef.name: Issuer self is selfSigned: no client can tell it from an impostor's",
                "CERT-003 44 Certificate clinic/portal spec.issuerRef.name: ClusterIssuer staging is an authority's test environment, which no client trusts",
            ],
        ),
        pytest.param(
            "platform.secrets",
            "secrets/bad.yaml",
            [
                "SECRET-001 7 Secret clinic/chat-database data: the manifest holds values (password, username), base64 hides nothing",
                "SECRET-002 28 Deployment clinic/chat spec.template.spec.containers[chat].env[MODEL_API_KEY].value: MODEL_API_KEY is set to a value in the manifest",
                "SECRET-002 30 Deployment clinic/chat spec.template.spec.containers[chat].env[DATABASE_URL].value: DATABASE_URL is an address with a password in it",
                "SECRET-002 43 ConfigMap clinic/mail data.smtp.password: smtp.password is set to a value in the manifest",
                "SECRET-003 34 Deployment clinic/chat spec.template.spec.containers[chat].env[SESSION_KEY].valueFrom.secretKeyRef.name: no manifest makes Secret by-hand: it may have been made by hand (info)",
            ],
        ),
        pytest.param(
            "platform.kafka",
            "kafka/bad.yaml",
            [
                "KAFKA-001 10 Kafka streams/clinic spec.kafka.listeners[plain].authentication: listener plain lets in whoever reaches it, authentication is wanted",
                "KAFKA-001 13 Kafka streams/clinic spec.kafka.listeners[plain].tls: listener plain takes plain text, TLS is wanted",
                "KAFKA-001 14 Kafka streams/clinic spec.kafka.listeners[tls].authentication: listener tls lets in whoever reaches it, authentication is wanted",
                "KAFKA-002 8 Kafka streams/clinic spec.kafka.replicas: brokers: 2, at least 3 are wanted",
                "KAFKA-002 18 Kafka streams/clinic spec.kafka.config.default.replication.factor: default.replication.factor is not set and 1 then, at least 3 is wanted",
                "KAFKA-002 19 Kafka streams/clinic spec.kafka.config.offsets.topic.replication.factor: offsets.topic.replication.factor is 1, at least 3 is wanted",
                "KAFKA-002 20 Kafka streams/clinic spec.kafka.config.min.insync.replicas: min.insync.replicas is 1, at least 2 is wanted",
                "KAFKA-002 21 Kafka streams/clinic spec.kafka.config.unclean.leader.election.enable: a replica that lags may lead: acknowledged records are lost then",
                "KAFKA-003 32 KafkaTopic streams/conversations spec.replicas: copies of a record: 1, at least 3 are wanted",
                "KAFKA-003 34 KafkaTopic streams/conversations spec.config.retention.ms: records are kept for 24 h, 168 h is promised",
                "KAFKA-003 35 KafkaTopic streams/conversations spec.config.retention.bytes: retention.bytes deletes records before their time when many come",
                "KAFKA-003 36 KafkaTopic streams/conversations spec.config.min.insync.replicas: min.insync.replicas is 1, at least 2 is wanted",
            ],
        ),
        pytest.param(
            "platform.audit_retention",
            "kafka/bad.yaml",
            [
                "AUDIT-001 49 KafkaTopic streams/audit-events spec.config.retention.ms: no sink connector reads audit topic audit-events, and it keeps records for 7 d: six years are due",
            ],
        ),
        pytest.param(
            "platform.gateway",
            "gateway/bad.yaml",
            [
                "GATEWAY-001 40 Ingress clinic/chat: no HTTP audit log acts on it",
                "GATEWAY-002 7 KongPlugin clinic/limits config.hour: up to 36000 requests per hour, at most 1,000 is promised",
                "GATEWAY-002 7 KongPlugin clinic/limits config.policy: each proxy counts on its own: several proxies multiply the limit (info)",
                "GATEWAY-002 8 KongPlugin clinic/limits config.minute: up to 600 requests per minute, at most 100 is promised",
                "GATEWAY-003 16 KongPlugin clinic/tokens config.mandatory_scope: a token without a scope is taken; mandatory_scope and scopes are wanted",
                "GATEWAY-003 16 KongPlugin clinic/tokens config.token_expiration: a token lasts 7200 s, at most 3600 s is promised",
                "GATEWAY-003 19 KongPlugin clinic/tokens config.anonymous: who has no valid token is let in as an anonymous consumer",
                "GATEWAY-004 38 KongPlugin clinic/access config.http_endpoint: the audit log leaves the cluster in plain text",
            ],
        ),
        pytest.param(
            "platform.gateway",
            "gateway/declarative-bad.yaml",
            [
                "GATEWAY-001 0 ConfigMap kong/kong/kong.yml services[chat].routes[v1]: no limit of requests acts on it",
                "GATEWAY-002 0 ConfigMap kong/kong/kong.yml services[emotion].plugins[rate-limiting].config.hour: up to 6000 requests per hour, at most 1,000 is promised",
                "GATEWAY-003 0 ConfigMap kong/kong/kong.yml plugins[oauth2].config.token_expiration: a token lasts for ever, at most 3600 s is promised",
                "GATEWAY-004 0 ConfigMap kong/kong/kong.yml plugins[http-log].config.http_endpoint: http_endpoint is not set: the log goes nowhere",
            ],
        ),
        pytest.param(
            "platform.failover",
            "failover/bad.yaml",
            [
                "FAILOVER-001 7 Cluster clinic/records spec.backup.barmanObjectStore: a backup every 4 h alone, without point-in-time recovery: that much may be lost, the RPO is 15 min",
                "FAILOVER-001 22 postgresql clinic/clinic-billing spec.postgresql.parameters.archive_timeout: its log is archived within 30 min: that much may be lost, the RPO is 15 min",
                "FAILOVER-001 44 PostgresCluster clinic/consent spec.patroni.dynamicConfiguration.postgresql.parameters.archive_timeout: its archive lies on volumes of the same cluster and is lost with it",
                "FAILOVER-001 74 StatefulSet archive/legacy spec.template.spec.containers[postgres].args: no archive of its log, and no backup: that much may be lost, the RPO is 15 min",
                "FAILOVER-002 7 Cluster clinic/records spec.postgresql.synchronous: no standby confirms a commit: what was acknowledged is lost with the primary",
                "FAILOVER-002 8 Cluster clinic/records spec.instances: 2 copies, 3 are wanted: one to lose, one to confirm",
                "FAILOVER-002 42 PostgresCluster clinic/consent spec.patroni.dynamicConfiguration.synchronous_mode: no standby confirms a commit: what was acknowledged is lost with the primary",
                "FAILOVER-002 64 StatefulSet archive/legacy spec.replicas: 1 copy, 3 are wanted: one to lose, one to confirm",
                "FAILOVER-002 74 StatefulSet archive/legacy spec.template.spec.containers[postgres].args: no standby confirms a commit: what was acknowledged is lost with the primary",
                "FAILOVER-003 9 Cluster clinic/records spec.failoverDelay: 330 s until a lost primary is noticed and 60 s to promote another, the RTO is 5 min",
                "FAILOVER-004 95 HealthCheck edge/eu spec.healthCheckConfig.requestInterval: 10 checks every 30 s notice a loss after 5 min, addresses and promotion take 60 s more, the RTO is 5 min",
                "FAILOVER-005 105 DestinationRule clinic/chat spec.trafficPolicy.outlierDetection: it names a failover, and without outlierDetection no host counts as failed",
            ],
        ),
    ],
)
def test_what_breaks_it(
    metric: str, file: str, expected: list[str], scan: Scan, short: Short
) -> None:
    assert short(scan(metric, Path(file))) == expected
