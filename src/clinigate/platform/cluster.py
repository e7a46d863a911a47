"""Reading a Kubernetes API: verified, and nothing but read.

Only GET is ever sent, and no Secret is ever asked for. The client library brings the kubeconfig,
its credentials and the connection; it takes a second to import, so that it loads when asked for.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from clinigate.errors import ClinigateError, MissingExtraError, TargetError, UsageError

__all__ = ["Access", "Api", "Refused", "collection"]

_TIMEOUT_S = 15.0
_PAGE = 500
#: More than this of one kind is beyond what a person meant to judge by hand.
_MAX_PAGES = 100
_IN_POD = Path("/var/run/secrets/kubernetes.io/serviceaccount/token")


class Refused(TargetError):  # noqa: N818 - a refusal is what it is
    """The API answered with an error; `status` is the HTTP status."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Access:
    """How the API is reached.

    Attributes:
        kubeconfig: a file's path; None inside of a pod, with the pod's own account.
        context: of the kubeconfig; None is its current one.
    """

    kubeconfig: str | None
    context: str | None = None

    @classmethod
    def choose(cls, kubeconfig: str | None = None, context: str | None = None) -> Access:
        """Choose what is named, then KUBECONFIG, the pod's account, and ~/.kube/config.

        Raises:
            UsageError: none of them is there.
        """
        named = kubeconfig or os.environ.get("KUBECONFIG")
        if named:
            return cls(named, context)
        if _IN_POD.is_file():
            return cls(None)
        usual = Path.home() / ".kube" / "config"
        if usual.is_file():
            return cls(str(usual), context)
        raise UsageError(
            "no cluster is configured; give --kubeconfig, set [platform] kubeconfig or KUBECONFIG, "
            "or run inside of the cluster"
        )

    def connect(self) -> Api:
        """Return a connection; nothing is asked yet.

        Raises:
            MissingExtraError: the client library is not installed.
            UsageError: the kubeconfig is wrong, or switches verification off.
        """
        try:
            from kubernetes import client
            from kubernetes import config as kubernetes_config
        except ImportError as error:
            raise MissingExtraError("reading a live cluster", "security") from error
        config: Any = kubernetes_config  # its functions carry no types
        settings = client.Configuration()
        source = self.kubeconfig or "the pod's service account"
        try:
            if self.kubeconfig is None:
                config.load_incluster_config(client_configuration=settings)
            else:
                config.load_kube_config(self.kubeconfig, self.context, settings)
        except (config.ConfigException, OSError, ValueError) as error:
            raise UsageError(f"{source} cannot be used to reach Kubernetes: {error}") from error
        if not str(settings.host).startswith("https://") or not settings.verify_ssl:
            raise UsageError(
                f"{source}: who answers is not verified (no https, or insecure-skip-tls-verify); "
                "give certificate-authority-data instead"
            )
        return Api(client.ApiClient(settings), self._name(config))

    def _name(self, config: Any) -> str:
        if self.kubeconfig is None:
            return "in-cluster"
        return self.context or str(config.list_kube_config_contexts(self.kubeconfig)[1]["name"])


class Api:
    """GET, with plain JSON."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self.name = name

    def get(self, path: str, **query: str) -> dict[str, Any]:
        """Read an object or a list.

        Raises:
            Refused: the API answers with an error.
            TargetError: it is not reached, or answers no JSON.
        """
        from urllib3.exceptions import HTTPError

        settings = self._client.configuration
        headers = {"Accept": "application/json"}
        for each in settings.auth_settings().values():
            headers[each["key"]] = each["value"]
        address = f"{settings.host}{path}" + (f"?{urlencode(query)}" if query else "")
        try:
            response = self._client.rest_client.pool_manager.request(
                "GET",
                address,
                headers=headers,
                timeout=_TIMEOUT_S,
                retries=False,
                redirect=False,
            )
        except (HTTPError, OSError) as error:
            raise TargetError(f"the Kubernetes API is not reached: {error}") from error
        return _answer(response.status, response.data, path)

    def items(self, path: str) -> Iterator[dict[str, Any]]:
        """Yield the objects of a collection, page by page; raises as `get`."""
        follow = ""
        for _ in range(_MAX_PAGES):
            query = {"limit": str(_PAGE), **({"continue": follow} if follow else {})}
            page = self.get(path, **query)
            yield from page.get("items") or ()
            follow = (page.get("metadata") or {}).get("continue") or ""
            if not follow:
                return
        raise TargetError(f"{path}: more than {_MAX_PAGES * _PAGE} objects; narrow the namespaces")


def collection(prefix: str, plural: str, namespace: str = "") -> str:
    """The path of a collection, of one namespace or of all."""
    within = f"namespaces/{quote(namespace)}/" if namespace else ""
    return f"{prefix}/{within}{plural}"


def _answer(status: int, data: bytes, path: str) -> dict[str, Any]:
    try:
        body = json.loads(data)
    except ValueError:
        body = None
    if isinstance(body, dict) and 200 <= status < 300:
        return body
    raise _refusal(status, body, path)


def _refusal(status: int, body: object, path: str) -> ClinigateError:
    if status == 401:
        return Refused("the Kubernetes API does not know these credentials; renew them", status)
    if status == 403:
        return Refused(f"this account may not read {path}; let it get and list there", status)
    said = str(body.get("message")) if isinstance(body, dict) else "no JSON"
    return Refused(f"the Kubernetes API answers {status} to {path}: {said}", status)
