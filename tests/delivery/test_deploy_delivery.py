"""The manifests that gate inside a cluster: well-formed, without rights, calling what exists."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from kubernetes.client import V1Job

from clinigate.cli.gate import command as gate
from clinigate.cli.validate_production import command as validate_production
from clinigate.config.loader import load_config

DEPLOY = Path(__file__).parents[2] / "deploy"
GATE = list(yaml.safe_load_all((DEPLOY / "kubernetes" / "gate.yaml").read_text()))
ARGO = list(yaml.safe_load_all((DEPLOY / "argo" / "analysis.yaml").read_text()))
JOB: dict[str, Any] = next(each for each in GATE if each["kind"] == "Job")
TEMPLATE: dict[str, Any] = next(each for each in ARGO if each["kind"] == "AnalysisTemplate")
METRIC: dict[str, Any] = TEMPLATE["spec"]["metrics"][0]
ARGO_JOB: dict[str, Any] = METRIC["provider"]["job"]


def pod_of(job: dict[str, Any]) -> dict[str, Any]:
    spec: dict[str, Any] = job["spec"]["template"]["spec"]
    return spec


@pytest.mark.parametrize(
    "document",
    [each for each in (*GATE, *ARGO) if each["kind"] != "AnalysisTemplate"],
    ids=lambda each: f"{each['kind']}-{each['metadata']['name']}",
)
def test_the_clients_models_keep_every_field(document: dict[str, Any]) -> None:
    """The models drop what they don't know, so that a misspelt field would be missing after."""
    model = getattr(import_module("kubernetes.client"), f"V1{document['kind']}")
    kept = model.from_dict(document).to_json()
    assert yaml.safe_load(kept) == document


def test_the_job_in_argo_s_template_is_one() -> None:
    job = {"apiVersion": "batch/v1", "kind": "Job", **ARGO_JOB}
    assert yaml.safe_load(V1Job.from_dict(job).to_json()) == job


def test_argo_asks_once_and_forgives_nothing() -> None:
    """By the fields of Argo Rollouts' documentation: a metric needs a name and one provider."""
    assert (TEMPLATE["apiVersion"], METRIC["count"]) == ("argoproj.io/v1alpha1", 1)
    assert (METRIC["failureLimit"], METRIC["inconclusiveLimit"]) == (0, 0)
    assert list(METRIC["provider"]) == ["job"]
    wanted = {each["name"] for each in TEMPLATE["spec"]["args"]}
    text = yaml.safe_dump(METRIC)
    assert wanted == {"candidate-url", "image-digest"}
    assert all(f"{{{{args.{name}}}}}" in text for name in wanted)


@pytest.mark.parametrize("job", [JOB, ARGO_JOB], ids=["gate", "argo"])
def test_a_job_runs_once_without_privilege_or_token(job: dict[str, Any]) -> None:
    assert job["spec"]["backoffLimit"] == 0
    assert job["spec"]["activeDeadlineSeconds"] > 0
    pod = pod_of(job)
    (container,) = pod["containers"]
    assert pod["restartPolicy"] == "Never"
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    own = container["securityContext"]
    assert own["readOnlyRootFilesystem"] is True
    assert own["allowPrivilegeEscalation"] is False
    assert own["capabilities"] == {"drop": ["ALL"]}
    assert container["resources"]["limits"]
    mounts = {each["name"]: each for each in container["volumeMounts"]}
    assert mounts["evidence"]["readOnly"] is True
    assert mounts["config"]["readOnly"] is True


def test_nobody_here_has_any_right() -> None:
    assert not {"Role", "ClusterRole", "RoleBinding"} & {each["kind"] for each in (*GATE, *ARGO)}
    (policy,) = [each for each in GATE if each["kind"] == "NetworkPolicy"]
    assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]
    assert policy["spec"]["podSelector"]["matchLabels"] == JOB["metadata"]["labels"]


@pytest.mark.parametrize(
    ("job", "command"), [(JOB, gate), (ARGO_JOB, validate_production)], ids=["gate", "argo"]
)
def test_the_options_are_those_of_the_command(job: dict[str, Any], command: click.Command) -> None:
    (container,) = pod_of(job)["containers"]
    assert container["command"] == ["clinigate", command.name]
    known = {option for parameter in command.params for option in parameter.opts}
    assert {each for each in container["args"] if each.startswith("--")} <= known


@pytest.mark.parametrize("documents", [GATE, ARGO], ids=["gate", "argo"])
def test_the_configuration_is_one(documents: list[dict[str, Any]], tmp_path: Path) -> None:
    (config,) = [each for each in documents if each["kind"] == "ConfigMap"]
    for name, text in config["data"].items():
        (tmp_path / name).write_text(text)
    loaded = load_config(tmp_path / "clinigate.toml")
    assert loaded.config.gate.environment == "production"
    assert loaded.config.gate.trust in config["data"]
