"""Volumes are encrypted: StorageClasses say so, and claims use such a class.

Known are the CSI drivers whose classes state encryption. Of a driver that is not known (a local
path, NFS, a vendor's own) nothing is said: its class counts as not looked at, which forbids a pass.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from clinigate.core.flaw import FlawSeverity
from clinigate.platform.resource import Field, Resource
from clinigate.platform.rule import Judged, breaks, each, keeps, topic
from clinigate.platform.rules.services import UnjudgeableError, is_true

if TYPE_CHECKING:
    from clinigate.platform.manifests import Manifests

__all__ = ["claims_are_encrypted", "classes_are_encrypted", "keys_are_own"]

STORAGE = topic(
    "platform.storage_encryption",
    title="Volumes are encrypted at rest",
    controls=("164.312(a)(2)(iv)", "164.310(d)(2)(iv)", "CC6.1"),
)
_CLASS = "storage.k8s.io/StorageClass"
#: Drivers whose volumes are plain unless the class says otherwise, with the parameter that does.
_BY_PARAMETER = {
    "ebs.csi.aws.com": "encrypted",
    "kubernetes.io/aws-ebs": "encrypted",
    "driver.longhorn.io": "encrypted",
    "pxd.portworx.com": "secure",
    "kubernetes.io/portworx-volume": "secure",
}
_CEPH = (".rbd.csi.ceph.com", ".cephfs.csi.ceph.com", "rbd.csi.ceph.com", "cephfs.csi.ceph.com")
#: Drivers whose volumes the cloud always encrypts, with the parameter that names one's own key.
_ALWAYS = {
    "pd.csi.storage.gke.io": "disk-encryption-kms-key",
    "kubernetes.io/gce-pd": "disk-encryption-kms-key",
    "disk.csi.azure.com": "diskEncryptionSetID",
    "kubernetes.io/azure-disk": "diskEncryptionSetID",
}
#: What makes claims of its own, each in a field of its own.
_OPERATORS = (
    "postgresql.cnpg.io/Cluster",
    "postgresql.k8s.enterprisedb.io/Cluster",
    "acid.zalan.do/postgresql",
    "postgres-operator.crunchydata.com/PostgresCluster",
    "kafka.strimzi.io/Kafka",
    "kafka.strimzi.io/KafkaNodePool",
)
_DEFAULT_CLASS = (
    "storageclass.kubernetes.io/is-default-class",
    "storageclass.beta.kubernetes.io/is-default-class",
)


@each("CG-PLAT-STORAGE-001", STORAGE, kinds=(_CLASS,), severity=FlawSeverity.HIGH)
def classes_are_encrypted(resource: Resource, _: Manifests) -> Iterator[Judged]:
    """Every StorageClass makes encrypted volumes.

    A cloud account may encrypt EBS by default; a manifest does not show that, so that an EBS class
    without `encrypted` counts as plain.
    """
    parameter = _switch(resource)
    if parameter is not None and not _is_encrypted(resource):
        field = resource["parameters"][parameter]
        found = "is not set" if field.value is None else f"is {field.value!r}"
        message = f'{parameter} {found}, "true" is wanted: volumes of {resource.name} are plain'
        yield breaks(field, message, f'set parameters.{parameter}: "true" (in quotes) and a key')
    yield keeps(resource)


@each("CG-PLAT-STORAGE-002", STORAGE, kinds=(_CLASS,), severity=FlawSeverity.INFO)
def keys_are_own(resource: Resource, _: Manifests) -> Iterator[Judged]:
    """Where the cloud always encrypts (GCE, Azure), the key is one's own, not the provider's.

    For information: such a volume is encrypted, and whose key it is must be decided by whoever
    knows the risk.
    """
    parameter = _ALWAYS.get(_provisioner(resource))
    if parameter is None:
        return
    field = resource["parameters"][parameter]
    if not field.text:
        message = f"{parameter} is not set: the cloud encrypts with a key that is not yours"
        yield breaks(field, message, f"name your key in parameters.{parameter}")
    yield keeps(resource)


@each(
    "CG-PLAT-STORAGE-003",
    STORAGE,
    kinds=("PersistentVolumeClaim", "apps/StatefulSet", *_OPERATORS),
    also=(_CLASS, "PersistentVolume"),
    severity=FlawSeverity.HIGH,
)
def claims_are_encrypted(resource: Resource, manifests: Manifests) -> Iterator[Judged]:
    """Every claim uses a class of the manifests that is encrypted, an operator's claims too.

    A claim whose class is not among the manifests, or that takes whatever is the default there,
    counts as not looked at: scan the cluster, or the classes with it.
    """
    claims = tuple(_claims(resource))
    for field in claims:
        used = _class_of(field, manifests)
        if not _is_encrypted(used):
            message = f"the claim's class {used.name} makes plain volumes"
            yield breaks(field, message, "use a class whose volumes are encrypted")
    if claims:
        yield keeps(resource)


def _claims(resource: Resource) -> Iterator[Field]:
    """Where a resource names the class of each claim."""
    spec = resource["spec"]
    match resource.kind:
        case "PersistentVolumeClaim":
            yield spec["storageClassName"]
        case "StatefulSet":
            yield from (each["spec"]["storageClassName"] for each in spec["volumeClaimTemplates"])
        case "Cluster":
            volumes = [spec["storage"], *(v for v in (spec["walStorage"],) if v.exists)]
            for volume in volumes:
                template = volume["pvcTemplate"]["storageClassName"]
                yield template if template.exists else volume["storageClass"]
        case "postgresql":
            yield spec["volume"]["storageClass"]
        case "PostgresCluster":
            for instance in spec["instances"]:
                yield instance["dataVolumeClaimSpec"]["storageClassName"]
        case _:
            yield from _kafka_claims(resource)


def _kafka_claims(resource: Resource) -> Iterator[Field]:
    spec = resource["spec"]
    storage = spec["storage"] if resource.kind == "KafkaNodePool" else spec["kafka"]["storage"]
    for volume in (storage, *storage["volumes"]):
        if volume["type"].text == "persistent-claim":
            yield volume["class"]


def _class_of(field: Field, manifests: Manifests) -> Resource:
    name = field.text
    by_hand = name == "" or (
        name is None
        and field.resource.kind == "PersistentVolumeClaim"
        and field.resource["spec"]["volumeName"].exists
    )
    if name:
        found = manifests.find(_CLASS, "", name)
        if found is None:
            raise UnjudgeableError(f"{field.place}: class {name} is not among the manifests")
        return found
    if by_hand:
        raise UnjudgeableError(f"{field.place}: it takes a volume that somebody made by hand")
    for each_class in manifests.of(_CLASS):
        if any(each_class.annotations.get(key) == "true" for key in _DEFAULT_CLASS):
            return each_class
    raise UnjudgeableError(
        f"{field.place}: no class is named, and no default is among the manifests"
    )


def _provisioner(resource: Resource) -> str:
    return resource["provisioner"].text or ""


def _switch(resource: Resource) -> str | None:
    """The parameter that switches encryption on; None where it always is on.

    Raises:
        UnjudgeableError: a driver of which nothing is known.
    """
    driver = _provisioner(resource)
    if driver in _ALWAYS:
        return None
    if driver in _BY_PARAMETER:
        return _BY_PARAMETER[driver]
    if driver.endswith(_CEPH):
        return "encrypted"
    raise UnjudgeableError(f"{resource.label}: nothing is known of the provisioner {driver}")


def _is_encrypted(resource: Resource) -> bool:
    switch = _switch(resource)
    return switch is None or is_true(resource["parameters"][switch])
