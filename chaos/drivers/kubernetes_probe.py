"""The entry of a system in a cluster: found by its label, asked like any client does."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clinigate.chaos.drivers.base import NotAvailableError
from clinigate.chaos.drivers.kubernetes_api import TIMEOUT_S, Api, api_errors
from clinigate.errors import UsageError

__all__ = ["ENTRY_LABEL", "Entry", "HttpProbe", "find_entry"]

ENTRY_LABEL = "clinigate.io/chaos-entry"
_PATH = "clinigate.io/probe-path"
_SCHEME = "clinigate.io/probe-scheme"


@dataclass(frozen=True, slots=True)
class Entry:
    """Where requests go: an address, the authority behind its certificate, a token's variable."""

    url: str
    ca_file: str | None = None
    token_env: str | None = None


def find_entry(api: Api, namespaces: tuple[str, ...], settings: Mapping[str, str]) -> Entry:
    """The setting `entry`, or the one Service that is labelled as the entry.

    Raises:
        NotAvailableError: neither is there.
        UsageError: several Services are labelled, or the chosen one has no address.
    """
    ca_file, token_env = settings.get("entry_ca"), settings.get("entry_token_env")
    if settings.get("entry"):
        return Entry(settings["entry"], ca_file, token_env)
    found: list[Any] = []
    for namespace in namespaces:
        with api_errors(f"list services in namespace {namespace}"):
            found += api.core.list_namespaced_service(
                namespace, label_selector=f"{ENTRY_LABEL}=true", _request_timeout=TIMEOUT_S
            ).items
    if not found:
        raise NotAvailableError(
            f"no entry to ask: set `entry` to its address, or label its Service {ENTRY_LABEL}=true"
        )
    if len(found) > 1:
        names = ", ".join(sorted(each.metadata.name for each in found))
        raise UsageError(f"{names} are all labelled {ENTRY_LABEL}; one is the entry")
    return Entry(_service_url(found[0]), ca_file, token_env)


def _service_url(service: Any) -> str:
    address = service.spec.cluster_ip
    if not address or address == "None":
        raise UsageError(f"service {service.metadata.name!r} has no cluster IP to ask")
    notes = service.metadata.annotations or {}
    scheme, path = notes.get(_SCHEME, "http"), notes.get(_PATH, "/")
    return f"{scheme}://{address}:{service.spec.ports[0].port}{path}"


class HttpProbe:
    """Sends `GET` to the entry; `ok` below status 400, else `http-…` or the kind of error.

    Each request opens a connection of its own, as the next patient's browser does: one that is
    kept open would stay with the pod that it first met.
    """

    def __init__(self, entry: Entry) -> None:
        import httpx

        headers = {}
        if entry.token_env is not None:
            token = os.environ.get(entry.token_env)
            if not token:
                raise UsageError(f"{entry.token_env} is not set; it must hold the entry's token")
            headers["Authorization"] = f"Bearer {token}"
        self._url = entry.url
        self._client = httpx.AsyncClient(
            headers=headers,
            verify=_trust(entry.ca_file),
            timeout=None,  # noqa: S113 - the prober limits each request
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
            # What the environment says of proxies is about other machines.
            trust_env=False,
        )

    async def __call__(self, _number: int, /) -> str:
        """Send one request."""
        import httpx

        try:
            answer = await self._client.get(self._url)
        except httpx.ConnectError:
            return "connect"
        except httpx.TransportError as error:
            return type(error).__name__
        return "ok" if answer.status_code < 400 else f"http-{answer.status_code}"

    async def aclose(self) -> None:
        """Close connections."""
        await self._client.aclose()


def _trust(ca_file: str | None) -> Any:
    import ssl

    return True if ca_file is None else ssl.create_default_context(cafile=ca_file)
