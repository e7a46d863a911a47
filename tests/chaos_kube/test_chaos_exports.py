"""Exports to Chaos Mesh and Litmus say what the experiment says, start nothing, and refuse else."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest
import yaml

from clinigate.chaos.exports import export
from clinigate.chaos.exports.common import seconds
from clinigate.chaos.exports.schema import check_document
from clinigate.chaos.model import Experiment
from clinigate.chaos.parse import find_experiment
from clinigate.errors import UsageError


def with_fault(name: str, kind: str, **parameters: Any) -> Experiment:
    shipped = find_experiment(name)
    return replace(shipped, fault=replace(shipped.fault, type=kind, parameters=parameters))


def documents(experiment: Experiment, form: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(export(experiment, form, namespace="clinic")))


def test_a_pod_kill_for_chaos_mesh_keeps_selector_cap_and_namespace() -> None:
    (document,) = documents(find_experiment("k8s-kill-pod"), "chaos-mesh")
    assert document["kind"] == "PodChaos"
    assert document["spec"] == {
        "mode": "fixed",
        "value": "1",
        "selector": {"namespaces": ["clinic"], "labelSelectors": {"app": "api"}},
        "action": "pod-kill",
        "gracePeriod": 0,
    }
    assert document["metadata"]["annotations"] == {"experiment.chaos-mesh.org/pause": "true"}


def test_a_local_kill_is_a_pod_kill_by_its_other_labels() -> None:
    (document,) = documents(find_experiment("kill-replica"), "chaos-mesh")
    assert document["spec"]["selector"]["labelSelectors"] == {"app": "api"}


@pytest.mark.parametrize(
    ("kind", "parameters", "chaos", "expected"),
    [
        ("network.deny", {}, "NetworkChaos", {"action": "partition", "direction": "both"}),
        ("network.latency", {"delay_s": 0.1}, "NetworkChaos", {"delay": {"latency": "100ms"}}),
        ("clock.skew", {"offset_s": -600}, "TimeChaos", {"timeOffset": "-600s"}),
        ("dns.fail", {"pattern": "db.*"}, "DNSChaos", {"patterns": ["db.*"]}),
        (
            "cpu.stress",
            {"workers": 2, "load_pct": 80},
            "StressChaos",
            {"stressors": {"cpu": {"workers": 2, "load": 80}}},
        ),
        (
            "memory.stress",
            {"workers": 1, "size": "256MB"},
            "StressChaos",
            {"stressors": {"memory": {"workers": 1, "size": "256MB"}}},
        ),
    ],
)
def test_each_fault_that_chaos_mesh_knows(
    kind: str, parameters: dict[str, Any], chaos: str, expected: dict[str, Any]
) -> None:
    (document,) = documents(with_fault("k8s-kill-pod", kind, **parameters), "chaos-mesh")
    assert document["kind"] == chaos
    assert document["spec"]["duration"] == "5s"
    assert expected.items() <= document["spec"].items()


def test_a_pod_kill_for_litmus_kills_one_pod_once_and_waits_to_be_started() -> None:
    (document,) = documents(find_experiment("k8s-kill-pod"), "litmus")
    spec = document["spec"]
    assert (spec["engineState"], spec["appinfo"]["applabel"]) == ("stop", "app=api")
    env = {
        each["name"]: each["value"] for each in spec["experiments"][0]["spec"]["components"]["env"]
    }
    assert spec["experiments"][0]["name"] == "pod-delete"
    assert env["TOTAL_CHAOS_DURATION"] == env["CHAOS_INTERVAL"] == "5"
    assert (env["PODS_AFFECTED_PERC"], env["FORCE"]) == ("0", "true")
    assert all(isinstance(value, str) for value in env.values())
    (everyone,) = documents(find_experiment("k8s-kill-all-pods"), "litmus")
    env = everyone["spec"]["experiments"][0]["spec"]["components"]["env"]
    assert {"name": "PODS_AFFECTED_PERC", "value": "100"} in env


@pytest.mark.parametrize(
    ("kind", "parameters", "name", "variable"),
    [
        ("network.deny", {}, "pod-network-loss", ("NETWORK_PACKET_LOSS_PERCENTAGE", "100")),
        ("network.latency", {"delay_s": 0.1}, "pod-network-latency", ("NETWORK_LATENCY", "100")),
        ("cpu.stress", {"workers": 2, "load_pct": 80}, "pod-cpu-hog", ("CPU_LOAD", "80")),
        ("memory.stress", {"megabytes": 500}, "pod-memory-hog", ("MEMORY_CONSUMPTION", "500")),
    ],
)
def test_each_fault_that_litmus_knows(
    kind: str, parameters: dict[str, Any], name: str, variable: tuple[str, str]
) -> None:
    (document,) = documents(with_fault("k8s-kill-pod", kind, **parameters), "litmus")
    found = document["spec"]["experiments"][0]
    assert found["name"] == name
    assert {"name": variable[0], "value": variable[1]} in found["spec"]["components"]["env"]


@pytest.mark.parametrize("form", ["chaos-mesh", "litmus"])
def test_the_head_says_what_was_left_behind(form: str) -> None:
    text = export(find_experiment("k8s-kill-pod"), form, namespace="clinic")
    head = [line for line in text.splitlines() if line.startswith("#")]
    assert any("survivors: 1" in line and "abort: entry.bad_share > 90%" in line for line in head)
    assert any("start it with" in line for line in head)


@pytest.mark.parametrize("form", ["chaos-mesh", "litmus"])
@pytest.mark.parametrize(
    ("experiment", "why"),
    [
        ("freeze-replica", "has nothing that does what 'process.freeze' does"),
        ("k8s-scale-to-zero", "has nothing that does what 'workload.scale-zero' does"),
        ("latency-100ms", "of kind 'link', which only local drivers know"),
        ("disk-full", "which only local drivers know"),
    ],
)
def test_what_cannot_be_expressed_is_refused(form: str, experiment: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        export(find_experiment(experiment), form, namespace="clinic")


def test_a_cap_or_a_selector_that_litmus_cannot_keep_is_refused() -> None:
    shipped = find_experiment("k8s-kill-pod")
    two = replace(shipped.fault.target, max_count=2)
    with pytest.raises(UsageError, match="cannot keep the cap of 2 pods"):
        export(replace(shipped, fault=replace(shipped.fault, target=two)), "litmus")
    labels = replace(shipped.fault.target, selector={"app": "api", "tier": "web"})
    with pytest.raises(UsageError, match="selects by one label, this experiment by 2"):
        export(replace(shipped, fault=replace(shipped.fault, target=labels)), "litmus")
    with pytest.raises(UsageError, match="whole seconds"):
        export(replace(shipped, fault=replace(shipped.fault, duration_s=0.5)), "litmus")
    none = replace(shipped.fault.target, selector={"kind": "process"})
    with pytest.raises(UsageError, match="no label is left"):
        export(replace(shipped, fault=replace(shipped.fault, target=none)), "chaos-mesh")


@pytest.mark.parametrize("namespace", ["kube-system", "istio-system", "crisis-line"])
def test_namespaces_that_are_never_touched_are_no_export(namespace: str) -> None:
    with pytest.raises(UsageError, match="never touched"):
        export(find_experiment("k8s-kill-pod"), "chaos-mesh", namespace=namespace)


@pytest.mark.parametrize(
    ("kind", "parameters", "why"),
    [
        ("network.latency", {}, "needs fault.parameters.delay_s"),
        ("network.latency", {"delay_s": True}, "got True"),
        ("network.latency", {"delay_s": -1}, "got -1"),
        ("clock.skew", {"offset_s": 0}, "got 0"),
        ("cpu.stress", {"workers": 0, "load_pct": 10}, "workers, a whole number above 0"),
        ("dns.fail", {"pattern": ""}, "pattern, a text"),
        ("cpu.stress", {"workers": 1, "load_pct": 500}, "less than or equal to 100"),
    ],
)
def test_parameters_that_are_missing_or_wrong_are_refused(
    kind: str, parameters: dict[str, Any], why: str
) -> None:
    with pytest.raises(UsageError, match=why):
        export(with_fault("k8s-kill-pod", kind, **parameters), "chaos-mesh")


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(UsageError, match="there are chaos-mesh, litmus"):
        export(find_experiment("k8s-kill-pod"), "pumba")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("spec", "action"), "pod-kil"),
        (("spec", "mode"), "all"),
        (("spec", "value"), 1),
        (("spec", "selector", "labelSelectors"), {}),
        (("spec", "selector", "namespaces"), []),
        (("spec", "selector", "namespace"), "clinic"),
        (("spec", "gracePeriod"), 30),
        (("spec", "duration"), 5),
        (("metadata", "name"), "Not_A_Name"),
        (("kind",), "PodChaoss"),
        (("status",), {}),
    ],
)
def test_the_schema_catches_each_mistake(path: tuple[str, ...], value: Any) -> None:
    (document,) = documents(find_experiment("k8s-kill-pod"), "chaos-mesh")
    check_document(copy.deepcopy(document))
    place = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(UsageError):
        check_document(document)


@pytest.mark.parametrize(
    ("value", "said"), [(5, "5s"), (0.25, "250ms"), (90, "90s"), (1.5, "1500ms")]
)
def test_durations_are_texts_with_a_unit(value: float, said: str) -> None:
    assert seconds(value) == said
