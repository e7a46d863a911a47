"""The driver of clusters, and of localkube, which is none and never called one.

Settings: `namespaces` (the allow-list, required), `namespace` (one of them), `kubeconfig`,
`context`, `flight` (made for each run), and for the prober `entry`, `entry_ca`, `entry_token_env`.
"""

from __future__ import annotations

from collections.abc import Mapping

from clinigate.chaos.drivers.base import (
    DriverOptions,
    Environment,
    NotAvailableError,
    Probe,
    UndoStep,
    Victim,
    Witness,
    fault_action,
)
from clinigate.chaos.drivers.kubernetes_api import Api, KubeAccess
from clinigate.chaos.drivers.kubernetes_faults import DRIVERS
from clinigate.chaos.drivers.kubernetes_pods import Owner, find_pods, read_workload
from clinigate.chaos.drivers.kubernetes_probe import HttpProbe, find_entry
from clinigate.chaos.drivers.kubernetes_rails import allowed_namespaces, check_namespace
from clinigate.chaos.model import FaultSpec, Invariant
from clinigate.errors import UsageError

__all__ = ["KubernetesDriver", "connect", "connect_localkube"]

_ENVIRONMENT = "clinigate.io/environment"


def connect(options: DriverOptions) -> KubernetesDriver:
    """The driver `kubernetes`: a real cluster.

    Raises:
        UsageError: no namespace is allowed, or the API is localkube.
        TargetError: the API doesn't answer.
    """
    return _connect("kubernetes", options)


def connect_localkube(options: DriverOptions) -> KubernetesDriver:
    """The driver `localkube`: processes of this machine behind the API of a cluster.

    Raises:
        UsageError: no namespace is allowed, or the API is a real cluster's.
        TargetError: the API doesn't answer.
    """
    return _connect("localkube", options)


def _connect(name: str, options: DriverOptions) -> KubernetesDriver:
    assert name in DRIVERS  # whose faults are registered with the import
    namespaces = allowed_namespaces(options.settings)
    api = KubeAccess.from_settings(options.settings).connect()
    return KubernetesDriver(name, api, namespaces, options)


class KubernetesDriver:
    """Chaos Toolkit's Kubernetes actions behind our rails; see `base.Driver`."""

    def __init__(
        self, name: str, api: Api, namespaces: tuple[str, ...], options: DriverOptions
    ) -> None:
        self._name = name
        self._namespaces = namespaces
        self._options = options
        self.api = api

    @property
    def name(self) -> str:
        """`kubernetes` or `localkube`."""
        return self._name

    @property
    def flight(self) -> str:
        """What tells this run from all others; empty where nobody gave it one."""
        return self._options.settings.get("flight", "")

    def environment(self) -> Environment:
        """The environment by the uid of the cluster's kube-system namespace.

        A namespace that says where it belongs (label `clinigate.io/environment`) is believed more
        than the user.

        Raises:
            UsageError: it says another environment than the user, or this is the other kind of API.
            TargetError: the API doesn't answer.
        """
        self._check_kind()
        name = self._options.environment or "unnamed"
        for namespace in self._namespaces:
            said = check_namespace(self.api, namespace).get(_ENVIRONMENT)
            if said is not None and said != name:
                raise UsageError(
                    f"namespace {namespace!r} says that it belongs to environment {said!r}, "
                    f"not to {name!r}"
                )
        doing = "read namespace kube-system, which identifies the cluster"
        found = self.api.get("/api/v1/namespaces/kube-system", doing)
        return Environment(name, f"{self._name}:{found['metadata']['uid']}")

    def _check_kind(self) -> None:
        if self.api.is_localkube() is not (self._name == "localkube"):
            other = "kubernetes" if self._name == "localkube" else "localkube"
            raise UsageError(
                f"the API at hand is {'a real' if other == 'kubernetes' else 'no'} cluster's; "
                f"use driver {other!r}, so that evidence names what was tested"
            )

    def resolve(self, selector: Mapping[str, str]) -> tuple[Victim, ...]:
        """Ready pods with these labels in the allowed namespaces.

        Raises:
            UsageError: the selector is empty, or a namespace may not be touched.
            TargetError: the API doesn't answer.
        """
        found: list[Victim] = []
        for namespace in self._namespaces:
            check_namespace(self.api, namespace)
            found += find_pods(self.api, namespace, selector)
        return tuple(found)

    def members(self, group: str) -> tuple[Victim, ...]:
        """Ready pods of a workload.

        Raises:
            TargetError: the API doesn't answer.
        """
        owner = Owner.of(group)
        selector = read_workload(self.api, owner)["spec"]["selector"].get("matchLabels") or {}
        pods = find_pods(self.api, owner.namespace, selector)
        return tuple(pod for pod in pods if pod.group == group)

    def undo_steps(self, fault: FaultSpec, victims: tuple[Victim, ...]) -> tuple[UndoStep, ...]:
        """How the fault is taken back; see `kubernetes_faults`.

        Raises:
            NotAvailableError: this account lacks a right that the fault or its undo needs.
        """
        return tuple(fault_action(self._name, fault.type).undo_steps(self, fault, victims))

    def inject(self, fault: FaultSpec, victims: tuple[Victim, ...]) -> None:
        """Inject.

        Raises:
            VictimGoneError: a pod is no longer the one that was frozen.
            TargetError: another experiment runs there, or the API refuses.
        """
        self._check_kind()
        fault_action(self._name, fault.type).inject(self, fault, victims)

    def probe(self) -> Probe:
        """A prober of the entry.

        Raises:
            NotAvailableError: no entry is known.
        """
        return HttpProbe(find_entry(self.api, self._namespaces, self._options.settings))

    def witness(self, invariant: Invariant) -> Witness:
        """None here.

        Raises:
            NotAvailableError: always; a cluster offers its entry and nothing inside of it.
        """
        raise NotAvailableError(
            f"driver {self._name} watches the entry only, it has no witness for "
            f"{invariant.probe!r}; run that invariant on driver local"
        )
