"""Reaching a Kubernetes API, always verified, and its errors as ours.

The client library takes a second to import, so that it is loaded only when somebody connects.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clinigate.chaos.drivers.base import NotAvailableError
from clinigate.chaos.model import Json
from clinigate.errors import MissingExtraError, TargetError, UsageError

__all__ = ["TIMEOUT_S", "Api", "KubeAccess", "api_errors", "is_missing"]

TIMEOUT_S = 10.0
_PARTS = {
    "core": "CoreV1Api",
    "apps": "AppsV1Api",
    "batch": "BatchV1Api",
    "leases": "CoordinationV1Api",
    "network": "NetworkingV1Api",
    "policy": "PolicyV1Api",
    "authorization": "AuthorizationV1Api",
    "version": "VersionApi",
}
_IN_POD = Path("/var/run/secrets/kubernetes.io/serviceaccount/token")


@dataclass(frozen=True, slots=True)
class KubeAccess:
    """How the API is reached; plain data, so that an undo in a fresh process reaches the same one.

    Attributes:
        kubeconfig: a file's path; None inside of a pod, where the pod's service account is used.
        context: of the kubeconfig; None is its current one.
    """

    kubeconfig: str | None
    context: str | None = None

    @classmethod
    def from_settings(cls, settings: Mapping[str, str]) -> KubeAccess:
        """Choose by `kubeconfig` and `context`, then KUBECONFIG, the pod's account, ~/.kube/config.

        Raises:
            UsageError: none of them is there.
        """
        context = settings.get("context")
        named = settings.get("kubeconfig") or os.environ.get("KUBECONFIG")
        if named:
            return cls(str(Path(named).absolute()), context)
        if _IN_POD.is_file():
            return cls(None)
        usual = Path.home() / ".kube" / "config"
        if usual.is_file():
            return cls(str(usual), context)
        raise UsageError(
            "no Kubernetes API is configured; set kubeconfig in [chaos.environments.NAME], or "
            "KUBECONFIG, or run inside of the cluster"
        )

    @classmethod
    def from_json(cls, plain: Mapping[str, Json]) -> KubeAccess:
        """Read what `to_json` gave."""
        kubeconfig, context = plain.get("kubeconfig"), plain.get("context")
        return cls(
            None if kubeconfig is None else str(kubeconfig),
            None if context is None else str(context),
        )

    def to_json(self) -> dict[str, Json]:
        """As JSON; it names the credentials' file and holds none."""
        return {"kubeconfig": self.kubeconfig, "context": self.context}

    def connect(self) -> Api:
        """A client of the API.

        Raises:
            MissingExtraError: the client library isn't installed.
            UsageError: the kubeconfig is wrong, or switches verification off.
        """
        try:
            from kubernetes import client
            from kubernetes import config as kubernetes_config
        except ImportError as error:
            raise MissingExtraError("driver kubernetes", "chaos") from error
        config: Any = kubernetes_config  # its functions carry no types
        configuration = client.Configuration()
        try:
            if self.kubeconfig is None:
                config.load_incluster_config(client_configuration=configuration)
            else:
                config.load_kube_config(
                    config_file=self.kubeconfig,
                    context=self.context,
                    client_configuration=configuration,
                )
        except (config.ConfigException, OSError, ValueError) as error:
            place = self.kubeconfig or "the pod's service account"
            raise UsageError(f"{place} cannot be used to reach Kubernetes: {error}") from error
        _check_verified(configuration, self.kubeconfig or "in-cluster configuration")
        return Api(self, client.ApiClient(configuration))


def _check_verified(configuration: Any, place: str) -> None:
    if not str(configuration.host).startswith("https://"):
        raise UsageError(f"{place}: the API's address is no https address; experiments need one")
    if not configuration.verify_ssl:
        raise UsageError(
            f"{place}: insecure-skip-tls-verify is on; who answers must be verified before "
            "anything is broken there: give certificate-authority-data instead"
        )


class Api:
    """The parts of the API that experiments use, on one verified connection.

    They are typed `Any`, because the library's models make every field of every answer optional.
    Each part is loaded when it is first used: some take a second, and an undo is in a hurry.
    """

    def __init__(self, access: KubeAccess, client: Any) -> None:
        self.access = access
        self.client = client

    def __getattr__(self, name: str) -> Any:
        if name not in _PARTS:
            raise AttributeError(name)
        from kubernetes import client as library

        part = getattr(library, _PARTS[name])(self.client)
        setattr(self, name, part)
        return part

    def is_localkube(self) -> bool:
        """Whether this is our stand-in, by the version that it states."""
        with api_errors("read the version"):
            found = self.version.get_code(_request_timeout=TIMEOUT_S)
        return str(found.git_version).endswith("-localkube")


def is_missing(error: Exception) -> bool:
    """Whether an error of the client library says that the object is not there."""
    return getattr(error, "status", None) == 404


@contextmanager
def api_errors(doing: str) -> Iterator[None]:
    """Turn the client library's errors into ours; `doing` says what was tried, as `delete a pod`.

    Raises:
        NotAvailableError: the account may not do it.
        TargetError: everything else that went wrong.
    """
    from kubernetes.client.exceptions import ApiException
    from urllib3.exceptions import HTTPError

    try:
        yield
    except ApiException as error:
        said = _message(error)
        if error.status == 401:
            raise TargetError(
                f"cannot {doing}: the Kubernetes API does not know these credentials; renew them"
            ) from error
        if error.status == 403:
            raise NotAvailableError(
                f"may not {doing}: {said}; grant it with deploy/kubernetes/chaos.yaml"
            ) from error
        raise TargetError(f"cannot {doing}: {error.status} {said}") from error
    except HTTPError as error:
        raise TargetError(f"cannot {doing}: the Kubernetes API is not reached: {error}") from error


def _message(error: Any) -> str:
    try:
        return str(json.loads(error.body)["message"])
    except (TypeError, ValueError, KeyError):
        return str(error.reason)
