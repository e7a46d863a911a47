"""Access tokens by the client credentials grant, for all conversations of one worker."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import urlencode

import gevent
from gevent.lock import RLock
from geventhttpclient.client import HTTPClient

from clinigate.targets.credentials import ClientCredentials

__all__ = ["NoTokenError", "Tokens", "read_token"]

_MARGIN_S = 30.0
_TIMEOUT_S = 30.0
_FOREVER_S = 1e9


class NoTokenError(Exception):
    """The token service gives none."""


class Tokens:
    """Hands out one token; renews it in time, and when the service refuses it."""

    def __init__(self, url: str, client: ClientCredentials, **connection: Any) -> None:
        self._url = url
        self._client = client
        self._connection = connection
        self._lock = RLock()
        self._token = ""
        self._stale_at = 0.0

    def current(self, *, refused: str = "") -> str:
        """Return a token that is fresh and is not the one that was just refused.

        Raises:
            NoTokenError: there is none to be had.
        """
        with self._lock:
            stale = time.monotonic() >= self._stale_at
            if not self._token or stale or (refused and self._token == refused):
                self._fetch()
            return self._token

    def _fetch(self) -> None:
        asked = time.monotonic()
        body = urlencode(self._client.form).encode("ascii")
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
            **self._client.headers,
        }
        http = HTTPClient.from_url(self._url, **self._connection)
        try:
            with gevent.Timeout(_TIMEOUT_S, NoTokenError("timeout")):
                response = http.request("POST", _path(self._url), body=body, headers=headers)
                answer = bytes(response.read())
                status = response.get_code()
        except (OSError, ValueError) as error:
            raise NoTokenError(type(error).__name__) from None
        finally:
            http.close()
        if status != 200:
            raise NoTokenError(f"status {status}")
        self._token, life = read_token(answer)
        self._stale_at = asked + life - min(_MARGIN_S, life / 10)


def read_token(answer: bytes) -> tuple[str, float]:
    """Return the token of a token service's answer, and the seconds that it lives.

    Raises:
        NoTokenError: no answer of a token service.
    """
    try:
        found = json.loads(answer)
        token, life = found["access_token"], float(found.get("expires_in") or _FOREVER_S)
    except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError, RecursionError):
        raise NoTokenError("unparsable") from None
    if not isinstance(token, str) or not life > 0:
        raise NoTokenError("unparsable")
    return token, min(life, _FOREVER_S)


def _path(url: str) -> str:
    rest = url.partition("://")[2]
    return "/" + rest.partition("/")[2]
