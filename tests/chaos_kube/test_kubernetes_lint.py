"""The linter names what a lost pod or node takes down, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from clinigate.chaos.kubernetes_lint import lint, read_manifests
from clinigate.errors import UsageError

EXAMPLE = Path(__file__).parents[2] / "deploy" / "kubernetes" / "example.yaml"


def toleration(key: str, seconds: float | None) -> dict[str, Any]:
    base = {"key": f"node.kubernetes.io/{key}", "operator": "Exists", "effect": "NoExecute"}
    return base if seconds is None else {**base, "tolerationSeconds": seconds}


def workload(
    replicas: int | None = 2, seconds: float | None = 5, *, tolerated: bool = True
) -> dict[str, Any]:
    pod = {}
    if tolerated:
        pod["tolerations"] = [toleration(key, seconds) for key in ("not-ready", "unreachable")]
    spec: dict[str, Any] = {"template": {"metadata": {"labels": {"app": "api"}}, "spec": pod}}
    if replicas is not None:
        spec["replicas"] = replicas
    return {"kind": "Deployment", "metadata": {"name": "api"}, "spec": spec}


def budget(namespace: str | None = None, **labels: str) -> dict[str, Any]:
    meta = {"name": "api"} if namespace is None else {"name": "api", "namespace": namespace}
    return {
        "kind": "PodDisruptionBudget",
        "metadata": meta,
        "spec": {"maxUnavailable": 1, "selector": {"matchLabels": labels}},
    }


def rules(*documents: dict[str, Any], rto_s: float = 300.0) -> list[str]:
    return [each.rule for each in lint(documents, rto_s=rto_s)]


def test_a_workload_that_survives_has_no_weakness() -> None:
    assert rules(workload(), budget(app="api")) == []
    assert rules(budget(), workload()) == []


@pytest.mark.parametrize("replicas", [1, None])
def test_one_replica_is_a_weakness_also_by_default(replicas: int | None) -> None:
    assert rules(workload(replicas), budget(app="api")) == ["single-replica"]


def test_a_budget_must_select_the_workload_in_its_namespace() -> None:
    assert rules(workload()) == ["no-disruption-budget"]
    assert rules(workload(), budget(app="db")) == ["no-disruption-budget"]
    assert rules(workload(), budget("other", app="api")) == ["no-disruption-budget"]


def test_default_tolerations_move_pods_of_a_lost_node_too_late() -> None:
    (found,) = lint([workload(tolerated=False), budget(app="api")])
    assert found.rule == "slow-node-loss"
    assert "after about 340 s, the objective is 300 s" in found.message
    assert rules(workload(tolerated=False), budget(app="api"), rto_s=600) == []
    assert rules(workload(seconds=None), budget(app="api"), rto_s=1e9) == ["slow-node-loss"]


def test_the_example_says_what_it_lacks(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "clinigate.chaos.kubernetes_lint"]
    done = subprocess.run([*command, str(EXAMPLE)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout.startswith("Deployment api: slow-node-loss")
    (tmp_path / "text.yaml").write_text("- just\n- a list\n")
    done = subprocess.run(
        [*command, str(tmp_path / "text.yaml")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 4
    assert "without a kind" in done.stderr


def test_files_are_read_whole_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "list.yaml"
    path.write_text(yaml.safe_dump({"kind": "List", "items": [workload(), budget(app="api")]}))
    assert len(read_manifests([path])) == 2
    path.write_text("a: [")
    with pytest.raises(UsageError, match="no manifests can be read"):
        read_manifests([path])
    with pytest.raises(UsageError, match="no manifests can be read"):
        read_manifests([tmp_path / "none.yaml"])
