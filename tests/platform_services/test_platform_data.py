"""Volumes, backups and certificates: what is legitimate, and what cannot be judged."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from clinigate.platform.judge import TopicScan

# Messages stand as they are, so that they can be searched for.
# ruff: noqa: E501
Scan = Callable[..., TopicScan]
Short = Callable[[TopicScan], list[str]]


def storage_class(provisioner: str, parameters: str = "{}") -> str:
    return f"""
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {{name: it}}
provisioner: {provisioner}
parameters: {parameters}
"""


def claim(spec: str) -> str:
    return f"""
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {{name: data, namespace: clinic}}
spec: {spec}
"""


@pytest.mark.parametrize(
    ("manifests", "reason"),
    [
        (
            [storage_class("rancher.io/local-path")],
            "StorageClass it: nothing is known of the provisioner rancher.io/local-path",
        ),
        (
            [claim("{storageClassName: elsewhere}")],
            (
                "0.yaml:5 (PersistentVolumeClaim clinic/data spec.storageClassName): class elsewhere "
                "is not among the manifests"
            ),
        ),
        (
            [claim('{storageClassName: "", volumeName: by-hand}')],
            (
                "0.yaml:5 (PersistentVolumeClaim clinic/data spec.storageClassName): it takes a volume "
                "that somebody made by hand"
            ),
        ),
        (
            [claim("{}"), storage_class("ebs.csi.aws.com", '{encrypted: "true"}')],
            (
                "0.yaml:5 (PersistentVolumeClaim clinic/data spec.storageClassName): no class is "
                "named, and no default is among the manifests"
            ),
        ),
    ],
)
def test_volumes_of_which_nothing_is_known_forbid_a_pass(
    manifests: list[str], reason: str, scan: Scan
) -> None:
    found = scan("platform.storage_encryption", *manifests)
    assert [each.reason for each in found.excluded] == [reason]
    assert found.findings == []


@pytest.mark.parametrize(
    "manifest",
    [
        storage_class("rook-ceph.rbd.csi.ceph.com", '{encrypted: "true"}'),
        storage_class("driver.longhorn.io", '{encrypted: "true"}'),
        storage_class("pxd.portworx.com", '{secure: "true"}'),
        storage_class("disk.csi.azure.com", "{diskEncryptionSetID: /set}"),
    ],
)
def test_other_drivers_that_encrypt(manifest: str, scan: Scan, short: Short) -> None:
    found = scan("platform.storage_encryption", manifest)
    assert (short(found), found.excluded) == ([], [])


PLAIN = storage_class("ebs.csi.aws.com")


@pytest.mark.parametrize(
    ("kind", "spec", "field"),
    [
        ("postgresql.cnpg.io/v1, Cluster", "{storage: {storageClass: it}}", "storage.storageClass"),
        (
            "postgresql.cnpg.io/v1, Cluster",
            "{storage: {pvcTemplate: {storageClassName: it}}}",
            "storage.pvcTemplate.storageClassName",
        ),
        ("acid.zalan.do/v1, postgresql", "{volume: {storageClass: it}}", "volume.storageClass"),
        (
            "postgres-operator.crunchydata.com/v1beta1, PostgresCluster",
            "{instances: [{name: a, dataVolumeClaimSpec: {storageClassName: it}}]}",
            "instances[a].dataVolumeClaimSpec.storageClassName",
        ),
        (
            "kafka.strimzi.io/v1, KafkaNodePool",
            "{storage: {type: jbod, volumes: [{id: 0, type: persistent-claim, class: it}]}}",
            "storage.volumes[0].class",
        ),
        (
            "kafka.strimzi.io/v1beta2, Kafka",
            "{kafka: {storage: {type: persistent-claim, class: it}}}",
            "kafka.storage.class",
        ),
    ],
)
def test_claims_that_operators_make(
    kind: str, spec: str, field: str, scan: Scan, short: Short
) -> None:
    api, name = kind.split(", ")
    manifest = f"""
apiVersion: {api}
kind: {name}
metadata: {{name: it, namespace: clinic}}
spec: {spec}
"""
    found = short(scan("platform.storage_encryption", PLAIN, manifest))
    assert found[1:] == [
        f"STORAGE-003 5 {name} clinic/it spec.{field}: the claim's class it makes plain volumes"
    ]


def schedule(name: str, cron: str, template: str, more: str = "") -> str:
    return f"""
apiVersion: velero.io/v1
kind: Schedule
metadata: {{name: {name}, namespace: velero}}
spec: {{schedule: "{cron}", template: {template}{more}}}
"""


PLACE = """
apiVersion: velero.io/v1
kind: BackupStorageLocation
metadata: {name: default, namespace: velero}
spec: {provider: aws, objectStorage: {bucket: b}}
"""
UNCOVERED = (
    "BACKUP-002 2 PersistentVolumeClaim clinic/data: no Schedule backs up the volumes of "
    "namespace clinic"
)


@pytest.mark.parametrize(
    ("manifests", "expected"),
    [
        pytest.param([schedule("a", "@every 4h", "{}")], [], id="defaults: all, 720 h"),
        pytest.param(
            [schedule("a", "0 */4 * * *", "{}"), schedule("b", "0 3 1 * *", "{ttl: 87600h}")],
            [],
            id="an archive beside",
        ),
        pytest.param(
            [
                schedule("a", "0 */4 * * *", "{includedNamespaces: [clinic]}"),
                schedule("b", "0 3 * * *", "{}"),
            ],
            [
                (
                    "BACKUP-001 5 Schedule velero/b spec.schedule: up to 24 h between two runs, at "
                    "most 4 h is promised"
                )
            ],
            id="the frequent one covers less than the other",
        ),
        pytest.param(
            [schedule("a", "0 */4 * * 1-5", "{}")],
            [
                (
                    "BACKUP-001 5 Schedule velero/a spec.schedule: up to 52 h between two runs, at "
                    "most 4 h is promised"
                )
            ],
            id="nothing at weekends",
        ),
        pytest.param(
            [schedule("a", "0 0 31 2 *", "{}")],
            [
                (
                    "BACKUP-001 5 Schedule velero/a spec.schedule: it never runs, at most 4 h is "
                    "promised"
                )
            ],
            id="never",
        ),
        pytest.param(
            [schedule("a", "0 */4 * * *", "{excludedNamespaces: [cli*]}"), claim("{}")],
            [UNCOVERED],
            id="excluded by a pattern",
        ),
        pytest.param(
            [schedule("a", "0 */4 * * *", "{labelSelector: {matchLabels: {b: c}}}"), claim("{}")],
            [UNCOVERED],
            id="what carries a label only",
        ),
        pytest.param(
            [
                schedule("a", "0 */4 * * *", "{orLabelSelectors: [{matchLabels: {b: c}}]}"),
                claim("{}").replace("clinic}", "clinic, labels: {b: c}}"),
            ],
            [],
            id="and it carries the label",
        ),
        pytest.param(
            [schedule("a", "0 */4 * * *", "{snapshotVolumes: false}"), claim("{}")],
            [UNCOVERED],
            id="manifests without their data",
        ),
        pytest.param(
            [
                schedule(
                    "a",
                    "0 */4 * * *",
                    "{snapshotVolumes: false, defaultVolumesToFsBackup: true}",
                ),
                claim("{}"),
            ],
            [],
            id="data by files",
        ),
        pytest.param([claim("{}")], [], id="no Velero: nothing is asked"),
        pytest.param(
            [
                schedule("a", "0 */4 * * *", "{includedNamespaces: [other]}"),
                """
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: records, namespace: clinic}
spec: {backup: {barmanObjectStore: {destinationPath: "s3://wal"}}}
""",
                claim("{}").replace("clinic}", "clinic, labels: {cnpg.io/cluster: records}}"),
            ],
            [],
            id="a database with an archive of its own",
        ),
    ],
)
def test_backups(manifests: list[str], expected: list[str], scan: Scan, short: Short) -> None:
    assert short(scan("platform.backup", *manifests, PLACE)) == expected


@pytest.mark.parametrize(
    ("manifest", "reason"),
    [
        (
            schedule("a", "0 */4 * *", "{}"),
            (
                "0.yaml:5 (Schedule velero/a spec.schedule): schedule '0 */4 * *': 4 fields, five are "
                "due"
            ),
        ),
        (
            schedule("a", "@daily", "{ttl: 30d}"),
            (
                "0.yaml:5 (Schedule velero/a spec.template.ttl): duration '30d': Go does not read it; "
                "give a number with h, m or s, as 720h"
            ),
        ),
    ],
)
def test_a_schedule_that_velero_refuses_forbids_a_pass(
    manifest: str, reason: str, scan: Scan
) -> None:
    assert [each.reason for each in scan("platform.backup", manifest, PLACE).excluded] == [reason]


def certificate(spec: str) -> str:
    return f"""
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {{name: api, namespace: clinic}}
spec: {{secretName: api, {spec}}}
"""


def test_an_issuer_from_elsewhere_forbids_a_pass(scan: Scan) -> None:
    found = scan("platform.certificates", certificate("issuerRef: {name: corporate}"))
    assert [each.reason for each in found.excluded] == [
        (
            "0.yaml:5 (Certificate clinic/api spec.issuerRef.name): Issuer corporate is not among the "
            "manifests"
        )
    ]


def test_an_issuer_is_looked_for_in_the_certificate_s_namespace(scan: Scan) -> None:
    issuer = """
apiVersion: cert-manager.io/v1
kind: Issuer
metadata: {name: corporate, namespace: other}
spec: {ca: {secretName: ca}}
"""
    assert scan(
        "platform.certificates", certificate("issuerRef: {name: corporate}"), issuer
    ).excluded


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("duration: 24h, renewBefore: 8h", []),
        (
            "renewBefore: 2161h",
            [
                (
                    "CERT-001 5 Certificate clinic/api spec.renewBefore: renewBefore is 2161 h, the "
                    "certificate lasts 90 d: it would be renewed without end, and cert-manager "
                    "refuses it"
                )
            ],
        ),
        (
            "renewBeforePercentage: 100",
            [
                (
                    "CERT-001 5 Certificate clinic/api spec.renewBeforePercentage: "
                    "renewBeforePercentage is 100, it must lie between 1 and 99"
                )
            ],
        ),
        (
            "privateKey: {algorithm: ECDSA, size: 160}",
            [
                (
                    "CERT-002 5 Certificate clinic/api spec.privateKey.size: the ECDSA key has 160 "
                    "bits, at least 256 are wanted"
                )
            ],
        ),
    ],
)
def test_certificates(spec: str, expected: list[str], scan: Scan, short: Short) -> None:
    outside = "issuerRef: {group: awspca.cert-manager.io, name: a}"
    assert short(scan("platform.certificates", certificate(f"{outside}, {spec}"))) == expected
