"""What we give people to copy keeps what we ask of them."""

from __future__ import annotations

import re
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

from clinigate.chaos.drivers.kubernetes_flight import MARK
from clinigate.config.loader import load_config
from clinigate.core.measurement import Measurement
from clinigate.core.verdict import Status
from clinigate.platform.criteria import builtin_criteria
from clinigate.platform.load import load, read_texts
from clinigate.platform.manifests import Manifests
from clinigate.platform.resource import Resource
from clinigate.platform.scan import Request, scan_platform
from clinigate.platform.selectors import selects
from clinigate.platform.workloads import Workload

ROOT = Path(__file__).parents[2]


def test_nothing_in_deploy_and_examples_is_open() -> None:
    scan = scan_platform(load_config(ROOT / "selfcheck.toml"), Request(), today=date(2026, 11, 22))
    assert {"deploy/kubernetes/staging.yaml", "deploy/load/namespace.yaml"} <= set(scan.files)
    assert [each.message for each in scan.counted] == []
    assert scan.excluded == ()
    criteria = {each.metric: each for each in builtin_criteria()}
    judged = [each.about for each in scan.observations() if isinstance(each.about, Measurement)]
    assert len(judged) > 8
    assert {criteria[each.metric].judge(each).status for each in judged} == {Status.PASS}


@pytest.mark.parametrize(
    "document",
    [
        document
        for name in ("kubernetes/staging", "kubernetes/production", "kubernetes/storage",
                     "load/namespace")
        for document in yaml.safe_load_all((ROOT / "deploy" / f"{name}.yaml").read_text())
    ],
    ids=lambda each: f"{each['kind']}-{each['metadata']['name']}",
)  # fmt: skip
def test_the_clients_models_keep_every_field(document: dict[str, Any]) -> None:
    """The models drop what they don't know, so that a misspelt field would be missing after."""
    version = "V2" if document["kind"] == "HorizontalPodAutoscaler" else "V1"
    model = getattr(import_module("kubernetes.client"), version + document["kind"])
    assert yaml.safe_load(model.from_dict(document).to_json()) == document


def staging() -> Manifests:
    loaded = load(
        read_texts(ROOT / "deploy", ["kubernetes/staging.yaml", "kubernetes/example.yaml"])
    )
    return Manifests(loaded.resources)


def policies(manifests: Manifests, labels: dict[str, str]) -> list[Resource]:
    every = manifests.of("networking.k8s.io/NetworkPolicy")
    return [each for each in every if selects(each["spec"]["podSelector"], labels)]


def test_without_its_tolerations_the_example_breaks_the_objective_as_the_page_shows() -> None:
    kept = (ROOT / "deploy" / "kubernetes" / "example.yaml").read_text()
    without = re.sub(r" +tolerations:.*?unreachable.*?\n", "", kept, flags=re.DOTALL)
    request = Request(paths=("-",), stdin=without.encode(), rules=("platform.node_loss",))
    config = load_config(ROOT / "selfcheck.toml")
    (found,) = scan_platform(config, request, today=date(2026, 11, 22)).findings
    assert found.flaw.rule == "CG-PLAT-NODELOSS-001"
    assert "about 350 s" in found.message
    shown = (ROOT / "docs" / "chaos-kubernetes.md").read_text()
    assert f"stdin:{found.flaw.place.line}: high {found.flaw.rule}: {found.message}" in shown


def test_what_is_allowed_in_staging_does_not_undo_an_experiment_that_cuts_a_pod_off() -> None:
    """Policies add up: a pod that `network.deny` marked is left with the default deny alone."""
    manifests = staging()
    (api,) = manifests.of("apps/Deployment")
    labels = Workload(api).labels
    assert [each.name for each in policies(manifests, labels)] == ["default-deny", "api"]
    marked = {**labels, MARK: "some-injection"}
    assert [each.name for each in policies(manifests, marked)] == ["default-deny"]
