"""The entry of a system in a cluster: found by its label, asked like any client does."""

from __future__ import annotations

import asyncio
import os
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from clinigate.chaos.drivers.base import NotAvailableError
from clinigate.chaos.drivers.kubernetes_api import Api, Manifest, place
from clinigate.errors import UsageError

__all__ = ["ENTRY_LABEL", "Entry", "HttpProbe", "find_entry"]

ENTRY_LABEL = "clinigate.io/chaos-entry"
_PATH = "clinigate.io/probe-path"
_SCHEME = "clinigate.io/probe-scheme"
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


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
    found: list[Manifest] = []
    for namespace in namespaces:
        path = place("services", namespace, labelSelector=f"{ENTRY_LABEL}=true")
        found += api.get(path, f"list services in namespace {namespace}")["items"]
    if not found:
        raise NotAvailableError(
            f"no entry to ask: set `entry` to its address, or label its Service {ENTRY_LABEL}=true"
        )
    if len(found) > 1:
        names = ", ".join(sorted(each["metadata"]["name"] for each in found))
        raise UsageError(f"{names} are all labelled {ENTRY_LABEL}; one is the entry")
    return Entry(_service_url(found[0]), ca_file, token_env)


def _service_url(service: Manifest) -> str:
    meta, spec = service["metadata"], service["spec"]
    address = spec.get("clusterIP")
    if not address or address == "None":
        raise UsageError(f"service {meta['name']!r} has no cluster IP to ask")
    notes = meta.get("annotations") or {}
    scheme, path = notes.get(_SCHEME, "http"), notes.get(_PATH, "/")
    return f"{scheme}://{address}:{spec['ports'][0]['port']}{path}"


class HttpProbe:
    """Sends `GET` to the entry; `ok` below status 400, else `http-…` or the kind of error.

    Each request opens a connection of its own, as the next patient's browser does: one that is
    kept open would stay with the pod that it first met. It is written out here because a full
    client costs several times as much, and a prober that is busy sends late.
    """

    def __init__(self, entry: Entry) -> None:
        address = urlsplit(entry.url)
        if address.scheme not in ("http", "https") or not address.hostname:
            raise UsageError(f"entry {entry.url!r} is no http or https address")
        secure = address.scheme == "https"
        self._host = address.hostname
        self._port = address.port or (443 if secure else 80)
        self._tls = ssl.create_default_context(cafile=entry.ca_file) if secure else None
        path = (address.path or "/") + (f"?{address.query}" if address.query else "")
        lines = [
            f"GET {path} HTTP/1.1",
            f"Host: {address.netloc.rpartition('@')[2]}",
            "Connection: close",
            "User-Agent: clinigate-chaos",
        ]
        if entry.token_env is not None:
            lines.append(f"Authorization: Bearer {_token(entry.token_env)}")
        self._request = ("\r\n".join(lines) + "\r\n\r\n").encode()

    async def __call__(self, _number: int, /) -> str:
        """Send one request and read the whole answer."""
        try:
            reader, writer = await asyncio.open_connection(self._host, self._port, ssl=self._tls)
        except ssl.SSLError:
            return "tls"
        except OSError:
            return "connect"
        try:
            writer.write(self._request)
            answer = await reader.read(-1)
        except OSError:
            return "reset"
        finally:
            writer.transport.abort()
        return _outcome(answer)

    async def aclose(self) -> None:
        """Nothing is kept open."""


def _outcome(answer: bytes) -> str:
    """The word for an answer: by its status line, and whether all of its body is there."""
    head, blank, body = answer.partition(b"\r\n\r\n")
    found = _STATUS.match(head)
    if not blank or found is None:
        return "truncated" if answer else "no-answer"
    length = _LENGTH.search(head)
    if length is not None and len(body) < int(length[1]):
        return "truncated"
    if b"transfer-encoding: chunked" in head.lower() and not body.endswith(b"0\r\n\r\n"):
        return "truncated"
    status = int(found[1])
    return "ok" if status < 300 else f"http-{status}"


def _token(variable: str) -> str:
    token = os.environ.get(variable)
    if not token or not token.isascii() or not token.isprintable():
        raise UsageError(f"{variable} is not set to a token; export the entry's bearer token there")
    return token
