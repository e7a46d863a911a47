"""One service over HTTP: connections, credentials, and what can go wrong on the way."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

import httpx

from clinigate.config.target import Tls
from clinigate.core.target import Outcome
from clinigate.errors import ConfigError
from clinigate.targets.attempt import AttemptError
from clinigate.targets.clients import Clients
from clinigate.targets.clock import Clock, PerLoop
from clinigate.targets.credentials import Credentials
from clinigate.targets.template import encode_json
from clinigate.targets.tokens import TokenSource
from clinigate.targets.troubles import status_failure, transport_failure

__all__ = ["LONGEST_ANSWER", "Received", "Wire", "body_of", "pieces_of", "tls_context"]

T = TypeVar("T")

#: Bytes of an answer beyond which nobody reads on.
LONGEST_ANSWER = 8 * 1024 * 1024
# Below what servers keep an idle connection for (uvicorn 5 s, gunicorn 2 s): a request sent just
# as the server hangs up would look like a lost answer.
_IDLE_S = 1.5


@dataclass(frozen=True, slots=True)
class Received(Generic[T]):
    """An answer of status 2xx: what was read of it, and when, by the clock of the wire."""

    status: int
    value: T
    sent_at: float
    latency_s: float


class Wire:
    """Sends requests to one service and reads its answers."""

    def __init__(
        self,
        base_url: str,
        *,
        credentials: Credentials,
        tokens: TokenSource | None,
        clock: Clock,
        concurrency: int,
        verify: ssl.SSLContext | bool = True,
        transport: Callable[[], httpx.AsyncBaseTransport] | None = None,
    ) -> None:
        self._base_url = base_url
        self._credentials = credentials
        self._tokens = tokens
        self._clock = clock
        self._concurrency = concurrency
        self._verify = verify
        self._transport = transport
        self._clients = PerLoop(lambda: Clients(self._open, shared=transport is not None))

    def __repr__(self) -> str:
        return f"<wire to {self._base_url}>"

    async def exchange(
        self,
        method: str,
        path: str,
        payload: Any,
        *,
        field: str,
        read: Callable[[httpx.Response], Awaitable[T]],
    ) -> Received[T]:
        """Send one JSON request and return what `read` makes of the answer.

        The clock runs from the sending to the end of `read`: fetching a token does not count. A
        token that the service refuses is renewed once and the request sent again, which is the
        evaluator's own business and no failed attempt of the service.

        Raises:
            AttemptError: no connection, or a status other than 2xx; `field` names the table that
                describes the request.
        """
        with self._clients.get().one() as client:
            return await self._exchange(client, method, path, payload, field=field, read=read)

    async def _exchange(
        self,
        client: httpx.AsyncClient,
        method: str,
        path: str,
        payload: Any,
        *,
        field: str,
        read: Callable[[httpx.Response], Awaitable[T]],
    ) -> Received[T]:
        url = self._base_url + path
        body = encode_json(payload)
        refused: str | None = None
        while True:
            token = await self._token(client, refused)
            headers = {"Content-Type": "application/json", **self._credentials.headers}
            if token:
                headers["Authorization"] = f"Bearer {token}"
            started = self._clock.now()
            try:
                async with client.stream(method, url, content=body, headers=headers) as response:
                    if response.status_code == 401 and token and refused is None:
                        refused = token
                        continue
                    self._check_status(response, url, field)
                    value = await read(response)
            except httpx.DecodingError:
                raise AttemptError(
                    Outcome.UNPARSABLE, "the answer does not unpack by its Content-Encoding"
                ) from None
            except httpx.HTTPError as error:
                raise transport_failure(error, url, mend="[target] base_url") from None
            return Received(response.status_code, value, started, self._clock.now() - started)

    def censor(self, body: bytes) -> bytes:
        """Return the answer without our own secrets, should the service echo one."""
        return self._credentials.censor(body)

    async def aclose(self) -> None:
        """Close the connections. A later request opens new ones."""
        clients = self._clients.take()
        if clients is not None:
            await clients.aclose()

    async def _token(self, client: httpx.AsyncClient, refused: str | None) -> str | None:
        if self._tokens is None:
            return None
        token = await self._tokens.current(client, refused=refused)
        self._credentials.keep_secret(token)
        return token

    def _check_status(self, response: httpx.Response, url: str, field: str) -> None:
        failure = status_failure(
            response,
            url,
            field=field,
            credentials=self._credentials.advice,
            now=self._clock.wall(),
        )
        if failure is not None:
            raise failure

    def _open(self) -> httpx.AsyncClient:
        limits = httpx.Limits(
            max_connections=self._concurrency,
            max_keepalive_connections=self._concurrency,
            keepalive_expiry=_IDLE_S,
        )
        return httpx.AsyncClient(
            # No credentials here: the token service may be somebody else's.
            headers={"User-Agent": "clinigate", "Accept": "application/json"},
            # A cookie would tie one case to the one before it.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            limits=limits,
            timeout=None,  # noqa: S113 - the shell limits each attempt as a whole
            transport=self._transport() if self._transport else None,
            trust_env=not _is_loopback(self._base_url),  # no proxy stands before loopback
            verify=self._context(),
        )

    def _context(self) -> ssl.SSLContext:
        """What services are verified with; made once, since that takes longer than a request."""
        if isinstance(self._verify, bool):
            self._verify = httpx.create_ssl_context(verify=self._verify)
        return self._verify


async def pieces_of(response: httpx.Response) -> AsyncIterator[bytes]:
    """Yield the answer's bytes as they come.

    Raises:
        AttemptError: it is longer than `LONGEST_ANSWER`.
    """
    length = 0
    async for piece in response.aiter_bytes():
        length += len(piece)
        if length > LONGEST_ANSWER:
            raise AttemptError(
                Outcome.UNPARSABLE, f"the answer is longer than {LONGEST_ANSWER} bytes"
            )
        yield piece


async def body_of(response: httpx.Response) -> bytes:
    """Return the whole body, up to `LONGEST_ANSWER`.

    Raises:
        AttemptError: it is longer.
    """
    return b"".join([piece async for piece in pieces_of(response)])


def tls_context(tls: Tls, base_dir: Path) -> ssl.SSLContext | bool:
    """Return what httpx is to verify with.

    Raises:
        ConfigError: the file of authorities is missing or holds no certificate.
    """
    if tls.ca_file is None:
        return tls.verify
    try:
        return ssl.create_default_context(cafile=str(base_dir / tls.ca_file))
    except ssl.SSLError:
        trouble = "holds no certificate in PEM form"
    except OSError as error:
        trouble = f"cannot be read ({error.strerror})"
    raise ConfigError(f"[target.tls] ca_file: {tls.ca_file} {trouble}")


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
