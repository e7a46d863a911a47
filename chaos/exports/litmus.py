"""Experiments as Litmus ChaosEngines; each is written stopped, since applying one starts it."""

from __future__ import annotations

from clinigate.chaos.exports.common import Document, number, pods_of, refuse, whole
from clinigate.chaos.model import Experiment
from clinigate.errors import UsageError

__all__ = ["HEAD", "litmus"]

_START = (
    "Written stopped; start it with: kubectl patch chaosengine NAME --type merge "
    """-p '{"spec":{"engineState":"active"}}'"""
)

HEAD = (
    _START,
    "The fault of this name from Litmus' hub, and the service account, must be installed.",
)

_TOOL = "Litmus"
_ACCOUNT = "litmus-admin"
#: Our fault: theirs.
_FAULTS = {
    "pod.kill": "pod-delete",
    "process.kill": "pod-delete",
    "network.deny": "pod-network-loss",
    "network.latency": "pod-network-latency",
    "cpu.stress": "pod-cpu-hog",
    "memory.stress": "pod-memory-hog",
}


def litmus(experiment: Experiment, namespace: str) -> list[Document]:
    """The one engine that injects the experiment's fault.

    Raises:
        UsageError: Litmus has no such fault, or cannot keep its cap.
    """
    labels = pods_of(experiment, _TOOL)
    name = _FAULTS.get(experiment.fault.type)
    if name is None:
        raise refuse(experiment, _TOOL, sorted(_FAULTS))
    if len(labels) != 1:
        raise UsageError(
            f"{experiment.name}: a Litmus engine selects by one label, this experiment by "
            f"{len(labels)}; give its pods one label of their own"
        )
    ((key, value),) = labels.items()
    variables = {
        **_timing(experiment),
        **_strength(experiment),
        "PODS_AFFECTED_PERC": _share(experiment),
    }
    env = [{"name": each, "value": variables[each]} for each in sorted(variables)]
    return [
        {
            "apiVersion": "litmuschaos.io/v1alpha1",
            "kind": "ChaosEngine",
            "metadata": {
                "name": experiment.name,
                "namespace": namespace,
                "labels": {"app.kubernetes.io/managed-by": "clinigate"},
            },
            "spec": {
                "engineState": "stop",
                "annotationCheck": "false",
                "appinfo": {
                    "appns": namespace,
                    "applabel": f"{key}={value}",
                    "appkind": "deployment",
                },
                "chaosServiceAccount": _ACCOUNT,
                "jobCleanUpPolicy": "retain",
                "experiments": [{"name": name, "spec": {"components": {"env": env}}}],
            },
        }
    ]


def _timing(experiment: Experiment) -> dict[str, str]:
    duration = experiment.fault.duration_s
    if duration != int(duration):
        raise UsageError(
            f"{experiment.name}: Litmus counts whole seconds, the fault lasts {duration:g} s"
        )
    timing = {"TOTAL_CHAOS_DURATION": str(int(duration)), "SEQUENCE": "parallel"}
    if experiment.fault.type in ("pod.kill", "process.kill"):
        # As long as the whole, so that it kills once and not again and again.
        timing |= {"CHAOS_INTERVAL": str(int(duration)), "FORCE": "true"}
    return timing


def _strength(experiment: Experiment) -> dict[str, str]:
    match experiment.fault.type:
        case "network.deny":
            return {"NETWORK_PACKET_LOSS_PERCENTAGE": "100"}
        case "network.latency":
            milliseconds = round(1000 * number(experiment, "delay_s", _TOOL))
            return {"NETWORK_LATENCY": str(milliseconds)}
        case "cpu.stress":
            return {
                "CPU_CORES": str(whole(experiment, "workers", _TOOL)),
                "CPU_LOAD": str(whole(experiment, "load_pct", _TOOL)),
            }
        case "memory.stress":
            return {"MEMORY_CONSUMPTION": str(whole(experiment, "megabytes", _TOOL))}
    return {}


def _share(experiment: Experiment) -> str:
    """Litmus caps by percent alone; 0 means one pod, which is the only number that it can keep."""
    target = experiment.fault.target
    if target.all_kill is not None and target.max_share >= 1:
        return "100"
    if target.max_count == 1:
        return "0"
    raise UsageError(
        f"{experiment.name}: Litmus caps its targets by percent only and cannot keep the cap of "
        f"{target.max_count} pods; use max: 1, or all with its reason"
    )
