"""The manifests are what Kubernetes' own models hold, and run what the command line has."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import pytest
import yaml

from clinigate.cli.load import command
from clinigate.load.library import builtin_profiles

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    kubernetes = pytest.importorskip("kubernetes.client")

FILE = Path(__file__).parents[2] / "deploy" / "load" / "clinigate-load.yaml"
DOCUMENTS: list[dict[str, Any]] = list(yaml.safe_load_all(FILE.read_text(encoding="utf-8")))
MODELS = {
    "Service": "V1Service",
    "NetworkPolicy": "V1NetworkPolicy",
    "PersistentVolumeClaim": "V1PersistentVolumeClaim",
    "Job": "V1Job",
}


def named(kind: str, name: str) -> dict[str, Any]:
    (found,) = (d for d in DOCUMENTS if (d["kind"], d["metadata"]["name"]) == (kind, name))
    return found


def there_and_back(document: dict[str, Any]) -> Any:
    """The document as the client's model reads and writes it: what it does not know is lost."""
    client = kubernetes.ApiClient()
    model = client.deserialize(json.dumps(document), MODELS[document["kind"]], "application/json")
    return client.sanitize_for_serialization(model)


@pytest.mark.parametrize(
    "document", DOCUMENTS, ids=lambda d: f"{d['kind']}/{d['metadata']['name']}"
)
def test_the_models_of_kubernetes_hold_every_field(document: dict[str, Any]) -> None:
    assert there_and_back(document) == document


def test_a_field_that_kubernetes_does_not_know_would_be_seen() -> None:
    wrong = json.loads(json.dumps(named("Job", "clinigate-load-worker")))
    wrong["spec"]["paralellism"] = 4
    assert there_and_back(wrong) != wrong


@pytest.mark.parametrize("name", ["clinigate-load-master", "clinigate-load-worker"])
def test_nothing_runs_by_itself_and_nothing_runs_as_root(name: str) -> None:
    job = named("Job", name)["spec"]
    pod = job["template"]["spec"]
    assert job["suspend"] is True
    assert job["backoffLimit"] == 0
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["automountServiceAccountToken"] is False
    (container,) = pod["containers"]
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert container["resources"]["requests"] == container["resources"]["limits"]


def test_the_master_expects_the_workers_that_there_are_and_options_are_those_of_the_command() -> (
    None
):
    (master,) = named("Job", "clinigate-load-master")["spec"]["template"]["spec"]["containers"]
    arguments = dict(each.removeprefix("--").split("=", 1) for each in master["args"])
    known = {o for p in command.commands["run"].params for o in p.opts}
    assert {f"--{name}" for name in arguments} <= known
    assert arguments["profile"] in builtin_profiles()
    workers = named("Job", "clinigate-load-worker")["spec"]
    assert int(arguments["expect-workers"]) == workers["parallelism"] == workers["completions"]
    (port,) = named("Service", "clinigate-load-master")["spec"]["ports"]
    (worker,) = workers["template"]["spec"]["containers"]
    assert arguments["bind"] == f"0.0.0.0:{port['port']}"
    assert f"--master-port={port['port']}" in worker["args"]
    assert "--master-host=clinigate-load-master" in worker["args"]


def test_only_workers_reach_the_master() -> None:
    policy = named("NetworkPolicy", "clinigate-load-master")["spec"]
    (rule,) = policy["ingress"]
    worker = named("Job", "clinigate-load-worker")["spec"]["template"]["metadata"]["labels"]
    assert rule["from"][0]["podSelector"]["matchLabels"] == worker
