"""A target as one worker reaches it: its address, whom it trusts, and with which credentials."""

from __future__ import annotations

import os
import ssl
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import gevent.socket
import gevent.ssl

from clinigate.config.target import Tls
from clinigate.load.asking import Asking
from clinigate.load.engine.tokens import Tokens
from clinigate.targets.credentials import ClientCredentials, Credentials

__all__ = ["Place"]

#: How long an address that a name resolved to is used again, as a stub resolver would.
_RESOLVED_S = 30.0
_PORTS = {"http": 80, "https": 443}
#: A connection's own time-outs lie behind that of the whole exchange, which decides.
_SLACK_S = 5.0


class Place:
    """One target, shared by all conversations of a worker.

    Attributes:
        asking: what is sent there and how answers are read.
        timeout_s: of one exchange. clock: seconds of the run.
    """

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
        parts = urlsplit(asking.url)
        self._host = parts.hostname or ""
        self._port = parts.port or _PORTS[parts.scheme]
        self._tls = _context(spec.tls, asking) if parts.scheme == "https" else None
        self._resolved: tuple[float, list[Any]] = (0.0, [])
        self._tokens = self._token_source(environ)
        credentials = Credentials(spec.auth, spec.limits.evaluator_header, environ)
        self._head = self._request_head(parts.netloc.rpartition("@")[2], credentials)

    def connect(self) -> Any:
        """Return a new connection, as every person has one of their own.

        Raises:
            OSError: there is none to be had; of several addresses, what the last one said.
        """
        trouble: OSError | None = None
        for family, kind, protocol, _, address in self._addresses():
            connection = gevent.socket.socket(family, kind, protocol)
            try:
                connection.settimeout(self.timeout_s + _SLACK_S)
                connection.connect(address)
                if self._tls is not None:
                    connection = self._tls.wrap_socket(connection, server_hostname=self._host)
            except BaseException as error:
                connection.close()
                if not isinstance(error, OSError):
                    raise
                trouble = error
            else:
                return connection
        raise trouble or OSError("no address")

    def request(self, body: bytes, *, refused: str = "") -> tuple[bytes, str]:
        """Return the bytes of a request, and the token in it.

        Raises:
            NoTokenError: there is none to be had.
        """
        length = b"Content-Length: %d\r\n\r\n" % len(body)
        if self._tokens is None:
            return b"".join((self._head, length, body)), ""
        token = self._tokens.current(refused=refused)
        bearer = f"Authorization: Bearer {token}\r\n".encode("latin-1")
        return b"".join((self._head, bearer, length, body)), token

    def _addresses(self) -> list[Any]:
        until, found = self._resolved
        if time.monotonic() >= until:
            found = gevent.socket.getaddrinfo(self._host, self._port, 0, gevent.socket.SOCK_STREAM)
            self._resolved = (time.monotonic() + _RESOLVED_S, found)
        return found

    def _request_head(self, host: str, credentials: Credentials) -> bytes:
        """Everything of a request that never changes."""
        rest = self.asking.url.partition("://")[2]
        headers = {
            "Host": host,
            "Content-Type": "application/json",
            "Accept": "text/event-stream" if self.asking.streamed else "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": "clinigate",
            **credentials.headers,
        }
        lines = [f"{self.asking.method} /{rest.partition('/')[2]} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "".join(f"{line}\r\n" for line in lines).encode("latin-1")

    def _token_source(self, environ: Mapping[str, str]) -> Tokens | None:
        oauth2 = self.asking.spec.auth.oauth2
        if oauth2 is None:
            return None
        url = oauth2.token_url
        whole = self.asking.spec.base_url + url if url.startswith("/") else url
        tls = self.asking.spec.tls
        context = _context(tls, self.asking) if whole.startswith("https") else None
        return Tokens(
            whole,
            ClientCredentials(oauth2, environ),
            insecure=not tls.verify,
            ssl_context_factory=lambda **_: context,
        )


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
