"""The manifests in deploy/kubernetes: well-formed, safe by default, and just enough rights."""

from __future__ import annotations

import asyncio
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from chaos_kube_support import Space, fault_spec, undo
from kubernetes.client import V1CronJob, V1Role, V1RoleBinding, V1ServiceAccount

from clinigate.chaos.drivers.base import NotAvailableError
from clinigate.chaos.drivers.kubernetes_faults import (
    DRIVER_RIGHTS,
    FLIGHT_RIGHTS,
    NetworkDeny,
    PodKill,
    ScaleToZero,
)
from clinigate.chaos.policy import chaos_policy
from clinigate.config.loader import load_config

PATH = Path(__file__).parents[2] / "deploy" / "kubernetes" / "chaos.yaml"
DOCUMENTS = list(yaml.safe_load_all(PATH.read_text()))
SPACE = "clinic-staging"

PLURALS = {
    "ServiceAccount": ("/api/v1", "serviceaccounts"),
    "Role": ("/apis/rbac.authorization.k8s.io/v1", "roles"),
    "RoleBinding": ("/apis/rbac.authorization.k8s.io/v1", "rolebindings"),
    "ConfigMap": ("/api/v1", "configmaps"),
    "PersistentVolumeClaim": ("/api/v1", "persistentvolumeclaims"),
    "CronJob": ("/apis/batch/v1", "cronjobs"),
}


def of_kind(kind: str) -> list[dict[str, Any]]:
    return [each for each in DOCUMENTS if each["kind"] == kind]


def job_spec() -> dict[str, Any]:
    (cron,) = of_kind("CronJob")
    spec: dict[str, Any] = cron["spec"]["jobTemplate"]["spec"]
    return spec


@pytest.mark.parametrize(
    "document", DOCUMENTS, ids=lambda each: f"{each['kind']}-{each['metadata']['name']}"
)
def test_the_clients_models_keep_every_field(document: dict[str, Any]) -> None:
    """The models drop what they don't know, so that a misspelt field would be missing after."""
    models = import_module("kubernetes.client")
    model = getattr(models, f"V1{document['kind']}")
    kept = model.from_dict(document).to_json()
    assert yaml.safe_load(kept) == document


def test_a_schedule_is_suspended_never_overlaps_and_never_retries() -> None:
    (cron,) = of_kind("CronJob")
    assert isinstance(V1CronJob.from_dict(cron), V1CronJob)
    spec = cron["spec"]
    assert spec["suspend"] is True
    assert spec["concurrencyPolicy"] == "Forbid"
    assert spec["startingDeadlineSeconds"] == 300
    assert spec["timeZone"] == "UTC"
    assert job_spec()["backoffLimit"] == 0
    assert job_spec()["activeDeadlineSeconds"] > 0


def test_the_pod_has_time_to_undo_and_no_privilege() -> None:
    pod = job_spec()["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["restartPolicy"] == "Never"
    assert pod["terminationGracePeriodSeconds"] == 120
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] > 0
    own = container["securityContext"]
    assert own["readOnlyRootFilesystem"] is True
    assert own["allowPrivilegeEscalation"] is False
    assert own["capabilities"] == {"drop": ["ALL"]}
    assert "--scheduled" in container["args"]


def test_the_ledger_outlives_the_pod() -> None:
    pod = job_spec()["template"]["spec"]
    mounts = {each["mountPath"]: each["name"] for each in pod["containers"][0]["volumeMounts"]}
    volumes = {each["name"]: each for each in pod["volumes"]}
    assert "persistentVolumeClaim" in volumes[mounts[pod["containers"][0]["workingDir"]]]


def test_its_configuration_is_one_and_names_what_may_be_touched(tmp_path: Path) -> None:
    (config,) = of_kind("ConfigMap")
    path = tmp_path / "clinigate.toml"
    path.write_text(config["data"]["clinigate.toml"])
    policy = chaos_policy(load_config(path))
    allowed = policy.environments["staging"]
    assert allowed.driver == "kubernetes"
    assert allowed.options.settings["namespaces"] == SPACE
    assert policy.blackouts


def rules() -> set[tuple[str, str, str]]:
    (role,) = [each for each in of_kind("Role") if each["metadata"]["namespace"] == SPACE]
    return {
        (verb, group, resource)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def test_the_role_is_namespaced_and_exactly_what_the_driver_uses() -> None:
    assert not of_kind("ClusterRole")
    assert not of_kind("ClusterRoleBinding")
    used = {
        *DRIVER_RIGHTS,
        *FLIGHT_RIGHTS,
        *PodKill.rights,
        *ScaleToZero.rights,
        *NetworkDeny.rights,
    }
    assert rules() == {(each.verb, each.group, each.resource) for each in used}
    assert not any("*" in part for rule in rules() for part in rule)


def test_the_cluster_is_identified_by_reading_one_object() -> None:
    (identity,) = [each for each in of_kind("Role") if each["metadata"]["namespace"] != SPACE]
    assert identity["metadata"]["namespace"] == "kube-system"
    (rule,) = identity["rules"]
    assert (rule["resourceNames"], rule["verbs"]) == (["kube-system"], ["get"])
    for binding in of_kind("RoleBinding"):
        assert V1RoleBinding.from_dict(binding).role_ref.kind == "Role"
        assert binding["subjects"][0]["namespace"] == SPACE
    assert V1Role.from_dict(identity).rules
    assert (
        V1ServiceAccount.from_dict(of_kind("ServiceAccount")[0]).automount_service_account_token
        is False
    )


@pytest.fixture
def staging(space: Space) -> Space:
    """The manifests applied for the namespace of the test."""
    text = (
        PATH.read_text()
        .replace(SPACE, space.name)
        .replace("clinigate-chaos-identity", f"identity-{space.name}")
    )
    for document in yaml.safe_load_all(text):
        prefix, plural = PLURALS[document["kind"]]
        namespace = document["metadata"]["namespace"]
        answer = space.post(f"{prefix}/namespaces/{namespace}/{plural}", document)
        assert answer.status_code == 201, answer.text
    return space


def test_with_these_rights_the_driver_does_all_it_does(staging: Space, tmp_path: Path) -> None:
    staging.deploy(replicas=2)
    staging.serve(entry=True)
    staging.wait_ready(2)
    driver = staging.driver(kubeconfig=str(staging.account("clinigate-chaos", tmp_path)))
    assert driver.environment().fingerprint.startswith("localkube:")

    async def ask() -> str:
        return await driver.probe()(0)

    assert asyncio.run(ask()) == "ok"
    for kind in ("pod.kill", "network.deny", "workload.scale-zero"):
        staging.wait_ready(2)
        all_kill = "all" if kind == "workload.scale-zero" else None
        fault = fault_spec(kind, all_kill=all_kill)
        found = driver.resolve({"app": "api"})
        victims = found if all_kill else found[:1]
        assert driver.members(victims[0].group) == found
        steps = driver.undo_steps(fault, victims)
        driver.inject(fault, victims)
        undo(steps)


def test_without_any_of_them_the_driver_says_which(staging: Space, tmp_path: Path) -> None:
    """The account of another namespace may do nothing here."""
    staging.deploy(replicas=1)
    staging.wait_ready(1)
    driver = staging.driver(
        kubeconfig=str(staging.account("clinigate-chaos", tmp_path)),
        namespaces="default",
    )
    with pytest.raises(NotAvailableError, match='namespaces "default" is forbidden'):
        driver.resolve({"app": "api"})


def test_the_suspended_schedule_is_kept_as_it_is(staging: Space) -> None:
    (kept,) = staging.api.batch.list_namespaced_cron_job(staging.name).items
    assert kept.spec.suspend is True
    assert kept.spec.job_template.spec.backoff_limit == 0
