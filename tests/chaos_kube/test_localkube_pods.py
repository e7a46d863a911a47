"""Localkube's pods are processes, and behave as a cluster's do when they start, fail and go."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from chaos_kube_support import Api, Space, until
from kubernetes.client.exceptions import ApiException

from clinigate.chaos.localkube import running_localkube

SLEEPER = [sys.executable, "-I", "-S", "-c", "import time; time.sleep(600)"]
STUBBORN = [
    sys.executable,
    "-IuSc",
    "from signal import *; from time import *; signal(SIGTERM, SIG_IGN); print('up'); sleep(600)",
]


def ask(url: str) -> str:
    """The name of the pod that answers, or nothing while none does."""
    try:
        return httpx.get(url, timeout=1).text
    except httpx.TransportError:
        return ""


def names(space: Space) -> set[str]:
    return {pod.metadata.name for pod in space.pods()}


def children(pid: int) -> list[int]:
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    return [int(line) for line in found.stdout.split()]


def test_a_service_spreads_over_ready_pods_and_a_deleted_one_is_replaced(space: Space) -> None:
    space.deploy(replicas=2)
    url = space.serve()
    space.wait_ready(2)
    until(lambda: {ask(url) for _ in range(4)} == names(space))
    gone = space.pods()[0].metadata.name
    space.api.core.delete_namespaced_pod(gone, space.name, grace_period_seconds=0)
    until(lambda: gone not in names(space) and space.ready() == 2)
    until(lambda: {ask(url) for _ in range(4)} == names(space))


def test_a_pod_is_ready_only_when_its_probe_says_so(space: Space) -> None:
    space.deploy(replicas=1, boot_s=0.4)
    url = space.serve()
    until(lambda: [pod for pod in space.pods() if pod.status.phase == "Running"])
    with pytest.raises(httpx.TransportError):
        httpx.get(url, timeout=5)  # nobody is behind it yet: refused at once, not kept waiting
    space.wait_ready(1)
    assert until(lambda: ask(url)) == space.pods()[0].metadata.name


def test_a_container_that_keeps_crashing_is_in_a_crash_loop(space: Space) -> None:
    space.deploy(command=[sys.executable, "-I", "-S", "-c", "raise SystemExit(3)"], replicas=1)

    def state() -> Any:
        pods = [pod for pod in space.pods() if pod.status and pod.status.container_statuses]
        return pods[0].status.container_statuses[0] if pods else None

    until(lambda: (found := state()) is not None and found.restart_count >= 2)
    until(lambda: (w := state().state.waiting) is not None and w.reason == "CrashLoopBackOff")
    assert state().last_state.terminated.exit_code == 3
    assert space.ready() == 0


def test_a_killed_process_is_restarted_in_its_pod(space: Space) -> None:
    space.deploy(replicas=1)
    space.wait_ready(1)
    before = space.pods()[0].metadata.uid
    os.kill(_pid_of(space), signal.SIGKILL)
    until(lambda: space.pods()[0].status.container_statuses[0].restart_count == 1)
    space.wait_ready(1)
    assert space.pods()[0].metadata.uid == before


def _pid_of(space: Space) -> int:
    """The process whose environment names the namespace's only pod."""
    name = space.pods()[0].metadata.name
    for pid in children(space.kube.pid):
        if f"HOSTNAME={name}".encode() in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
            return pid
    raise AssertionError("no process of this pod")


def test_a_command_knows_the_variables_of_its_container(space: Space) -> None:
    words = ["print", "$(POD_IP)", "$(BOOT_S)", "$$(BOOT_S)", "$(NONE)"]
    code = "import sys, time; print(*sys.argv[1:], flush=True); time.sleep(600)"
    space.deploy(command=[sys.executable, "-IuSc", code, *words], replicas=1, boot_s=7.0)

    def log() -> str:
        pods = [each for each in space.pods() if each.status and each.status.pod_ip]
        return (
            str(space.api.core.read_namespaced_pod_log(pods[0].metadata.name, space.name))
            if pods
            else ""
        )

    assert until(log).split()[2:] == ["7.0", "$(BOOT_S)", "$(NONE)"]


def test_grace_ends_a_pod_that_ignores_its_signal(space: Space) -> None:
    space.deploy(command=STUBBORN, replicas=1, grace_s=5)
    pod = until(lambda: [each for each in space.pods() if each.status.phase == "Running"])[0]
    until(lambda: "up" in space.api.core.read_namespaced_pod_log(pod.metadata.name, space.name))
    pid = _pid_of(space)
    space.api.apps.delete_namespaced_deployment("api", space.name)
    until(lambda: space.pods() and space.pods()[0].metadata.deletion_timestamp is not None)
    assert Path(f"/proc/{pid}").exists()
    until(lambda: not space.pods())
    assert not Path(f"/proc/{pid}").exists()


def test_an_eviction_keeps_the_disruption_budget(space: Space) -> None:
    space.deploy(replicas=1)
    budget = {
        "metadata": {"name": "api"},
        "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "api"}}},
    }
    space.api.policy.create_namespaced_pod_disruption_budget(space.name, budget)
    space.wait_ready(1)
    name = space.pods()[0].metadata.name
    eviction = {"metadata": {"name": name, "namespace": space.name}}
    with pytest.raises(ApiException) as caught:
        space.api.core.create_namespaced_pod_eviction(name, space.name, eviction)
    assert caught.value.status == 429
    assert "disruption budget" in caught.value.body
    patch = {"spec": {"replicas": 2}}
    space.api.apps.patch_namespaced_deployment("api", space.name, patch)
    space.wait_ready(2)
    space.api.core.create_namespaced_pod_eviction(name, space.name, eviction)
    until(lambda: name not in names(space))


def test_a_denied_pod_gets_no_packet_until_the_policy_is_gone(space: Space) -> None:
    space.deploy(replicas=1)
    url = space.serve()
    space.wait_ready(1)
    until(lambda: ask(url))
    spec = {"podSelector": {"matchLabels": {"app": "api"}}, "policyTypes": ["Ingress"]}
    policy = {"metadata": {"name": "deny"}, "spec": spec}
    space.api.network.create_namespaced_network_policy(space.name, policy)
    with pytest.raises(httpx.ReadTimeout):
        httpx.get(url, timeout=0.3)
    assert space.ready() == 1  # a kubelet's probes come from the node, which no policy stops
    space.api.network.delete_namespaced_network_policy("deny", space.name)
    assert ask(url)


def test_a_new_template_rolls_out_while_old_pods_serve(space: Space) -> None:
    space.deploy(replicas=2)
    space.wait_ready(2)
    old = names(space)
    env = [{"name": "BOOT_S", "value": "0.1"}]
    body = {"spec": {"template": {"spec": {"containers": [{"name": "app", "env": env}]}}}}
    space.api.apps.patch_namespaced_deployment("api", space.name, body)

    def rolled() -> bool:
        assert space.ready() >= 2 - 1
        return space.ready() == 2 and not names(space) & old

    until(rolled)


def test_no_process_outlives_a_killed_localkube() -> None:
    with running_localkube() as kube:
        Space(Api(kube.kubeconfig), "default", kube).deploy(command=SLEEPER, replicas=1)
        pids = until(lambda: children(kube.pid))
        os.kill(kube.pid, signal.SIGKILL)
        until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids))
