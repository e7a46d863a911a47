"""A live cluster is read, only read, and compared with what its files state."""

from __future__ import annotations

import copy
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes.client.exceptions import ApiException

from clinigate.chaos.localkube import LocalKube, running_localkube
from clinigate.config.loader import LoadedConfig, load_config
from clinigate.core.observation import Gap
from clinigate.errors import UsageError
from clinigate.platform.cluster import Access, Api, Refused
from clinigate.platform.live import read_cluster
from clinigate.platform.outcome import PlatformScan
from clinigate.platform.scan import Request, scan_platform

TODAY = date(2026, 11, 22)
#: Rules of the same topic that were not asked for.
OTHERS = ["CG-PLAT-PDB-001", "CG-PLAT-PDB-002"]
PATHS = {
    "Namespace": "/api/v1/namespaces",
    "ConfigMap": "/api/v1/namespaces/clinic/configmaps",
    "Secret": "/api/v1/namespaces/clinic/secrets",
    "Deployment": "/apis/apps/v1/namespaces/clinic/deployments",
    "NetworkPolicy": "/apis/networking.k8s.io/v1/namespaces/clinic/networkpolicies",
    "PodDisruptionBudget": "/apis/policy/v1/namespaces/clinic/poddisruptionbudgets",
}
STATED = """\
apiVersion: v1
kind: Namespace
metadata: {name: clinic, labels: {pod-security.kubernetes.io/enforce: restricted}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: chat, namespace: clinic}
spec:
  replicas: 0
  selector: {matchLabels: {app: chat}}
  template:
    metadata: {labels: {app: chat}}
    spec:
      containers:
        - name: api
          image: registry.example/chat:1.4
          resources:
            requests: {cpu: 1000m}
          env:
            - {name: MODE, value: safe}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: clinic}
spec: {podSelector: {}, policyTypes: [Ingress, Egress]}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: chat, namespace: clinic}
spec: {maxUnavailable: 1, selector: {matchLabels: {app: chat}}}
---
apiVersion: v1
kind: Secret
metadata: {name: key, namespace: clinic}
stringData: {password: hunter2}
"""


@pytest.fixture(scope="module")
def kube() -> Iterator[LocalKube]:
    with running_localkube(second_s=0.1) as running:
        yield running


def send(kube: LocalKube, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """What an administrator does by hand; the scan itself can only read."""
    client = Access(str(kube.kubeconfig)).connect()._client
    headers = {"Content-Type": "application/merge-patch+json" if method == "PATCH" else
               "application/json"}  # fmt: skip
    for each in client.configuration.auth_settings().values():
        headers[each["key"]] = each["value"]
    host = client.configuration.host
    return client.rest_client.request(method, host + path, headers=headers, body=body)


@pytest.fixture
def applied(kube: LocalKube) -> Iterator[LocalKube]:
    for document in yaml.safe_load_all(STATED):
        send(kube, "POST", PATHS[document["kind"]], document)
    yield kube
    for kind, path in reversed(PATHS.items()):
        if kind != "Namespace":
            for name in ("chat", "deny", "key", "stranger"):
                _delete(kube, f"{path}/{name}")
    _delete(kube, f"{PATHS['Namespace']}/clinic")


def _delete(kube: LocalKube, path: str) -> None:
    with suppress(ApiException):  # what a test deleted itself
        send(kube, "DELETE", path)


@pytest.fixture
def config(tmp_path: Path) -> LoadedConfig:
    (tmp_path / "clinigate.toml").write_text("")
    (tmp_path / "stated.yaml").write_text(STATED)
    return load_config(tmp_path / "clinigate.toml")


def scanned(config: LoadedConfig, kube: LocalKube, *paths: str, **given: Any) -> PlatformScan:
    request = Request(paths=paths, live=True, kubeconfig=str(kube.kubeconfig), **given)
    return scan_platform(config, request, today=TODAY)


def drifted(scan: PlatformScan) -> set[tuple[str, int | None, str]]:
    (topic,) = [each for each in scan.topics if each.topic.metric == "platform.drift"]
    return {(each.flaw.rule, each.flaw.place.line, each.message) for each in topic.findings}


def test_what_was_applied_has_not_drifted(applied: LocalKube, config: LoadedConfig) -> None:
    scan = scanned(config, applied, "stated.yaml")
    assert drifted(scan) == set()
    assert not scan.unread
    (topic,) = [each for each in scan.topics if each.topic.metric == "platform.drift"]
    assert set(topic.units) == {
        "Namespace clinic", "Deployment clinic/chat", "NetworkPolicy clinic/deny",
        "PodDisruptionBudget clinic/chat",
    }  # fmt: skip


def test_what_somebody_changed_by_hand_is_named_with_its_line(
    applied: LocalKube, config: LoadedConfig
) -> None:
    container = {"name": "api", "image": "registry.example/chat:1.5", "env": []}
    changed = {"spec": {"template": {"spec": {"containers": [container]}}}}
    send(applied, "PATCH", f"{PATHS['Deployment']}/chat", changed)
    send(applied, "DELETE", f"{PATHS['PodDisruptionBudget']}/chat")
    stranger = copy.deepcopy(list(yaml.safe_load_all(STATED))[1])
    stranger["metadata"]["name"] = "stranger"
    send(applied, "POST", PATHS["Deployment"], stranger)
    scan = scanned(config, applied, "stated.yaml", rules=("platform.drift",))
    image = "Deployment clinic/chat: spec.template.spec.containers[api]"
    assert drifted(scan) == {
        ("CG-PLAT-DRIFT-001", 16, f"{image}.image is another than is stated"),
        ("CG-PLAT-DRIFT-001", 17, f"{image}.resources is stated, and is not there"),
        ("CG-PLAT-DRIFT-001", 20, f"{image}.env[MODE] is stated, and is not there"),
        ("CG-PLAT-DRIFT-002", 27, "PodDisruptionBudget clinic/chat: it does not run"),
        (
            "CG-PLAT-DRIFT-003",
            None,
            "Deployment clinic/stranger: it runs, and no file that was read states it",
        ),
    }


def test_what_the_cluster_does_not_even_serve_does_not_run(
    applied: LocalKube, config: LoadedConfig
) -> None:
    (config.base_dir / "kafka.yaml").write_text(
        "apiVersion: kafka.strimzi.io/v1\nkind: Kafka\nmetadata: {name: k, namespace: clinic}\n"
    )
    scan = scanned(config, applied, "kafka.yaml", rules=("platform.drift",))
    assert ("CG-PLAT-DRIFT-002", 1, "Kafka clinic/k: it does not run") in drifted(scan)


def test_what_may_not_be_read_is_unread_and_no_drift(
    applied: LocalKube, config: LoadedConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Api.get

    def refusing(self: Api, path: str, **query: str) -> dict[str, Any]:
        if "networkpolicies" in path or path == "/apis/policy/v1":
            raise Refused("this account may not read it", 403)
        return real(self, path, **query)

    monkeypatch.setattr(Api, "get", refusing)
    scan = scanned(config, applied, "stated.yaml")
    assert {each.unit for each in scan.unread} == {
        "networking.k8s.io/NetworkPolicy of the live cluster", "policy of the live cluster",
    }  # fmt: skip
    assert drifted(scan) == set()


def test_the_cluster_is_judged_by_the_same_rules_and_a_flaw_counts_once(
    applied: LocalKube, config: LoadedConfig
) -> None:
    rule = "CG-PLAT-IMAGE-002"
    (live,) = scanned(config, applied, rules=(rule,)).findings
    assert live.flaw.place.uri == "k8s://clinic/Deployment/chat"
    (both,) = scanned(config, applied, "stated.yaml", rules=(rule,)).findings
    assert both.flaw.place.uri == "stated.yaml"


def test_what_a_file_leaves_open_and_the_cluster_shows_was_judged(
    applied: LocalKube, config: LoadedConfig
) -> None:
    """A number that is filled in on the way, for one that runs and for one that does not."""
    rule = "CG-PLAT-REPLICAS-001"
    open_ones = STATED.replace("replicas: 0", "replicas: ${REPLICAS}")
    (config.base_dir / "stated.yaml").write_text(open_ones)
    file_alone = scan_platform(
        config, Request(paths=("stated.yaml",), rules=(rule,)), today=TODAY
    ).topics[0]
    assert [each.unit for each in file_alone.excluded] == ["Deployment clinic/chat", *OTHERS]
    both = scanned(config, applied, "stated.yaml", rules=(rule,)).topics[0]
    assert [each.unit for each in both.excluded] == OTHERS
    assert both.units == {"Deployment clinic/chat": True}
    (config.base_dir / "stated.yaml").write_text(open_ones.replace("name: chat", "name: other"))
    other = scanned(config, applied, "stated.yaml", rules=(rule,)).topics[0]
    assert [each.unit for each in other.excluded] == ["Deployment clinic/other", *OTHERS]


def test_an_image_that_is_filled_in_later_is_judged_where_it_runs(
    applied: LocalKube, config: LoadedConfig
) -> None:
    """By the file alone `chat:${TAG}` may be anything, `latest` too."""
    open_ones = STATED.replace("chat:1.4", "chat:${TAG}")
    (config.base_dir / "stated.yaml").write_text(open_ones)
    given = Request(paths=("stated.yaml",), rules=("platform.images",))
    alone = scan_platform(config, given, today=TODAY).topics[0]
    assert [each.unit for each in alone.excluded] == ["Deployment clinic/chat"]
    assert "a variable that somebody fills in later" in alone.excluded[0].reason
    both = scanned(config, applied, "stated.yaml", rules=("platform.images",)).topics[0]
    assert both.excluded == []
    assert both.units == {"Deployment clinic/chat container api": True}


def test_a_rule_over_all_is_settled_by_a_cluster_that_has_all(
    applied: LocalKube, config: LoadedConfig
) -> None:
    """Its one word on many manifests cannot be split: what does not run could not be judged."""
    bad = STATED.replace("policyTypes: [Ingress, Egress]", "policyTypes: other")
    (config.base_dir / "stated.yaml").write_text(bad)
    rule = "CG-PLAT-NETPOL-001"
    both = scanned(config, applied, "stated.yaml", rules=(rule,)).topics[0]
    assert "namespace clinic" in both.units
    assert rule not in {each.unit for each in both.excluded}
    more = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: clinic}\n"
    (config.base_dir / "stated.yaml").write_text(bad + more)
    less = scanned(config, applied, "stated.yaml", rules=(rule,)).topics[0]
    assert rule in {each.unit for each in less.excluded}


def test_what_a_namespace_of_somebody_else_s_has_need_not_stand_in_our_files(
    applied: LocalKube, config: LoadedConfig
) -> None:
    """The files have the workload alone; the cluster has the namespace, its standard, its deny."""
    documents = STATED.split("---\n")
    rules = ("platform.network", "platform.isolation")
    (config.base_dir / "ours.yaml").write_text(documents[1])
    alone = scan_platform(config, Request(paths=("ours.yaml",), rules=rules), today=TODAY)
    lacking = {each.flaw.rule for each in alone.findings}
    assert lacking == {"CG-PLAT-NETPOL-001", "CG-PLAT-NETPOL-002", "CG-PLAT-NAMESPACE-002"}
    both = scanned(config, applied, "ours.yaml", rules=rules)
    assert both.findings == ()
    assert all(all(topic.units.values()) for topic in both.topics)
    # Who makes the namespace says what is in it.
    (config.base_dir / "ours.yaml").write_text("---\n".join(documents[:2]))
    made = scanned(config, applied, "ours.yaml", rules=rules)
    assert {each.flaw.rule for each in made.findings} == {
        "CG-PLAT-NETPOL-001", "CG-PLAT-NETPOL-002",
    }  # fmt: skip


def test_a_file_of_kong_stands_in_no_cluster(applied: LocalKube, config: LoadedConfig) -> None:
    (config.base_dir / "kong.yml").write_text('_format_version: "3.0"\nservices: []\n')
    assert drifted(scanned(config, applied, "stated.yaml", "kong.yml")) == set()


def test_nothing_is_sent_but_reading_and_no_secret_is_asked_for(
    applied: LocalKube, config: LoadedConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    real = Api.get

    def noting(self: Api, path: str, **query: str) -> dict[str, Any]:
        asked.append(path)
        return real(self, path, **query)

    monkeypatch.setattr(Api, "get", noting)
    scan = scanned(config, applied, "stated.yaml", namespaces=("clinic",))
    assert "/apis/apps/v1/namespaces/clinic/deployments" in asked
    assert "/api/v1/namespaces/clinic" in asked
    assert not [path for path in asked if "secret" in path]
    assert "hunter2" not in repr(list(scan.observations()))


def test_a_cluster_that_is_not_there_forbids_a_pass(
    applied: LocalKube, config: LoadedConfig, tmp_path: Path
) -> None:
    plain = yaml.safe_load(applied.kubeconfig.read_text())
    plain["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:9"
    (tmp_path / "dead").write_text(yaml.safe_dump(plain))
    request = Request(paths=("stated.yaml",), live=True, kubeconfig=str(tmp_path / "dead"))
    scan = scan_platform(config, request, today=TODAY)
    assert [each.unit for each in scan.unread] == ["the live cluster"]
    assert "not reached" in scan.unread[0].reason
    assert "platform.drift" in {
        each.about.metric for each in scan.observations() if isinstance(each.about, Gap)
    }
    assert "platform.drift" in {each.metric for each in scan.criteria}


def test_a_context_that_is_not_there_is_a_mistake_in_the_call(
    kube: LocalKube, config: LoadedConfig
) -> None:
    with pytest.raises(UsageError, match="cannot be used to reach Kubernetes"):
        scanned(config, kube, "stated.yaml", context="absent")


def test_without_the_client_library_nothing_passes(
    kube: LocalKube, config: LoadedConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "kubernetes", None)
    scan = scanned(config, kube, "stated.yaml")
    assert "pip install 'clinigate[security]'" in scan.unread[0].reason


def test_credentials_that_the_cluster_does_not_know_are_said(
    applied: LocalKube, tmp_path: Path
) -> None:
    plain = yaml.safe_load(applied.kubeconfig.read_text())
    plain["users"][0]["user"]["token"] = "wrong"
    (tmp_path / "wrong").write_text(yaml.safe_dump(plain))
    with pytest.raises(Exception, match="does not know these credentials"):
        read_cluster(Access(str(tmp_path / "wrong")), ["Pod"])


def test_a_connection_that_verifies_nobody_is_refused(kube: LocalKube, tmp_path: Path) -> None:
    plain = yaml.safe_load(kube.kubeconfig.read_text())
    cluster = plain["clusters"][0]["cluster"]
    del cluster["certificate-authority-data"]
    cluster["insecure-skip-tls-verify"] = True
    (tmp_path / "open").write_text(yaml.safe_dump(plain))
    with pytest.raises(UsageError, match="who answers is not verified"):
        Access(str(tmp_path / "open")).connect()


def test_no_cluster_at_all_is_told_how_to_name_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(UsageError, match="give --kubeconfig"):
        Access.choose()
