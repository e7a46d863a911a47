"""Middleware for staging: identifiers in requests and replies are reported, or stopped."""

from __future__ import annotations

from collections.abc import Collection

from clinigate.errors import UsageError
from clinigate.phi.runtime.asgi_exchange import App, Exchange, Receive, Scope, Send, Setup
from clinigate.phi.runtime.asgi_socket import SocketExchange
from clinigate.phi.runtime.holding import LEAST_LIMIT
from clinigate.phi.runtime.redactor import Redactor
from clinigate.phi.runtime.sightings import SURFACES, PhiBlockedError, Report, Sighting

__all__ = ["PhiBlockedError", "PhiMiddleware", "Sighting"]


class PhiMiddleware:
    """Looks at what passes an ASGI application: URL, headers, bodies, web sockets.

    It is made for a staging service, whose data is synthetic: what it finds there has come from
    somewhere else. It observes, and changes nothing; with `block` a request that holds a find is
    answered with 400 without reaching the application, a reply is replaced by 500. Of a reply
    longer than `limit` the beginning may be out already: then the connection is cut.

    Bodies are searched as they pass, in windows; packed ones are unpacked in windows too (gzip,
    deflate). What cannot be looked at, another packing or a body longer than `longest`, is
    reported as unseen, and stopped with `block`. So this middleware belongs inside of one that
    compresses. Searching costs processor time in the event loop.

    ::

        app = PhiMiddleware(app, report=sightings.append, block=True)
    """

    def __init__(
        self,
        app: App,
        *,
        report: Report,
        redactor: Redactor | None = None,
        block: bool = False,
        surfaces: Collection[str] = SURFACES,
        limit: int = 256 * 1024,
        longest: int = 64 * 2**20,
    ) -> None:
        """Take the application, and what is done with what is found.

        Args:
            app: the application behind.
            report: called with a `Sighting` for each surface on which something struck or could
                not be looked at, when the surface has been seen to its end. It has to be quick.
            redactor: by default one with the usual threshold.
            block: stop what holds a find.
            surfaces: what is looked at, of `SURFACES`.
            limit: bytes of one body that are held back at most, with `block`; no other body is
                held at all.
            longest: bytes of one body that are searched at most, unpacked.

        Raises:
            UsageError: an unknown surface, or a limit below what is searched at a time.
        """
        unknown = sorted(set(surfaces) - set(SURFACES))
        if unknown:
            raise UsageError(
                f"surfaces: {', '.join(unknown)} is none; there are {', '.join(SURFACES)}"
            )
        if limit < LEAST_LIMIT:
            raise UsageError(f"limit: {limit} bytes; give {LEAST_LIMIT} or more")
        self._app = app
        self._setup = Setup(
            redactor=redactor or Redactor(),
            report=report,
            block=block,
            surfaces=frozenset(surfaces),
            limit=limit,
            longest=longest,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass an exchange on, and look at it."""
        if scope["type"] == "http":
            await Exchange(self._setup, scope, receive, send).run(self._app)
        elif scope["type"] == "websocket":
            await SocketExchange(self._setup, scope, receive, send).run(self._app)
        else:
            await self._app(scope, receive, send)
