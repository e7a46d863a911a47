"""Secrets: what counts as a value, where it may stand, and that it is never shown."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.platform.judge import TopicScan

Scan = Callable[..., TopicScan]
Short = Callable[[TopicScan], list[str]]

SECRET = """
apiVersion: v1
kind: Secret
metadata: {name: it, namespace: clinic, annotations: {ANNOTATION: vault/clinic}}
data: {password: aHVudGVyMg==}
"""


def test_a_secret_of_a_live_cluster_is_where_it_belongs(scan: Scan) -> None:
    assert scan("platform.secrets", ("k8s://clinic/Secret/it", SECRET)).units == {}
    assert len(scan("platform.secrets", SECRET).findings) == 1


def test_what_a_plugin_fills_is_no_value(scan: Scan, short: Short) -> None:
    filled = SECRET.replace("ANNOTATION", "avp.kubernetes.io/path")
    assert short(scan("platform.secrets", filled)) == []


@pytest.mark.parametrize(
    ("value", "held"),
    [
        ("'${DB_PASSWORD}'", False),
        ("'<database-password>'", False),
        ("vault:secret/data/db#password", False),
        ("''", False),
        ("'${DB_PASSWORD}and-more'", True),
        ("'$ecret'", True),
        ("changeme", True),
    ],
)
def test_placeholders_in_a_secret(value: str, held: bool, scan: Scan) -> None:
    text = SECRET.replace("data: {password: aHVudGVyMg==}", f"stringData: {{password: {value}}}")
    assert bool(scan("platform.secrets", text).findings) is held


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("DB_PASSWORD", "hunter2", True),
        ("dbPassword", "hunter2", False),  # no word of its own; a scanner of secrets looks closer
        ("API_KEY", "abcdef", True),
        ("APIKEY", "abcdef", True),
        ("AWS_SECRET_ACCESS_KEY", "abcdef", True),
        ("AWS_ACCESS_KEY_ID", "AKIA", False),
        ("TOKEN_TTL", "1h", False),
        ("PASSWORD_FILE", "/run/secret", False),
        ("DB_PASSWORD", "/run/secret", False),
        ("DB_PASSWORD", "$(FROM_ELSEWHERE)", False),
        ("DB_PASSWORD", "vault:secret/data/db#password", False),
        ("DB_PASSWORD", "<path:secret/db#password>", False),
        ("ALLOW_EMPTY_PASSWORD", "yes", False),
        ("MAX_TOKEN", "4096", False),
        ("DB_PASSWORD", "123456", True),
        ("DB_PASSWORD", "", False),
        ("CLIENT_SECRET", "hunter2", True),
        ("IMAGE_PULL_SECRET", "registry", False),  # a Secret's name
        ("DB_PASSWORD", "$ecret", True),
        ("DSN", "postgresql://chat:hunter2@db/chat", True),
        ("DSN", "postgresql://chat:$(PASSWORD)@db/chat", False),
        ("DSN", "postgresql://chat:***@db/chat", False),
        ("DSN", "postgresql://db/chat", False),
        ("URL", "https://example.org/a:b@c", False),
    ],
)
def test_what_counts_as_a_value(name: str, value: str, found: bool, scan: Scan) -> None:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "it", "namespace": "clinic"},
        "spec": {
            "containers": [{"name": "it", "image": "it:1", "env": [{"name": name, "value": value}]}]
        },
    }
    assert bool(scan("platform.secrets", json.dumps(pod)).findings) is found


VALUES = st.text(alphabet="abcdefghijkmnpqrstuvwxyzACDEFGH2345", min_size=12, max_size=24)


@given(value=VALUES)
def test_values_are_never_shown(value: str, scan: Scan) -> None:
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "it", "namespace": "clinic"},
        "stringData": {"password": value},
    }
    settings = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "it", "namespace": "clinic"},
        "data": {"API_TOKEN": value, "url": f"redis://me:{value}@host/0"},
    }
    found = scan("platform.secrets", json.dumps(secret), json.dumps(settings))
    assert len(found.findings) == 3
    assert value not in repr(found)


def maker(kind: str, spec: str, name: str = "it") -> str:
    api, _, short_kind = kind.rpartition("/")
    return f"""
apiVersion: {api}/v1
kind: {short_kind}
metadata: {{name: {name}, namespace: clinic}}
spec: {spec}
"""


@pytest.mark.parametrize(
    ("manifest", "made"),
    [
        (maker("external-secrets.io/ExternalSecret", "{target: {name: used}}"), True),
        (maker("external-secrets.io/ExternalSecret", "{}", "used"), True),
        (maker("external-secrets.io/ExternalSecret", "{target: {name: other}}", "used"), False),
        (
            maker(
                "external-secrets.io/ClusterExternalSecret", "{externalSecretName: used}"
            ).replace(", namespace: clinic", ""),
            True,
        ),
        (
            maker(
                "secrets-store.csi.x-k8s.io/SecretProviderClass",
                "{secretObjects: [{secretName: used}]}",
            ),
            True,
        ),
        (maker("secrets.hashicorp.com/VaultStaticSecret", "{destination: {name: used}}"), True),
        (maker("bitnami.com/SealedSecret", "{}", "used"), True),
        (maker("isindir.github.com/SopsSecret", "{secretTemplates: [{name: used}]}"), True),
        (maker("cert-manager.io/Certificate", "{secretName: used}"), True),
        (maker("kafka.strimzi.io/KafkaUser", "{}", "used"), True),
        (maker("postgresql.cnpg.io/Cluster", "{}", "used"), False),
        (maker("external-secrets.io/ExternalSecret", "{}", "used").replace("clinic", "x"), False),
    ],
)
def test_what_makes_a_secret(manifest: str, made: bool, scan: Scan) -> None:
    pod = """
apiVersion: v1
kind: Pod
metadata: {name: it, namespace: clinic}
spec:
  containers: [{name: it, image: "it:1", envFrom: [{secretRef: {name: used}}]}]
"""
    rules = {each.flaw.rule for each in scan("platform.secrets", pod, manifest).findings}
    assert ("CG-PLAT-SECRET-003" in rules) is not made


def test_every_reference_to_a_secret_is_seen(scan: Scan) -> None:
    pod = """
apiVersion: v1
kind: Pod
metadata: {name: it, namespace: clinic}
spec:
  imagePullSecrets: [{name: a}]
  volumes:
    - {name: v, secret: {secretName: b}}
    - {name: p, projected: {sources: [{secret: {name: c}}, {configMap: {name: x}}]}}
  initContainers: [{name: i, image: "i:1", env: [{name: K, valueFrom: {secretKeyRef: {name: d}}}]}]
  containers: [{name: m, image: "m:1", envFrom: [{secretRef: {name: e}}, {prefix: y}]}]
"""
    found = scan("platform.secrets", pod)
    assert sorted(
        each.message.partition("Secret ")[2].partition(":")[0] for each in found.findings
    ) == list("abcde")
