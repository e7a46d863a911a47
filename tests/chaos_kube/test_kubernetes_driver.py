"""The Kubernetes driver hits exactly what was frozen, only where it may, and takes it back."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import httpx
import pytest
from chaos_kube_support import Space, call, fault_spec, undo, until

from clinigate.chaos.drivers import registry
from clinigate.chaos.drivers.base import (
    Driver,
    DriverOptions,
    NotAvailableError,
    UndoStep,
    VictimGoneError,
)
from clinigate.chaos.drivers.kubernetes import connect, connect_localkube
from clinigate.errors import TargetError, UsageError


def leftovers(space: Space) -> int:
    """Objects of experiments in the namespace."""
    return sum(
        len(found.items)
        for found in (
            space.api.leases.list_namespaced_lease(space.name),
            space.api.batch.list_namespaced_job(space.name),
            space.api.network.list_namespaced_network_policy(space.name),
            space.api.core.list_namespaced_pod(space.name, label_selector="clinigate.io/chaos-id"),
        )
    )


def test_the_registry_connects_it_by_name(space: Space) -> None:
    driver = registry.connect("localkube", space.options())
    assert isinstance(driver, Driver)
    assert driver.name == "localkube"


def test_the_environment_is_recognised_by_the_uid_of_kube_system(space: Space) -> None:
    uid = space.api.core.read_namespace("kube-system").metadata.uid
    found = space.driver().environment()
    assert (found.name, found.fingerprint) == ("staging", f"localkube:{uid}")


def test_a_stand_in_is_never_called_a_cluster(space: Space) -> None:
    with pytest.raises(UsageError, match="use driver 'localkube'"):
        connect(space.options()).environment()


def test_a_namespace_knows_its_environment_better_than_the_user(space: Space) -> None:
    labels = {"metadata": {"labels": {"clinigate.io/environment": "production"}}}
    space.api.core.patch_namespace(space.name, labels)
    with pytest.raises(UsageError, match="belongs to environment 'production', not to 'staging'"):
        space.driver().environment()


def test_only_ready_pods_with_all_labels_are_found(space: Space) -> None:
    space.deploy(replicas=2)
    space.deploy("db", replicas=1)
    space.deploy("slow", replicas=1, boot_s=600)
    space.wait_ready(2)
    space.wait_ready(1, "db")
    driver = space.driver()
    found = driver.resolve({"app": "api"})
    assert {victim.labels["app"] for victim in found} == {"api"}
    assert {victim.group for victim in found} == {f"{space.name}/Deployment/api"}
    assert driver.members(found[0].group) == found
    assert len({victim.uid for victim in found}) == 2
    assert driver.resolve({"app": "slow"}) == ()
    with pytest.raises(UsageError, match="selector is empty"):
        driver.resolve({})


def test_a_pod_without_a_controller_is_no_target(space: Space) -> None:
    container = {"name": "app", "image": "app"}
    pod = {
        "metadata": {"name": "alone", "labels": {"app": "api"}},
        "spec": {"containers": [container]},
    }
    space.api.core.create_namespaced_pod(space.name, pod)
    with pytest.raises(UsageError, match="nothing would bring it back"):
        until(lambda: space.driver().resolve({"app": "api"}))


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"namespaces": ""}, "no namespace is allowed"),
        ({"namespaces": "kube-system"}, "never touched"),
        ({"namespaces": "clinic, istio-system"}, "never touched"),
        ({"namespaces": "crisis-line"}, "crisis lines are out of bounds"),
        ({"namespaces": "clinic", "namespace": "other"}, "not on the allow-list: clinic"),
    ],
)
def test_namespaces_out_of_bounds_are_refused_before_anything_is_asked(
    settings: dict[str, str], why: str
) -> None:
    with pytest.raises(UsageError, match=why):
        connect_localkube(DriverOptions(settings={"kubeconfig": "/nowhere", **settings}))


@pytest.mark.parametrize(
    ("labels", "why"),
    [
        ({"clinigate.io/chaos": None}, "kubectl label namespace"),
        ({"clinigate.io/chaos": "no"}, "does not carry"),
        ({"clinigate.io/crisis-line": "true"}, "out of bounds"),
    ],
)
def test_a_namespace_whose_owner_did_not_agree_is_refused(
    space: Space, labels: dict[str, str | None], why: str
) -> None:
    space.api.core.patch_namespace(space.name, {"metadata": {"labels": labels}})
    with pytest.raises(UsageError, match=why):
        space.driver().resolve({"app": "api"})


def test_agreement_that_was_taken_back_stops_the_injection(space: Space) -> None:
    space.deploy(replicas=2)
    space.wait_ready(2)
    driver = space.driver()
    victims = driver.resolve({"app": "api"})[:1]
    labels = {"metadata": {"labels": {"clinigate.io/chaos": None}}}
    space.api.core.patch_namespace(space.name, labels)
    with pytest.raises(UsageError, match="does not carry"):
        driver.inject(fault_spec("pod.kill"), victims)
    assert space.ready() == 2


def test_kill_takes_the_chosen_pod_and_no_other_and_waits_for_its_successor(space: Space) -> None:
    """Chaos Toolkit's own client is back in place after the injection."""
    actions = import_module("chaosk8s.pod.actions")
    own = actions.create_k8s_api_client
    space.deploy(replicas=2)
    space.wait_ready(2)
    driver, fault = space.driver(), fault_spec("pod.kill")
    chosen, other = driver.resolve({"app": "api"})
    steps = driver.undo_steps(fault, (chosen,))
    driver.inject(fault, (chosen,))
    assert actions.create_k8s_api_client is own
    uids = {pod.metadata.uid for pod in space.pods()}
    assert other.uid in uids
    assert chosen.uid not in uids
    assert not call(steps[0].verify, steps[0].args)
    undo(steps)
    assert space.ready() == 2
    assert leftovers(space) == 0


def test_a_target_that_became_another_pod_is_left_alone(space: Space) -> None:
    space.deploy(replicas=2)
    space.wait_ready(2)
    driver, fault = space.driver(), fault_spec("pod.kill")
    chosen = driver.resolve({"app": "api"})[0]
    with pytest.raises(VictimGoneError, match="no longer the one"):
        driver.inject(fault, (replace(chosen, uid="another"),))
    space.api.core.delete_namespaced_pod(chosen.name, space.name, grace_period_seconds=0)
    with pytest.raises(VictimGoneError, match="is gone"):
        driver.inject(fault, (chosen,))
    assert leftovers(space) == 0


def test_a_kill_keeps_the_disruption_budget_unless_all_are_meant(space: Space) -> None:
    space.deploy(replicas=1)
    budget = {
        "metadata": {"name": "api"},
        "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "api"}}},
    }
    space.api.policy.create_namespaced_pod_disruption_budget(space.name, budget)
    space.wait_ready(1)
    driver = space.driver()
    victims = driver.resolve({"app": "api"})
    with pytest.raises(UsageError, match=r"allows 0 pod\(s\) to go now, and 1 would"):
        driver.inject(fault_spec("pod.kill"), victims)
    assert space.pods()[0].metadata.uid == victims[0].uid
    fault = fault_spec("pod.kill", all_kill="the restart is what is tested")
    steps = driver.undo_steps(fault, victims)
    driver.inject(fault, victims)
    undo(steps)


def in_a_fresh_process(step: UndoStep) -> None:
    """Its action, with nothing of this process but the arguments."""
    module, _, function = step.action.partition(":")
    code = f"import json, sys; from {module} import {function} as f; f(json.loads(sys.argv[1]))"
    command = [sys.executable, "-c", code, json.dumps(step.args)]
    environment = {"PATH": "/usr/bin", "HOME": "/nowhere"}
    subprocess.run(command, check=True, env=environment, cwd="/")


def test_a_denied_pod_is_cut_off_alone_and_a_fresh_process_brings_it_back(space: Space) -> None:
    space.deploy(replicas=2)
    url = space.serve()
    space.wait_ready(2)
    driver, fault = space.driver(), fault_spec("network.deny")
    chosen, other = driver.resolve({"app": "api"})
    steps = driver.undo_steps(fault, (chosen,))
    driver.inject(fault, (chosen,))
    seen = set()
    for _ in range(4):
        try:
            seen.add(httpx.get(url, timeout=0.3).text)
        except httpx.TimeoutException:
            seen.add("silence")
    assert seen == {"silence", other.name}
    in_a_fresh_process(steps[1])
    assert call(steps[1].verify, steps[1].args)
    assert {httpx.get(url, timeout=5).text for _ in range(4)} == {chosen.name, other.name}
    undo(steps)
    assert leftovers(space) == 0


def test_scaled_to_zero_comes_back_as_many_as_noted_before(space: Space) -> None:
    space.deploy(replicas=2)
    space.wait_ready(2)
    driver = space.driver()
    victims = driver.resolve({"app": "api"})
    with pytest.raises(UsageError, match="say in spec"):
        driver.inject(fault_spec("workload.scale-zero"), victims)
    fault = fault_spec("workload.scale-zero", all_kill="a cold start is what is tested")
    steps = driver.undo_steps(fault, victims)
    assert steps[1].args["replicas"] == 2
    driver.inject(fault, victims)
    until(lambda: not space.pods())
    assert not call(steps[1].verify, steps[1].args)
    undo(steps)
    assert space.ready() == 2


def test_undo_of_what_never_happened_changes_nothing(space: Space) -> None:
    space.deploy(replicas=2)
    space.wait_ready(2)
    driver = space.driver()
    victims = driver.resolve({"app": "api"})
    before = space.api.apps.read_namespaced_deployment("api", space.name).metadata.generation
    for kind in ("pod.kill", "network.deny", "workload.scale-zero"):
        undo(driver.undo_steps(fault_spec(kind, all_kill="all"), victims))
    after = space.api.apps.read_namespaced_deployment("api", space.name).metadata.generation
    assert before == after
    assert {pod.metadata.uid for pod in space.pods()} == {victim.uid for victim in victims}


def test_a_second_experiment_in_the_namespace_is_kept_out(space: Space) -> None:
    space.deploy(replicas=2)
    space.wait_ready(2)
    driver, fault = space.driver(), fault_spec("pod.kill")
    one, two = driver.resolve({"app": "api"})
    steps = driver.undo_steps(fault, (one,))
    driver.inject(fault, (one,))
    with pytest.raises(TargetError, match="holds the lease"):
        driver.inject(fault, (two,))
    undo(driver.undo_steps(fault, (two,)))
    assert len(space.api.leases.list_namespaced_lease(space.name).items) == 1  # not ours to drop
    undo(steps)
    assert two.uid in {pod.metadata.uid for pod in space.pods()}
    assert leftovers(space) == 0


def test_a_lease_that_ran_out_is_taken_over(space: Space) -> None:
    space.deploy(replicas=2)
    space.wait_ready(2)
    spec = {
        "holderIdentity": "dead",
        "leaseDurationSeconds": 1,
        "renewTime": "2020-01-01T00:00:00.000000Z",
    }
    lease = {"metadata": {"name": "clinigate-chaos"}, "spec": spec}
    space.api.leases.create_namespaced_lease(space.name, lease)
    driver, fault = space.driver(), fault_spec("network.deny")
    victims = driver.resolve({"app": "api"})[:1]
    steps = driver.undo_steps(fault, victims)
    driver.inject(fault, victims)
    undo(steps)
    assert leftovers(space) == 0


def test_the_cluster_itself_takes_the_fault_back_when_no_runner_is_left(
    space: Space, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clinigate.chaos.drivers.kubernetes_flight._MARGIN_S", 0.0)
    space.deploy(replicas=1)
    space.wait_ready(1)
    driver, fault = space.driver(), fault_spec("network.deny", duration_s=4.0)
    driver.inject(fault, driver.resolve({"app": "api"}))
    policies = space.api.network.list_namespaced_network_policy
    assert len(policies(space.name).items) == 1
    until(lambda: not policies(space.name).items)
    until(lambda: not space.api.leases.list_namespaced_lease(space.name).items)


def test_an_account_without_rights_is_told_each_missing_one(space: Space, tmp_path: Path) -> None:
    space.deploy(replicas=2)
    space.wait_ready(2)
    victims = space.driver().resolve({"app": "api"})[:1]
    space.api.core.create_namespaced_service_account(space.name, {"metadata": {"name": "nobody"}})
    path = str(space.account("nobody", tmp_path))
    driver = space.driver(kubeconfig=path)
    with pytest.raises(NotAvailableError, match=r'cannot get resource "namespaces".*chaos\.yaml'):
        driver.resolve({"app": "api"})
    with pytest.raises(NotAvailableError, match=r"may not .*delete pods.* in namespace"):
        driver.undo_steps(fault_spec("pod.kill"), victims)


def test_a_fault_with_parameters_that_it_does_not_know_is_refused(space: Space) -> None:
    space.deploy(replicas=1)
    space.wait_ready(1)
    driver = space.driver()
    fault = replace(fault_spec("pod.kill"), parameters={"grace": 3})
    with pytest.raises(UsageError, match="takes no parameters, got grace"):
        driver.undo_steps(fault, driver.resolve({"app": "api"}))
    with pytest.raises(UsageError, match="offers no fault"):
        driver.undo_steps(fault_spec("pod.tickle"), driver.resolve({"app": "api"}))
