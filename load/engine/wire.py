"""One conversation's connection: a request out, a reply in, with the times of its pieces.

Replies are read line by line from the raw response. Locust's own `iter_lines` waits for 1024 bytes
before it hands anything on, which puts hundreds of milliseconds onto the time to first token.
"""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import gevent
import gevent.ssl
from geventhttpclient.client import HTTPClient
from geventhttpclient.response import HTTPConnectionClosed, HTTPParseError

from clinigate.config.target import Tls
from clinigate.load.asking import Asking
from clinigate.load.engine.tokens import NoTokenError, Tokens
from clinigate.load.script import Heard
from clinigate.load.stream import StreamedReply, StreamError
from clinigate.targets.credentials import ClientCredentials, Credentials

__all__ = ["Exchange", "Line", "Place"]

_BLOCK = 16 * 1024
#: A connection's own time-outs lie behind that of the whole exchange, which decides.
_SLACK_S = 5.0


@dataclass(frozen=True, slots=True)
class Exchange:
    """What came of one request: the reply, when its first words came, and gaps in seconds."""

    heard: Heard
    first_at: float | None = None
    gaps: tuple[float, ...] = ()


class _TooLateError(Exception):
    """The reply took longer than it may."""


class Place:
    """A target as one worker reaches it: address, trust, credentials."""

    def __init__(
        self,
        asking: Asking,
        *,
        timeout_s: float,
        clock: Callable[[], float],
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        """Read the credentials from `environ`; nothing is sent yet.

        Raises:
            ConfigError: a variable is not set.
        """
        self.asking = asking
        self.timeout_s = timeout_s
        self.clock = clock
        spec = asking.spec
        credentials = Credentials(spec.auth, spec.limits.evaluator_header, environ)
        self._headers = {
            "Content-Type": "application/json",
            "Accept": "text/event-stream" if asking.streamed else "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": "clinigate",
            **credentials.headers,
        }
        self._connection = self._options(spec.tls)
        self._tokens = self._token_source(environ)
        self.path = "/" + asking.url.partition("://")[2].partition("/")[2]

    def open(self) -> HTTPClient:
        """Return a client of its own for one conversation, as every person has one."""
        return HTTPClient.from_url(self.asking.url, block_size=_BLOCK, **self._connection)

    def headers(self, *, refused: str = "") -> tuple[Mapping[str, str], str]:
        """Return the headers of a request and the token in them.

        Raises:
            NoTokenError: there is none to be had.
        """
        if self._tokens is None:
            return self._headers, ""
        token = self._tokens.current(refused=refused)
        return {**self._headers, "Authorization": f"Bearer {token}"}, token

    def _options(self, tls: Tls) -> dict[str, Any]:
        limit = self.timeout_s + _SLACK_S
        options: dict[str, Any] = {"connection_timeout": limit, "network_timeout": limit}
        if self.asking.url.startswith("https"):
            context = _context(tls, self.asking)
            options |= {"ssl_context_factory": lambda **_: context, "insecure": not tls.verify}
        return options

    def _token_source(self, environ: Mapping[str, str]) -> Tokens | None:
        oauth2 = self.asking.spec.auth.oauth2
        if oauth2 is None:
            return None
        url = oauth2.token_url
        whole = self.asking.spec.base_url + url if url.startswith("/") else url
        return Tokens(whole, ClientCredentials(oauth2, environ), **self._connection)


class Line:
    """One conversation's connection to a place."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._http = place.open()
        self._used = False

    def ask(self, body: bytes) -> Exchange:
        """Send one request and take in the whole reply; a failure is a reply that failed."""
        try:
            with gevent.Timeout(self._place.timeout_s, _TooLateError()):
                return self._ask(body)
        except _TooLateError:
            failed = "timeout"
        except NoTokenError:
            failed = "no access token"
        except StreamError as error:
            failed = str(error)
        except ConnectionRefusedError:
            failed = "connection refused"
        except ssl.SSLError:
            failed = "TLS refused"
        except socket.gaierror:
            failed = "host unknown"
        except (OSError, HTTPConnectionClosed, HTTPParseError):
            failed = "connection lost"
        self._used = False
        return Exchange(Heard(failed))

    def close(self) -> None:
        """Hang up."""
        self._http.close()

    def _ask(self, body: bytes) -> Exchange:
        headers, token = self._place.headers()
        response = self._send(body, headers)
        if response.get_code() == 401 and token:
            response.read()
            headers, _ = self._place.headers(refused=token)
            response = self._send(body, headers)
        code = response.get_code()
        if not 200 <= code < 300:
            response.read()
            return Exchange(Heard(f"status {code}"))
        kind = response.get("content-type") or ""
        if str(kind).partition(";")[0].strip().lower() == "text/event-stream":
            return self._stream(response)
        return Exchange(self._place.asking.read(bytes(response.read())))

    def _send(self, body: bytes, headers: Mapping[str, str]) -> Any:
        asking = self._place.asking
        try:
            response = self._http.request(
                asking.method, self._place.path, body=body, headers=headers
            )
        except HTTPConnectionClosed:
            # The service hung up on an idle connection just as we sent: browsers try again too.
            if not self._used:
                raise
            response = self._http.request(
                asking.method, self._place.path, body=body, headers=headers
            )
        self._used = True
        return response

    def _stream(self, response: Any) -> Exchange:
        reply = StreamedReply(self._place.clock)
        while line := response.readline(b"\n"):
            reply.feed(bytes(line))
        reply.feed(bytes(response.read()))
        heard = self._place.asking.read_answer(reply.whole())
        return Exchange(heard, reply.first_at, tuple(reply.gaps))


def _context(tls: Tls, asking: Asking) -> ssl.SSLContext:
    """One context for all connections: making one takes longer than a request."""
    if not tls.verify:
        context: ssl.SSLContext = gevent.ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    ca_file = None if tls.ca_file is None else str(asking.base_dir / tls.ca_file)
    trusting: ssl.SSLContext = gevent.ssl.create_default_context(cafile=ca_file)
    return trusting
