"""Secrets live in Vault or another store, not in manifests.

Seen are Secret manifests with values, and values that stand in the environment of a container or in
a ConfigMap under a name that says what they are. Values are never shown; whether a store is well
kept, and what files within a ConfigMap hold, is not seen (a scanner of secrets looks there).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from clinigate.core.flaw import FlawSeverity
from clinigate.platform.resource import Field, Resource
from clinigate.platform.rule import Judged, breaks, each, keeps, topic
from clinigate.platform.workloads import ALL_WORKLOADS, workload_of

if TYPE_CHECKING:
    from clinigate.platform.manifests import Manifests

__all__ = ["no_values_in_plain_sight", "secrets_are_made_by_a_store", "secrets_hold_no_values"]

SECRETS = topic(
    "platform.secrets",
    title="No secret's value stands in a manifest",
    controls=("164.312(a)(2)(iv)", "164.312(d)", "CC6.1"),
)
_FROM_STORE = (
    "keep the value in Vault and let an ExternalSecret, the CSI driver or the agent bring it"
)
#: What is public in a Secret: certificates of authorities.
_PUBLIC_KEYS = frozenset({"ca.crt", "ca.pem", "ca-bundle.crt", "service-ca.crt"})
_SECRET_NAME = re.compile(
    r"(^|[_.-])(PASSWORD|PASSWD|PASSPHRASE|PWD|SECRET_?KEY|SECRET_?ACCESS_?KEY|API_?KEY"
    r"|PRIVATE_?KEY|ENCRYPTION_?KEY|SIGNING_?KEY|TOKEN|CREDENTIALS?)$"
    # `…_SECRET` alone is often the name of a Secret, as in IMAGE_PULL_SECRET.
    r"|(^|_)(API|APP|AUTH|CLIENT|CONSUMER|COOKIE|HMAC|JWT|OAUTH2?|SESSION|SHARED|SIGNING)_?SECRET$"
    r"|^SECRET$",
    re.IGNORECASE,
)
_IN_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://[^\s:/@]*:(?P<word>[^\s@/]+)@", re.IGNORECASE)
#: A reference to where the value is, no value: a file, a variable, a store's path, a template.
_REFERENCE = re.compile(
    r"/|\$[({]|vault:|ref\+|<[^<>]*>$|\{\{|\{vault|file:|https?://|(arn|projects)[:/]",
    re.IGNORECASE,
)
#: A placeholder in a Secret that whoever applies it fills: Flux, envsubst, a plugin of Argo CD.
_PLACEHOLDER = re.compile(r"\$\{[^{}]*\}|\$\([^()]*\)|<[^<>]*>|\{\{.*\}\}|vault:\S*|ref\+\S*")
#: How many tokens a model may take, as `MAX_TOKEN=4096`: no key.
_LIMIT = re.compile(r".*TOKEN=[0-9]{1,7}", re.IGNORECASE)
_NO_VALUE = frozenset({"", "true", "false", "yes", "no", "on", "off", "none", "null"})
_MAKERS = (
    "external-secrets.io/ExternalSecret",
    "external-secrets.io/ClusterExternalSecret",
    "secrets-store.csi.x-k8s.io/SecretProviderClass",
    "secrets.hashicorp.com/VaultStaticSecret",
    "secrets.hashicorp.com/VaultDynamicSecret",
    "secrets.hashicorp.com/VaultPKISecret",
    "bitnami.com/SealedSecret",
    "isindir.github.com/SopsSecret",
    "cert-manager.io/Certificate",
    "kafka.strimzi.io/KafkaUser",
    "kafka.strimzi.io/Kafka",
    "postgresql.cnpg.io/Cluster",
    "Secret",
)
_OF_OPERATORS = {
    "Kafka": ("-cluster-ca-cert", "-clients-ca-cert"),
    "Cluster": ("-app", "-superuser", "-ca", "-server", "-replication"),
}
#: Ends the names of the Secrets that Zalando's operator makes.
_ZALANDO = ".credentials.postgresql.acid.zalan.do"


@each("CG-PLAT-SECRET-001", SECRETS, kinds=("Secret",), severity=FlawSeverity.HIGH)
def secrets_hold_no_values(resource: Resource, _: Manifests) -> Iterator[Judged]:
    """No Secret manifest holds a value: base64 hides nothing.

    Not meant are Secrets that SOPS encrypted, placeholders that whoever applies it fills from a
    store, certificates of authorities, and what a live cluster holds: there a value belongs.
    """
    if _is_live(resource):
        return
    filled_later = "avp.kubernetes.io/path" in resource.annotations
    if not (resource["sops"].exists or filled_later):
        held = [
            (part, key)
            for part in ("data", "stringData")
            for key, value in resource[part].entries
            if key not in _PUBLIC_KEYS and _is_held(value.value)
        ]
        if held:
            names = ", ".join(sorted({key for _part, key in held}))
            message = f"the manifest holds values ({names}), base64 hides nothing"
            yield breaks(resource[held[0][0]], message, _FROM_STORE)
    yield keeps(resource)


def _is_held(value: object) -> bool:
    if isinstance(value, str):
        return bool(value.strip()) and not _PLACEHOLDER.fullmatch(value.strip())
    return value is not None


@each("CG-PLAT-SECRET-002", SECRETS, kinds=("ConfigMap", *ALL_WORKLOADS),
      severity=FlawSeverity.HIGH)  # fmt: skip
def no_values_in_plain_sight(resource: Resource, _: Manifests) -> Iterator[Judged]:
    """No password, token or key stands in a container's environment or in a ConfigMap.

    Told by its name (`…_PASSWORD`, `…_TOKEN`) or by an address with a password in it. References to
    a file, a variable or a store's path are no values.
    """
    if resource.kind == "ConfigMap":
        for key, value in resource["data"].entries:
            yield from _plain_value(key, value)
    else:
        workload = workload_of(resource)
        if workload is None:
            return
        for container in workload.all_containers:
            for entry in container["env"]:
                yield from _plain_value(entry["name"].text or "", entry["value"])
    yield keeps(resource)


def _plain_value(name: str, field: Field) -> Iterator[Judged]:
    value = field.value
    if not isinstance(value, str) or "\n" in value:
        return
    value = value.strip()
    if _SECRET_NAME.search(name) and _is_value(value) and not _LIMIT.fullmatch(f"{name}={value}"):
        yield breaks(field, f"{name} is set to a value in the manifest", _FROM_STORE)
        return
    address = _IN_ADDRESS.search(value)
    if address is not None and _is_value(address["word"]) and set(address["word"]) - {"*", "x"}:
        message = f"{name} is an address with a password in it"
        yield breaks(field, message, _FROM_STORE)


def _is_value(text: str) -> bool:
    return not (text.lower() in _NO_VALUE or _REFERENCE.match(text))


@each(
    "CG-PLAT-SECRET-003",
    SECRETS,
    kinds=ALL_WORKLOADS,
    also=_MAKERS,
    severity=FlawSeverity.INFO,
)
def secrets_are_made_by_a_store(resource: Resource, manifests: Manifests) -> Iterator[Judged]:
    """Every Secret that a workload uses is made by a store's operator of these manifests.

    For information: one that nothing here makes may have been made by hand, or elsewhere; it is
    named so that somebody looks.
    """
    workload = workload_of(resource)
    if workload is None or _is_live(resource):
        return
    makes = partial(_makes, namespace=resource.namespace)
    for field in _used_secrets(workload.pod):
        name = field.text or ""
        if name.endswith(_ZALANDO) or any(makes(m, name) for m in manifests.of(*_MAKERS)):
            continue
        message = f"no manifest makes Secret {name}: it may have been made by hand"
        yield breaks(field, message, "bring it by an ExternalSecret, or show what makes it")
    yield keeps(resource)


def _used_secrets(pod: Field) -> Iterator[Field]:
    """Names of the Secrets without which the pod does not start."""
    refs = [each["secret"] for each in pod["volumes"]]
    fields = [(ref, ref["secretName"]) for ref in refs]
    for volume in pod["volumes"]:
        fields += [(s["secret"], s["secret"]["name"]) for s in volume["projected"]["sources"]]
    for container in (*pod["initContainers"], *pod["containers"]):
        fields += [(e["secretRef"], e["secretRef"]["name"]) for e in container["envFrom"]]
        for entry in container["env"]:
            ref = entry["valueFrom"]["secretKeyRef"]
            fields.append((ref, ref["name"]))
    fields += [(each, each["name"]) for each in pod["imagePullSecrets"]]
    for owner, name in fields:
        if name.text and not owner["optional"].flag:
            yield name


def _makes(maker: Resource, name: str, *, namespace: str) -> bool:
    if maker.kind == "ClusterExternalSecret":
        external = maker["spec"]["externalSecretSpec"]["target"]["name"].text
        return name in (external, maker["spec"]["externalSecretName"].text, maker.name)
    return maker.namespace == namespace and name in _made_by(maker)


def _made_by(maker: Resource) -> Iterator[str | None]:
    spec = maker["spec"]
    match maker.kind:
        case "ExternalSecret":
            yield spec["target"]["name"].text or maker.name
        case "SecretProviderClass":
            yield from (each["secretName"].text for each in spec["secretObjects"])
        case "VaultStaticSecret" | "VaultDynamicSecret" | "VaultPKISecret":
            yield spec["destination"]["name"].text
        case "SealedSecret":
            yield spec["template"]["metadata"]["name"].text or maker.name
        case "SopsSecret":
            yield from (each["name"].text for each in spec["secretTemplates"])
        case "Certificate":
            yield spec["secretName"].text
        case "Kafka" | "Cluster":
            yield from (maker.name + end for end in _OF_OPERATORS[maker.kind])
        case _:
            yield maker.name


def _is_live(resource: Resource) -> bool:
    return resource.uri.startswith("k8s://")
