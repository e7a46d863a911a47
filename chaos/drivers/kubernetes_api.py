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
from urllib.parse import quote, urlencode

from clinigate.chaos.drivers.base import NotAvailableError
from clinigate.chaos.model import Json
from clinigate.errors import ClinigateError, MissingExtraError, TargetError, UsageError

__all__ = ["Api", "ApiRefusedError", "KubeAccess", "Manifest", "api_errors", "place"]

#: One API object as JSON; its shape is the API's own.
Manifest = dict[str, Any]

_TIMEOUT_S = 10.0
#: Where resources beyond the core group are.
_PREFIXES = {
    "deployments": "/apis/apps/v1",
    "replicasets": "/apis/apps/v1",
    "statefulsets": "/apis/apps/v1",
    "jobs": "/apis/batch/v1",
    "leases": "/apis/coordination.k8s.io/v1",
    "networkpolicies": "/apis/networking.k8s.io/v1",
    "poddisruptionbudgets": "/apis/policy/v1",
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
            source = self.kubeconfig or "the pod's service account"
            raise UsageError(f"{source} cannot be used to reach Kubernetes: {error}") from error
        _check_verified(configuration, self.kubeconfig or "in-cluster configuration")
        return Api(self, client.ApiClient(configuration))


def _check_verified(configuration: Any, source: str) -> None:
    if not str(configuration.host).startswith("https://"):
        raise UsageError(f"{source}: the API's address is no https address; experiments need one")
    if not configuration.verify_ssl:
        raise UsageError(
            f"{source}: insecure-skip-tls-verify is on; who answers must be verified before "
            "anything is broken there: give certificate-authority-data instead"
        )


class ApiRefusedError(TargetError):
    """The API answered, and refused; `status` is the HTTP status."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class Api:
    """The verbs of the API on one verified connection, with plain JSON.

    The library brings the credentials and the connection; its classes for each group of resources
    are left out, since loading them takes longer than an undo may.
    """

    def __init__(self, access: KubeAccess, client: Any) -> None:
        self.access = access
        self.client = client

    def get(self, path: str, doing: str) -> Manifest:
        """Read an object or, with a query, a list.

        Raises:
            NotAvailableError: this account may not.
            ApiRefusedError: the API refuses, with 404 where nothing is there.
            TargetError: the API isn't reached.
        """
        return self._ask("GET", path, doing)

    def find(self, path: str, doing: str) -> Manifest | None:
        """As `get`; None where nothing is there."""
        try:
            return self.get(path, doing)
        except ApiRefusedError as refusal:
            if refusal.status == 404:
                return None
            raise

    def create(self, path: str, body: Manifest, doing: str) -> Manifest:
        """Create in a collection; raises as `get`."""
        return self._ask("POST", path, doing, body)

    def replace(self, path: str, body: Manifest, doing: str) -> Manifest:
        """Replace an object; raises as `get`, with 409 where it changed meanwhile."""
        return self._ask("PUT", path, doing, body)

    def merge(self, path: str, body: Manifest, doing: str) -> Manifest:
        """Merge a patch into an object; raises as `get`."""
        return self._ask("PATCH", path, doing, body, "application/merge-patch+json")

    def remove(self, path: str, doing: str) -> None:
        """Delete an object, and what it owns with it; also where nothing is there."""
        options = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background"}
        try:
            self._ask("DELETE", path, doing, options)
        except ApiRefusedError as refusal:
            if refusal.status != 404:
                raise

    def _ask(
        self,
        method: str,
        path: str,
        doing: str,
        body: Manifest | None = None,
        content_type: str = "application/json",
    ) -> Manifest:
        configuration = self.client.configuration
        headers = {"Accept": "application/json", "Content-Type": content_type}
        for each in configuration.auth_settings().values():
            headers[each["key"]] = each["value"]
        with api_errors(doing):
            response = self.client.rest_client.request(
                method,
                configuration.host + path,
                headers=headers,
                body=body,
                _request_timeout=_TIMEOUT_S,
            )
            return _answer(response.status, response.read(), doing)

    def is_localkube(self) -> bool:
        """Whether this is our stand-in, by the version that it states."""
        found = self.get("/version", "read the version")
        return str(found.get("gitVersion")).endswith("-localkube")


def place(plural: str, namespace: str, name: str = "", **query: str) -> str:
    """The path of a collection or an object in a namespace."""
    path = f"{_PREFIXES.get(plural, '/api/v1')}/namespaces/{quote(namespace)}/{plural}"
    if name:
        path += f"/{quote(name)}"
    return f"{path}?{urlencode(query)}" if query else path


def _answer(status: int, data: bytes, doing: str) -> Manifest:
    try:
        body = json.loads(data)
    except ValueError:
        body = None
    if isinstance(body, dict) and 200 <= status < 300:
        return body
    said = str(body.get("message")) if isinstance(body, dict) else "no JSON"
    raise _refusal(doing, status, said)


def _refusal(doing: str, status: int, said: str) -> ClinigateError:
    if status == 401:
        return TargetError(
            f"cannot {doing}: the Kubernetes API does not know these credentials; renew them"
        )
    if status == 403:
        return NotAvailableError(
            f"may not {doing}: {said}; grant it with deploy/kubernetes/chaos.yaml"
        )
    return ApiRefusedError(f"cannot {doing}: {status} {said}", status)


@contextmanager
def api_errors(doing: str) -> Iterator[None]:
    """Turn the client library's errors into ours; `doing` says what was tried, as `delete a pod`.

    Raises:
        NotAvailableError: the account may not do it.
        ApiRefusedError: the API refuses for another reason.
        TargetError: the API isn't reached, or doesn't know the credentials.
    """
    from kubernetes.client.exceptions import ApiException
    from urllib3.exceptions import HTTPError

    try:
        yield
    except ApiException as error:
        if not error.status:
            raise _unreached(doing, error.reason) from error
        raise _refusal(doing, error.status, _message(error)) from error
    except HTTPError as error:
        raise _unreached(doing, error) from error


def _unreached(doing: str, why: object) -> TargetError:
    return TargetError(f"cannot {doing}: the Kubernetes API is not reached: {why}")


def _message(error: Any) -> str:
    try:
        return str(json.loads(error.body)["message"])
    except (TypeError, ValueError, KeyError):
        return str(error.reason)
