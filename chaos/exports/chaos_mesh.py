"""Experiments as Chaos Mesh objects; each is written paused, since applying one starts it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from clinigate.chaos.exports.common import Document, number, pods_of, refuse, seconds, text, whole
from clinigate.chaos.model import Experiment

__all__ = ["HEAD", "chaos_mesh"]

HEAD = (
    "Written paused; start it with: kubectl annotate KIND NAME experiment.chaos-mesh.org/pause-",
    "NetworkChaos and DNSChaos need tc netem and the DNS plugin of Chaos Mesh on the nodes.",
)

_API = "chaos-mesh.org/v1alpha1"
_TOOL = "Chaos Mesh"


def chaos_mesh(experiment: Experiment, namespace: str) -> list[Document]:
    """The one object that injects the experiment's fault.

    Raises:
        UsageError: Chaos Mesh has no such fault, or cannot keep its cap.
    """
    labels = pods_of(experiment, _TOOL)
    make = _OBJECTS.get(experiment.fault.type)
    if make is None:
        raise refuse(experiment, _TOOL, sorted(_OBJECTS))
    kind, own = make(experiment, namespace)
    selector = {"namespaces": [namespace], "labelSelectors": labels}
    value = str(experiment.fault.target.max_count)
    return [
        {
            "apiVersion": _API,
            "kind": kind,
            "metadata": {
                "name": experiment.name,
                "namespace": namespace,
                "labels": {"app.kubernetes.io/managed-by": "clinigate"},
                "annotations": {"experiment.chaos-mesh.org/pause": "true"},
            },
            # A fixed number is a cap: with fewer pods it takes those that there are.
            "spec": {"mode": "fixed", "value": value, "selector": selector, **own},
        }
    ]


def _kill(_experiment: Experiment, _namespace: str) -> tuple[str, dict[str, Any]]:
    return "PodChaos", {"action": "pod-kill", "gracePeriod": 0}


def _partition(experiment: Experiment, namespace: str) -> tuple[str, dict[str, Any]]:
    peers = {"mode": "all", "selector": {"namespaces": [namespace]}}
    return "NetworkChaos", {
        "action": "partition",
        "direction": "both",
        "target": peers,
        "duration": seconds(experiment.fault.duration_s),
    }


def _latency(experiment: Experiment, _namespace: str) -> tuple[str, dict[str, Any]]:
    delay = {"latency": seconds(number(experiment, "delay_s", _TOOL))}
    if "jitter_s" in experiment.fault.parameters:
        delay["jitter"] = seconds(number(experiment, "jitter_s", _TOOL))
    return "NetworkChaos", {
        "action": "delay",
        "direction": "to",
        "delay": delay,
        "duration": seconds(experiment.fault.duration_s),
    }


def _clock(experiment: Experiment, _namespace: str) -> tuple[str, dict[str, Any]]:
    offset = number(experiment, "offset_s", _TOOL, positive=False)
    sign = "-" if offset < 0 else ""
    return "TimeChaos", {
        "timeOffset": sign + seconds(abs(offset)),
        "duration": seconds(experiment.fault.duration_s),
    }


def _dns(experiment: Experiment, _namespace: str) -> tuple[str, dict[str, Any]]:
    patterns = [text(experiment, "pattern", _TOOL)]
    duration = seconds(experiment.fault.duration_s)
    return "DNSChaos", {"action": "error", "patterns": patterns, "duration": duration}


def _cpu(experiment: Experiment, _namespace: str) -> tuple[str, dict[str, Any]]:
    load = {
        "workers": whole(experiment, "workers", _TOOL),
        "load": whole(experiment, "load_pct", _TOOL),
    }
    duration = seconds(experiment.fault.duration_s)
    return "StressChaos", {"stressors": {"cpu": load}, "duration": duration}


def _memory(experiment: Experiment, _namespace: str) -> tuple[str, dict[str, Any]]:
    load = {
        "workers": whole(experiment, "workers", _TOOL),
        "size": text(experiment, "size", _TOOL),
    }
    duration = seconds(experiment.fault.duration_s)
    return "StressChaos", {"stressors": {"memory": load}, "duration": duration}


_OBJECTS: dict[str, Callable[[Experiment, str], tuple[str, dict[str, Any]]]] = {
    "pod.kill": _kill,
    "process.kill": _kill,
    "network.deny": _partition,
    "network.latency": _latency,
    "clock.skew": _clock,
    "dns.fail": _dns,
    "cpu.stress": _cpu,
    "memory.stress": _memory,
}
