"""The example service of deploy/kubernetes runs on localkube, and an experiment finds its entry."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import yaml
from chaos_kube_support import Space, until

PATH = Path(__file__).parents[2] / "deploy" / "kubernetes" / "example.yaml"
PATHS = {
    "Deployment": "/apis/apps/v1/namespaces/{}/deployments",
    "Service": "/api/v1/namespaces/{}/services",
    "PodDisruptionBudget": "/apis/policy/v1/namespaces/{}/poddisruptionbudgets",
}


def test_the_example_serves_two_pods_behind_its_labelled_entry(space: Space) -> None:
    documents: list[dict[str, Any]] = list(yaml.safe_load_all(PATH.read_text()))
    namespace = documents[0]["metadata"]
    assert namespace["labels"]["clinigate.io/chaos"] == "enabled"
    for document in documents[1:]:
        document["metadata"]["namespace"] = space.name
        answer = space.post(PATHS[document["kind"]].format(space.name), document)
        assert answer.status_code == 201, answer.text
    space.wait_ready(2)
    driver = space.driver()
    assert len(driver.resolve({"app": "api"})) == 2

    async def ask() -> str:
        return await driver.probe()(0)

    until(lambda: asyncio.run(ask()) == "ok")
