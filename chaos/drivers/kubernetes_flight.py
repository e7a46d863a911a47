"""One experiment at a time in a namespace, and the dead man's switch that the cluster itself pulls.

The Lease keeps a second runner out, also one on another machine. The Job never runs a pod: it owns
every object that a fault creates, and when its deadline is over the cluster deletes it and with it
all that it owns, whether or not a runner is left.
"""

from __future__ import annotations

import hashlib
import math
import platform
from datetime import UTC, datetime

from clinigate.chaos.drivers.base import Victim
from clinigate.chaos.drivers.kubernetes_api import Api, ApiRefusedError, Manifest, place
from clinigate.chaos.model import FaultSpec
from clinigate.errors import TargetError

__all__ = ["LEASE", "MARK", "board", "deadman_name", "flight_id", "has_landed", "land"]

LEASE = "clinigate-chaos"
MARK = "clinigate.io/chaos-id"
#: How long the cluster waits for the runner's own undo before it takes the objects away.
_MARGIN_S = 30.0


def flight_id(fault: FaultSpec, victims: tuple[Victim, ...], flight: str = "") -> str:
    """A short name of this injection, the same in each process of one run and in no other run.

    `flight` is the run's own (a setting of the driver), without which two runs of one machine on
    the same pods would be taken for each other.
    """
    uids = sorted(victim.uid for victim in victims)
    text = "\n".join([platform.node(), flight, fault.type, *uids])
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def deadman_name(identity: str) -> str:
    """The Job's name."""
    return f"clinigate-deadman-{identity}"


def board(api: Api, namespace: str, identity: str, duration_s: float) -> Manifest:
    """Take the Lease and start the dead man's switch; returns the owner reference for objects.

    Raises:
        TargetError: another experiment holds the Lease, or the API refuses.
    """
    lasts_s = math.ceil(duration_s + _MARGIN_S)
    owner = _start_deadman(api, namespace, identity, lasts_s)
    lease = {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": LEASE, "ownerReferences": [owner]},
        "spec": {
            "holderIdentity": identity,
            "leaseDurationSeconds": lasts_s,
            "acquireTime": _now(),
            "renewTime": _now(),
        },
    }
    try:
        _take(api, namespace, lease)
    except TargetError:
        api.remove(place("jobs", namespace, deadman_name(identity)), "end the dead man's switch")
        raise
    return owner


def _start_deadman(api: Api, namespace: str, identity: str, lasts_s: int) -> Manifest:
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": deadman_name(identity), "labels": {MARK: identity}},
        "spec": {
            "activeDeadlineSeconds": lasts_s,
            "ttlSecondsAfterFinished": 0,
            "backoffLimit": 0,
            "parallelism": 0,
            "template": {
                "spec": {
                    "restartPolicy": "Never",
                    "automountServiceAccountToken": False,
                    # Never pulled: with parallelism 0 the Job has a deadline and no pod.
                    "containers": [{"name": "none", "image": "none"}],
                }
            },
        },
    }
    doing = "create the dead man's switch (a Job)"
    made = api.create(place("jobs", namespace), job, doing)["metadata"]
    return {"apiVersion": "batch/v1", "kind": "Job", "name": made["name"], "uid": made["uid"]}


def _take(api: Api, namespace: str, lease: Manifest) -> None:
    try:
        api.create(place("leases", namespace), lease, "create the lease")
    except ApiRefusedError as refusal:
        if refusal.status != 409:
            raise
        _take_over(api, namespace, lease)


def _take_over(api: Api, namespace: str, lease: Manifest) -> None:
    """Replace an expired Lease; the version makes sure that only one of two that try succeeds."""
    path = place("leases", namespace, LEASE)
    held = api.get(path, "read the lease")
    spec = held.get("spec") or {}
    lasts_s, since = spec.get("leaseDurationSeconds") or 0, spec.get("renewTime")
    if since is not None and _age_s(since) < lasts_s:
        raise TargetError(
            f"experiment {spec.get('holderIdentity')!r} holds the lease {LEASE!r} in namespace "
            f"{namespace!r} for at most {lasts_s} s; one experiment at a time"
        )
    version = held["metadata"]["resourceVersion"]
    body = {**lease, "metadata": {**lease["metadata"], "resourceVersion": version}}
    api.replace(path, body, "take over an expired lease")


def _age_s(text: str) -> float:
    return (datetime.now(UTC) - datetime.fromisoformat(text)).total_seconds()


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def land(api: Api, namespace: str, identity: str) -> None:
    """Give the Lease back and end the switch; what the Job owns goes with it. Idempotent."""
    if _holder(api, namespace) == identity:
        api.remove(place("leases", namespace, LEASE), "give the lease back")
    api.remove(place("jobs", namespace, deadman_name(identity)), "end the dead man's switch")


def has_landed(api: Api, namespace: str, identity: str) -> bool:
    """Whether neither Lease nor switch of this injection are left."""
    if _holder(api, namespace) == identity:
        return False
    path = place("jobs", namespace, deadman_name(identity))
    return api.find(path, "look for the dead man's switch") is None


def _holder(api: Api, namespace: str) -> str | None:
    held = api.find(place("leases", namespace, LEASE), "read the lease")
    return None if held is None else (held.get("spec") or {}).get("holderIdentity")
