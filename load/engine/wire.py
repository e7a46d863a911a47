"""One conversation's connection: a request out, a reply in, with the times of its pieces.

The request goes out as one write, and replies are parsed by geventhttpclient, as Locust's own users
have it. Streams are read line by line from the raw response: Locust's `iter_lines` waits for 1024
bytes before it hands anything on, which puts hundreds of milliseconds onto the time to first token.
"""

from __future__ import annotations

import errno
import socket
import ssl
import time
from dataclasses import dataclass
from typing import Any

import gevent
import gevent.select
from geventhttpclient.response import HTTPConnectionClosed, HTTPParseError, HTTPSocketResponse

from clinigate.load.engine.place import Place
from clinigate.load.engine.tokens import NoTokenError
from clinigate.load.script import Heard
from clinigate.load.stream import StreamedReply, StreamError

__all__ = ["Exchange", "Line"]

_BLOCK = 16 * 1024
#: After so long a pause somebody looks whether the service has hung up meanwhile.
_IDLE_S = 1.0
#: What this machine refuses and no service has a part in: files, ports and buffers that ran out.
_OURS = frozenset({errno.EMFILE, errno.ENFILE, errno.EADDRNOTAVAIL, errno.ENOBUFS, errno.ENOMEM})


@dataclass(frozen=True, slots=True)
class Exchange:
    """What came of one request: the reply, when its first words came, and gaps in seconds."""

    heard: Heard
    first_at: float | None = None
    gaps: tuple[float, ...] = ()


class _TooLateError(Exception):
    """The reply took longer than it may."""


class Line:
    """One conversation's connection to a place; opened when it is needed."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._connection: Any = None
        self._used_at = 0.0
        self._first_at: float | None = None

    def ask(self, body: bytes) -> Exchange:
        """Send one request and take in the whole reply; a failure is a reply that failed.

        Raises:
            OSError: this machine has no connection to give; that is no failure of the service.
        """
        self._first_at = None
        try:
            with gevent.Timeout(self._place.timeout_s, _TooLateError()):
                return self._ask(body)
        except _TooLateError:
            self.close()
            return Exchange(Heard("timeout"), self._first_at)
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
        except (OSError, HTTPParseError) as error:
            if getattr(error, "errno", None) in _OURS:
                raise
            failed = "connection lost"
        self.close()
        return Exchange(Heard(failed))

    def close(self) -> None:
        """Hang up."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _ask(self, body: bytes) -> Exchange:
        request, token = self._place.request(body)
        response = self._send(request)
        if response.get_code() == 401 and token:
            self._finish(response)
            request, _ = self._place.request(body, refused=token)
            response = self._send(request)
        code = response.get_code()
        if not 200 <= code < 300:
            self._finish(response)
            return Exchange(Heard(f"status {code}"))
        kind = str(response.get("content-type") or "")
        if kind.partition(";")[0].strip().lower() == "text/event-stream":
            return self._stream(response)
        return Exchange(self._place.asking.read(self._finish(response)))

    def _send(self, request: bytes) -> Any:
        """Send a request and return its response, of which the headers have come."""
        open_before = self._connection is not None and not self._hung_up()
        try:
            return self._exchange(request)
        except (HTTPConnectionClosed, ConnectionResetError, BrokenPipeError):
            # The service hung up on an idle connection just as we sent: browsers try again too.
            if not open_before:
                raise
            self.close()
            return self._exchange(request)

    def _exchange(self, request: bytes) -> Any:
        if self._connection is None:
            self._connection = self._place.connect()
        self._connection.sendall(request)
        method = self._place.asking.method
        return HTTPSocketResponse(self._connection, block_size=_BLOCK, method=method)

    def _hung_up(self) -> bool:
        """Look after a pause whether the service has closed the connection, and close it too."""
        if time.monotonic() - self._used_at > _IDLE_S:
            readable = gevent.select.poll()
            readable.register(self._connection.fileno(), gevent.select.POLLIN)
            # An idle connection has nothing to read but its end.
            if readable.poll(0):
                self.close()
        return self._connection is None

    def _stream(self, response: Any) -> Exchange:
        reply = StreamedReply(self._place.clock)
        while line := response.readline(b"\n"):
            reply.feed(bytes(line))
            self._first_at = reply.first_at
        reply.feed(self._finish(response))
        heard = self._place.asking.read_answer(reply.whole())
        return Exchange(heard, reply.first_at, tuple(reply.gaps))

    def _finish(self, response: Any) -> bytes:
        """Read what is left of a response, and keep its connection if it may be kept."""
        rest = bytes(response.read())
        self._used_at = time.monotonic()
        if response.should_close():
            self.close()
        return rest
