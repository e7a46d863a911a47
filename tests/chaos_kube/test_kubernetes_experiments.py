"""The experiments on pods, end to end on localkube: they pass, they fail, they are taken back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import httpx
from chaos_kube_support import Space, until

from clinigate.chaos.criteria import experiment_criteria
from clinigate.chaos.model import Experiment
from clinigate.chaos.parse import find_experiment
from clinigate.chaos.policy import AllowedEnvironment, ChaosPolicy
from clinigate.chaos.runner import RunOutcome, RunRequest, run_experiment
from clinigate.core.measurement import Measurement
from clinigate.core.observation import Gap, Observation
from clinigate.core.verdict import Status
from clinigate.evidence.recorder import Recorder

NAMES = ("k8s-kill-pod", "k8s-kill-all-pods", "k8s-scale-to-zero", "k8s-deny-network")


@dataclass
class Memory:
    """A recorder that keeps what it is told."""

    seen: list[Observation] = field(default_factory=list)
    notes: list[tuple[str, Any]] = field(default_factory=list)

    def observation(self, observation: Observation) -> None:
        self.seen.append(observation)

    def note(self, topic: str, body: Any) -> None:
        self.notes.append((topic, body))

    def blob(self, data: bytes, media_type: str) -> str:
        return "sha256:" + "0" * 64

    def verdicts(self, experiment: Experiment) -> dict[str, Status]:
        """The last part of each judged metric, with its verdict.

        A busy host, on which no time can be measured, has its own tests; here it is left out.
        """
        found = {
            o.about.metric: replace(o.about, unmeasurable=None)
            for o in self.seen
            if isinstance(o.about, Measurement)
        }
        return {
            each.metric.rpartition(".")[2]: each.judge(found[each.metric]).status
            for each in experiment_criteria(experiment)
            if each.metric in found
        }


def quick(name: str, *, rto_s: float = 20.0, **target: Any) -> Experiment:
    """A shipped experiment, once, and with a short fault."""
    shipped = find_experiment(name)
    spec = replace(shipped.fault, duration_s=0.5, target=replace(shipped.fault.target, **target))
    return replace(
        shipped,
        fault=spec,
        load=replace(
            shipped.load, before_s=0.3, rate=30, timeout_s=1.0, after_s=30.0, stable_s=0.4
        ),
        objectives=replace(shipped.objectives, rto_s=rto_s),
        repeat=1,
    )


def run(
    space: Space, experiment: Experiment, root: Path, **settings: str
) -> tuple[RunOutcome, Memory]:
    options = replace(space.options(**settings), environment="test")
    policy = ChaosPolicy(
        environments={"test": AllowedEnvironment("test", "localkube", options)},
        max_targets=3,
        max_share=0.5,
        blackouts=(),
        kill_file=root / "halt",
        state=root / "state",
    )
    request = RunRequest(experiment, policy, "test", "localkube", options)
    memory = Memory()
    return run_experiment(request, cast(Recorder, memory)), memory


def test_what_ships_reads_and_names_its_drivers() -> None:
    for name in NAMES:
        experiment = find_experiment(name)
        assert experiment.drivers == ("kubernetes", "localkube")
        assert experiment.repeat >= 3


def test_a_service_of_two_pods_survives_the_loss_of_one(space: Space, tmp_path: Path) -> None:
    space.deploy(replicas=2)
    space.serve(entry=True)
    space.wait_ready(2)
    experiment = quick("k8s-kill-pod")
    outcome, memory = run(space, experiment, tmp_path)
    assert outcome == RunOutcome()
    assert set(memory.verdicts(experiment).values()) == {Status.PASS}
    rails = next(body for topic, body in memory.notes if topic == "chaos.rails")
    assert rails["driver"] == "localkube"
    assert rails["fingerprint"].startswith("localkube:")


def test_a_single_pod_that_boots_slowly_fails_the_recovery_objective(
    space: Space, tmp_path: Path
) -> None:
    space.deploy(replicas=1, boot_s=1.5)
    space.serve(entry=True)
    space.wait_ready(1)
    why = "the planted defect: one replica, and a slow start"
    experiment = quick("k8s-kill-pod", rto_s=1.0, all_kill=why, max_share=1.0, min_survivors=0)
    outcome, memory = run(space, experiment, tmp_path)
    assert outcome == RunOutcome()
    assert memory.verdicts(experiment)["rto"] is Status.FAIL
    assert space.ready() == 1


def test_a_single_pod_is_refused_where_a_survivor_is_asked_for(
    space: Space, tmp_path: Path
) -> None:
    space.deploy(replicas=1)
    space.serve(entry=True)
    space.wait_ready(1)
    before = space.pods()[0].metadata.uid
    outcome, memory = run(space, quick("k8s-kill-pod"), tmp_path)
    assert outcome.refused is not None
    assert outcome.refused.refusal is not None
    assert outcome.refused.refusal.rail == "cap"
    assert all(isinstance(each.about, Gap) for each in memory.seen)
    assert space.pods()[0].metadata.uid == before


def test_an_account_without_rights_is_refused_before_anything_happens(
    space: Space, tmp_path: Path
) -> None:
    space.deploy(replicas=2)
    space.serve(entry=True)
    space.wait_ready(2)
    space.api.core.create_namespaced_service_account(space.name, {"metadata": {"name": "nobody"}})
    path = str(space.account("nobody", tmp_path))
    outcome, _ = run(space, quick("k8s-kill-pod"), tmp_path, kubeconfig=path)
    assert outcome.refused is not None
    assert outcome.refused.refusal is not None
    assert 'cannot get resource "namespaces"' in outcome.refused.refusal.detail
    assert space.ready() == 2


def test_a_killed_runners_fault_is_taken_back_by_its_watchdog(space: Space, tmp_path: Path) -> None:
    space.deploy(replicas=2)
    url = space.serve(entry=True)
    space.wait_ready(2)
    (tmp_path / "clinigate.toml").write_text(
        f"""
        [subject]
        name = "service"
        version = "1"
        [chaos.environments.test]
        driver = "localkube"
        namespaces = ["{space.name}"]
        kubeconfig = "{space.kube.kubeconfig}"
        """
    )
    command = [sys.executable, "-m", "clinigate", "chaos", "run", "k8s-deny-network"]
    command += ["--environment", "test", "--repeat", "1"]
    runner = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        policies = space.api.network.list_namespaced_network_policy
        until(lambda: policies(space.name).items)
        os.kill(runner.pid, signal.SIGKILL)
        runner.wait()
        until(lambda: not policies(space.name).items)
        until(lambda: not space.api.leases.list_namespaced_lease(space.name).items)
        until(lambda: not space.api.batch.list_namespaced_job(space.name).items)
    finally:
        runner.kill()
        runner.wait()
    assert {httpx.get(url, timeout=5).text for _ in range(4)} == {
        pod.metadata.name for pod in space.pods()
    }
