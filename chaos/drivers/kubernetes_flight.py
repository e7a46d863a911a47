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
from typing import Any

from clinigate.chaos.drivers.base import Victim
from clinigate.chaos.drivers.kubernetes_api import TIMEOUT_S, Api, api_errors, is_missing
from clinigate.chaos.model import FaultSpec
from clinigate.errors import TargetError

__all__ = ["LEASE", "MARK", "board", "deadman_name", "flight_id", "has_landed", "land"]

LEASE = "clinigate-chaos"
MARK = "clinigate.io/chaos-id"
#: How long the cluster waits for the runner's own undo before it takes the objects away.
_MARGIN_S = 30.0


def flight_id(fault: FaultSpec, victims: tuple[Victim, ...]) -> str:
    """A short name of this injection, the same in each process of this machine."""
    text = "\n".join([platform.node(), fault.type, *sorted(victim.uid for victim in victims)])
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def deadman_name(identity: str) -> str:
    """The Job's name."""
    return f"clinigate-deadman-{identity}"


def board(api: Api, namespace: str, identity: str, duration_s: float) -> dict[str, Any]:
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
        _delete(api.batch.delete_namespaced_job, deadman_name(identity), namespace)
        raise
    return owner


def _start_deadman(api: Api, namespace: str, identity: str, lasts_s: int) -> dict[str, Any]:
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
    with api_errors("create the dead man's switch (a Job)"):
        made = api.batch.create_namespaced_job(namespace, job, _request_timeout=TIMEOUT_S)
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "name": made.metadata.name,
        "uid": made.metadata.uid,
    }


def _take(api: Api, namespace: str, lease: dict[str, Any]) -> None:
    from kubernetes.client.exceptions import ApiException

    try:
        with api_errors("create the lease"):
            api.leases.create_namespaced_lease(namespace, lease, _request_timeout=TIMEOUT_S)
    except TargetError as error:
        cause = error.__cause__
        if not isinstance(cause, ApiException) or cause.status != 409:
            raise
        _take_over(api, namespace, lease)


def _take_over(api: Api, namespace: str, lease: dict[str, Any]) -> None:
    """Replace an expired Lease; the version makes sure that only one of two that try succeeds."""
    with api_errors("read the lease"):
        held = api.leases.read_namespaced_lease(LEASE, namespace, _request_timeout=TIMEOUT_S)
    lasts_s = held.spec.lease_duration_seconds or 0
    since = held.spec.renew_time
    if since is not None and (datetime.now(UTC) - since).total_seconds() < lasts_s:
        raise TargetError(
            f"experiment {held.spec.holder_identity!r} holds the lease {LEASE!r} in namespace "
            f"{namespace!r} for at most {lasts_s} s; one experiment at a time"
        )
    version = held.metadata.resource_version
    body = {**lease, "metadata": {**lease["metadata"], "resourceVersion": version}}
    with api_errors("take over an expired lease"):
        api.leases.replace_namespaced_lease(LEASE, namespace, body, _request_timeout=TIMEOUT_S)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def land(api: Api, namespace: str, identity: str) -> None:
    """Give the Lease back and end the switch; what the Job owns goes with it. Idempotent."""
    if _holder(api, namespace) == identity:
        _delete(api.leases.delete_namespaced_lease, LEASE, namespace)
    _delete(api.batch.delete_namespaced_job, deadman_name(identity), namespace)


def has_landed(api: Api, namespace: str, identity: str) -> bool:
    """Whether neither Lease nor switch of this injection are left."""
    from kubernetes.client.exceptions import ApiException

    if _holder(api, namespace) == identity:
        return False
    with api_errors("look for the dead man's switch"):
        try:
            api.batch.read_namespaced_job(
                deadman_name(identity), namespace, _request_timeout=TIMEOUT_S
            )
        except ApiException as error:
            if is_missing(error):
                return True
            raise
    return False


def _holder(api: Api, namespace: str) -> str | None:
    from kubernetes.client.exceptions import ApiException

    with api_errors("read the lease"):
        try:
            held = api.leases.read_namespaced_lease(LEASE, namespace, _request_timeout=TIMEOUT_S)
        except ApiException as error:
            if is_missing(error):
                return None
            raise
    identity: str | None = held.spec.holder_identity
    return identity


def _delete(function: Any, name: str, namespace: str) -> None:
    from kubernetes.client.exceptions import ApiException

    with api_errors(f"delete {name}"):
        try:
            function(name, namespace, propagation_policy="Background", _request_timeout=TIMEOUT_S)
        except ApiException as error:
            if not is_missing(error):
                raise
