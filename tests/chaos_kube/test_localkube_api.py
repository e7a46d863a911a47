"""Localkube's API answers as a cluster's does, asked by the clients that teams use."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from chaos_kube_support import Api, Space, deployment, until
from kubernetes import watch
from kubernetes.client import V1DeleteOptions
from kubernetes.client.exceptions import ApiException


def refusal(call: Any, *args: Any, **details: Any) -> dict[str, Any]:
    """The `Status` of a call that the API refuses."""
    with pytest.raises(ApiException) as caught:
        call(*args, **details)
    status: dict[str, Any] = json.loads(caught.value.body)
    assert status["kind"] == "Status"
    assert status["code"] == caught.value.status
    return status


def config_map(name: str, **labels: str) -> dict[str, Any]:
    return {"metadata": {"name": name, "labels": labels}, "data": {"a": "1"}}


def test_a_missing_object_is_404_with_a_reason(space: Space) -> None:
    status = refusal(space.api.core.read_namespaced_pod, "none", space.name)
    assert (status["code"], status["reason"]) == (404, "NotFound")
    assert status["message"] == 'pods "none" not found'


def test_a_second_object_of_a_name_is_409(space: Space) -> None:
    space.api.core.create_namespaced_config_map(space.name, config_map("one"))
    status = refusal(space.api.core.create_namespaced_config_map, space.name, config_map("one"))
    assert (status["code"], status["reason"]) == (409, "AlreadyExists")


def test_nothing_is_created_in_a_namespace_that_is_not_there(api: Api) -> None:
    status = refusal(api.core.create_namespaced_config_map, "nowhere", config_map("one"))
    assert status["message"] == 'namespaces "nowhere" not found'


def test_an_object_that_breaks_a_rule_is_422_and_names_the_field(space: Space) -> None:
    wrong = deployment("api", 1)
    wrong["spec"]["template"]["metadata"]["labels"] = {"app": "another"}
    status = refusal(space.api.apps.create_namespaced_deployment, space.name, wrong)
    assert (status["code"], status["reason"]) == (422, "Invalid")
    assert status["details"]["causes"][0]["field"] == "spec.template.metadata.labels"
    status = refusal(space.api.core.create_namespaced_config_map, space.name, config_map("No_Name"))
    assert status["details"]["causes"][0]["field"] == "metadata.name"


def test_objects_have_uid_version_and_time_and_each_write_a_new_version(space: Space) -> None:
    core = space.api.core
    made = core.create_namespaced_config_map(space.name, config_map("one")).metadata
    assert made.uid
    assert made.creation_timestamp
    patched = core.patch_namespaced_config_map("one", space.name, {"data": {"b": "2"}})
    assert patched.data == {"a": "1", "b": "2"}
    assert int(patched.metadata.resource_version) > int(made.resource_version)
    assert patched.metadata.uid == made.uid


def test_an_update_from_an_old_version_is_a_conflict(space: Space) -> None:
    core = space.api.core
    old = core.create_namespaced_config_map(space.name, config_map("one"))
    core.patch_namespaced_config_map("one", space.name, {"data": {"b": "2"}})
    status = refusal(core.replace_namespaced_config_map, "one", space.name, old)
    assert (status["code"], status["reason"]) == (409, "Conflict")


def test_selectors_select(space: Space) -> None:
    core = space.api.core
    core.create_namespaced_config_map(space.name, config_map("a", app="api", tier="web"))
    core.create_namespaced_config_map(space.name, config_map("b", app="db"))

    def names(**query: str) -> list[str]:
        found = core.list_namespaced_config_map(space.name, **query).items
        return [each.metadata.name for each in found]

    assert names() == ["a", "b"]
    assert names(label_selector="app=api") == ["a"]
    assert names(label_selector="app in (api,db),!tier") == ["b"]
    assert names(field_selector="metadata.name=b") == ["b"]
    assert (
        refusal(core.list_namespaced_config_map, space.name, label_selector="a=b=c")["code"] == 400
    )


def test_a_delete_keeps_its_preconditions(space: Space) -> None:
    core = space.api.core
    core.create_namespaced_config_map(space.name, config_map("one"))
    options = V1DeleteOptions(preconditions={"uid": "another"})
    status = refusal(core.delete_namespaced_config_map, "one", space.name, body=options)
    assert status["code"] == 409
    core.delete_namespaced_config_map("one", space.name)
    assert refusal(core.read_namespaced_config_map, "one", space.name)["code"] == 404


def test_a_patch_of_a_pod_that_became_another_is_a_conflict(space: Space) -> None:
    core = space.api.core
    core.create_namespaced_config_map(space.name, config_map("one"))
    body = {"metadata": {"uid": "another", "labels": {"x": "y"}}}
    assert refusal(core.patch_namespaced_config_map, "one", space.name, body)["code"] == 409


def test_the_scale_subresource_is_a_scale(space: Space) -> None:
    space.deploy(replicas=0)
    apps = space.api.apps
    scale = apps.read_namespaced_deployment_scale("api", space.name)
    assert (scale.kind, scale.spec.replicas or 0) == ("Scale", 0)
    apps.patch_namespaced_deployment_scale("api", space.name, {"spec": {"replicas": 1}})
    assert apps.read_namespaced_deployment("api", space.name).spec.replicas == 1
    wrong = {"spec": {"replicas": -1}}
    status = refusal(apps.patch_namespaced_deployment_scale, "api", space.name, wrong)
    assert status["code"] == 422


def test_a_strategic_patch_of_one_container_keeps_the_rest_of_it(space: Space) -> None:
    space.deploy(replicas=0)
    body = {"spec": {"template": {"spec": {"containers": [{"name": "app", "image": "new"}]}}}}
    patched = space.api.apps.patch_namespaced_deployment("api", space.name, body)
    container = patched.spec.template.spec.containers[0]
    assert container.image == "new"
    assert container.command
    assert container.ports[0].container_port == 8080


def test_a_watch_replays_follows_and_ends_in_time(space: Space) -> None:
    core = space.api.core
    version = core.list_namespaced_config_map(space.name).metadata.resource_version
    core.create_namespaced_config_map(space.name, config_map("one", app="api"))
    core.create_namespaced_config_map(space.name, config_map("other", app="db"))
    change = threading.Thread(
        target=lambda: core.patch_namespaced_config_map(
            "one", space.name, {"metadata": {"labels": {"app": "db"}}}
        )
    )
    seen = []
    stream = watch.Watch().stream(
        core.list_namespaced_config_map,
        space.name,
        label_selector="app=api",
        resource_version=version,
        timeout_seconds=1,
    )
    for event in stream:
        seen.append((event["type"], event["object"].metadata.name))
        if len(seen) == 1:
            change.start()
    change.join()
    assert seen == [("ADDED", "one"), ("DELETED", "one")]


def test_an_unserved_kind_is_404(space: Space) -> None:
    status = refusal(space.api.apps.list_namespaced_daemon_set, space.name)
    assert (status["code"], status["reason"]) == (404, "NotFound")


def test_a_stranger_is_401(space: Space) -> None:
    answer = space.post("/api/v1/namespaces", {}, token="wrong")
    assert (answer.status_code, answer.json()["reason"]) == (401, "Unauthorized")


@pytest.mark.parametrize(
    "body", ['{"metadata": [1]}', "[]", "{", '{"metadata": {"labels": 3, "name": 4}}', "null", ""]
)
def test_garbage_in_a_request_is_refused_and_the_server_lives(space: Space, body: str) -> None:
    answer = space.post(f"/api/v1/namespaces/{space.name}/configmaps", body)
    assert answer.status_code in (400, 422)
    assert answer.json()["kind"] == "Status"
    assert space.api.core.list_namespaced_config_map(space.name).items == []


def test_a_role_permits_its_verbs_in_its_namespace_and_nothing_else(
    space: Space, tmp_path: Path
) -> None:
    space.api.core.create_namespaced_service_account(space.name, {"metadata": {"name": "watcher"}})
    api = Api(space.account("watcher", tmp_path))
    status = refusal(api.core.list_namespaced_pod, space.name)
    assert (status["code"], status["reason"]) == (403, "Forbidden")
    assert 'cannot list resource "pods"' in status["message"]
    rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}]
    rbac = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{space.name}"
    space.post(f"{rbac}/roles", {"metadata": {"name": "watcher"}, "rules": rules})
    binding = {
        "metadata": {"name": "watcher"},
        "subjects": [{"kind": "ServiceAccount", "name": "watcher", "namespace": space.name}],
        "roleRef": {"kind": "Role", "name": "watcher", "apiGroup": "rbac.authorization.k8s.io"},
    }
    space.post(f"{rbac}/rolebindings", binding)
    assert api.core.list_namespaced_pod(space.name).items == []
    assert refusal(api.core.list_namespaced_pod, "default")["code"] == 403
    assert refusal(api.core.delete_namespaced_pod, "x", space.name)["code"] == 403
    assert refusal(api.core.list_node)["code"] == 403


def test_owners_take_what_they_own_with_them(space: Space) -> None:
    core = space.api.core
    owner = core.create_namespaced_config_map(space.name, config_map("owner"))
    reference = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "name": "owner",
        "uid": owner.metadata.uid,
    }
    child = config_map("child")
    child["metadata"]["ownerReferences"] = [reference]
    core.create_namespaced_config_map(space.name, child)
    core.delete_namespaced_config_map("owner", space.name)
    until(lambda: core.list_namespaced_config_map(space.name).items == [])


def test_a_jobs_deadline_takes_what_it_owns_though_no_pod_ever_ran(space: Space) -> None:
    core, batch = space.api.core, space.api.batch
    job = {
        "metadata": {"name": "switch"},
        "spec": {
            "activeDeadlineSeconds": 1,
            "ttlSecondsAfterFinished": 0,
            "parallelism": 0,
            "template": {
                "spec": {"restartPolicy": "Never", "containers": [{"name": "x", "image": "x"}]}
            },
        },
    }
    made = batch.create_namespaced_job(space.name, job)
    child = config_map("child")
    reference = {"apiVersion": "batch/v1", "kind": "Job", "name": "switch"}
    child["metadata"]["ownerReferences"] = [{**reference, "uid": made.metadata.uid}]
    core.create_namespaced_config_map(space.name, child)
    assert space.pods() == []
    until(lambda: core.list_namespaced_config_map(space.name).items == [])
    assert space.pods() == []
