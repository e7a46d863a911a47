"""The OpenAPI document of the target, and the headers by which its requests are let in."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from clinigate.config.target import HttpSpec, OpenAISpec, TargetSpec
from clinigate.errors import ConfigError, TargetError
from clinigate.security.scanners.dast_document import Service

if TYPE_CHECKING:
    import httpx

__all__ = ["Reached", "WebTarget", "reach", "web_target"]

_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class Reached:
    """What is needed to speak to the target.

    Attributes:
        document: its OpenAPI document as it is.
        found_at: the document's address.
        headers: with the values of the credentials in them; never shown, never written to disk.
    """

    document: bytes
    found_at: str
    headers: Mapping[str, str]

    def __repr__(self) -> str:
        return f"<reached {self.found_at}>"


WebTarget = HttpSpec | OpenAISpec


def web_target(spec: TargetSpec | None) -> WebTarget | None:
    """Return the target if it is spoken to over HTTP, which is all that can be tested so."""
    return spec if isinstance(spec, HttpSpec | OpenAISpec) else None


def reach(
    spec: WebTarget, openapi: str, *, base_dir: Path, environ: Mapping[str, str] | None = None
) -> Reached:
    """Fetch the document and a token.

    Args:
        spec: the target.
        openapi: a path below base_url (`/openapi.json`), an address at the same host, or a file
            relative to `base_dir`.
        base_dir: the folder of the configuration.
        environ: where credentials are read from.

    Raises:
        ConfigError: a credential or a file is missing.
        TargetError: the service does not give the document, or no token.
    """
    variables = os.environ if environ is None else environ
    return asyncio.run(_reach(spec, openapi, base_dir, variables))


async def _reach(
    spec: WebTarget, openapi: str, base_dir: Path, environ: Mapping[str, str]
) -> Reached:
    import httpx

    from clinigate.targets.credentials import Credentials
    from clinigate.targets.troubles import shown_url
    from clinigate.targets.wire import tls_context

    base_url = spec.base_url.rstrip("/")
    credentials = Credentials(spec.auth, spec.limits.evaluator_header, environ)
    headers = dict(credentials.headers)
    # No proxy: requests go to the service itself or nowhere.
    async with httpx.AsyncClient(
        verify=tls_context(spec.tls, base_dir), timeout=_TIMEOUT_S, trust_env=False
    ) as client:
        token = await _token(spec, base_url, client, environ)
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        if not openapi.startswith(("/", "https://", "http://")):
            return Reached(_from_file(base_dir / openapi), f"{base_url}/", headers)
        url = f"{base_url}{openapi}" if openapi.startswith("/") else openapi
        if not Service.of(base_url).same_host(Service.of(url)):
            raise ConfigError(
                f"[security] openapi: {shown_url(url)} is of another service than [target] base_url"
            )
        return Reached(await _fetched(client, url, headers), url, headers)


async def _token(
    spec: WebTarget, base_url: str, client: httpx.AsyncClient, environ: Mapping[str, str]
) -> str | None:
    from clinigate.targets.attempt import AttemptError
    from clinigate.targets.clock import SystemClock
    from clinigate.targets.credentials import ClientCredentials
    from clinigate.targets.tokens import TokenSource

    oauth2 = spec.auth.oauth2
    if oauth2 is None:
        return None
    url = oauth2.token_url
    whole = base_url + url if url.startswith("/") else url
    source = TokenSource(whole, ClientCredentials(oauth2, environ), SystemClock())
    try:
        return await source.current(client)
    except AttemptError as error:
        raise TargetError(f"DAST got no access token: {error.reason}") from None


async def _fetched(client: httpx.AsyncClient, url: str, headers: Mapping[str, str]) -> bytes:
    import httpx

    from clinigate.targets.attempt import AttemptError
    from clinigate.targets.troubles import shown_url
    from clinigate.targets.wire import body_of

    try:
        async with client.stream("GET", url, headers=dict(headers)) as response:
            if response.status_code != httpx.codes.OK:
                raise TargetError(
                    f"DAST found no OpenAPI document: {shown_url(url)} answered "
                    f"{response.status_code}; set [security] openapi to its path, or to a file"
                )
            return await body_of(response)
    except httpx.HTTPError as error:
        raise TargetError(
            f"DAST cannot reach {shown_url(url)} ({type(error).__name__}); "
            "is the service up, and [target] base_url right?"
        ) from None
    except AttemptError as error:
        raise TargetError(f"{shown_url(url)}: {error.reason}") from None


def _from_file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"[security] openapi: {path.name} cannot be read ({error.strerror})"
        ) from None
