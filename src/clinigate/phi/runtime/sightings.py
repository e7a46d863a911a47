"""What the middleware tells, and when it stops an exchange."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["SURFACES", "PhiBlockedError", "Report", "Sighting"]

#: What of an exchange is looked at.
SURFACES = ("request.url", "request.headers", "request.body", "response.headers", "response.body")


class PhiBlockedError(ConnectionError):
    """What was on its way holds identifiers, and goes no further.

    Raised in the application where it goes on sending, as for a client that has left, and in the
    server where half of a reply is out already: it cuts the connection, and the client sees that
    the reply is no whole one.
    """


@dataclass(frozen=True, slots=True)
class Sighting:
    """What was seen on one surface of one exchange; never a value.

    Attributes:
        surface: one of `SURFACES`; the messages of a web socket are bodies.
        rules: how often each rule has struck.
        method: of the request; `WEBSOCKET` for a socket.
        path: without what was found in it.
        status: of the reply, where there was one.
        unseen: why a part could not be looked at; empty where all was.
        blocked: whether it was stopped.
    """

    surface: str
    rules: Counter[str]
    method: str
    path: str
    status: int | None = None
    unseen: str = ""
    blocked: bool = False


Report = Callable[[Sighting], None]
