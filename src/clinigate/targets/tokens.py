"""Access tokens by the client credentials grant, fetched when needed and renewed in time."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from clinigate.core.canonical import parse_json
from clinigate.core.target import Outcome
from clinigate.targets.attempt import AttemptError
from clinigate.targets.clock import Clock, PerLoop
from clinigate.targets.credentials import ClientCredentials
from clinigate.targets.troubles import shown_url, transport_failure

__all__ = ["TokenSource"]

_MARGIN_S = 30.0
_LONGEST_ANSWER = 1 << 16


class TokenSource:
    """Hands out one access token to all requests.

    A token is renewed before it expires (30 s, or a tenth of its life if that is shorter) and
    when the service refuses it. Requests that need a new one at the same time share one renewal.
    """

    def __init__(self, url: str, client: ClientCredentials, clock: Clock) -> None:
        self._url = url
        self._client = client
        self._clock = clock
        self._lock = PerLoop(asyncio.Lock)
        self._token: str | None = None
        self._stale_at = 0.0

    def __repr__(self) -> str:
        return f"<token source {shown_url(self._url)}>"

    async def current(self, http: httpx.AsyncClient, *, refused: str | None = None) -> str:
        """Return a token that is fresh and is not the one that was just refused.

        Raises:
            AttemptError: the token service gives none.
        """
        async with self._lock.get():
            token = self._token
            if token is None or token == refused or self._clock.now() >= self._stale_at:
                token = await self._fetch(http)
            return token

    async def _fetch(self, http: httpx.AsyncClient) -> str:
        asked = self._clock.now()
        try:
            response = await http.post(
                self._url,
                data=self._client.form,
                headers={"Accept": "application/json", **self._client.headers},
            )
        except httpx.HTTPError as error:
            mend = "[target.auth.oauth2] token_url"
            failure = transport_failure(error, self._url, mend=mend)
            raise self._failure(
                failure.reason, retryable=failure.retryable, heard=failure.heard
            ) from None
        if response.status_code != 200:
            raise self._refused(response.status_code)
        token, life_s = self._read(response.content)
        self._token = token
        self._stale_at = asked + life_s - min(_MARGIN_S, life_s / 10)
        return token

    def _refused(self, status: int) -> AttemptError:
        place = f"service at {shown_url(self._url)}"
        if status >= 500:
            return self._failure(f"{place} failed ({status})", retryable=True)
        if status in (400, 401, 403):
            return self._failure(
                f"{place} refuses the client ({status}); check the variables of "
                "client_id_env and client_secret_env, and scope, in [target.auth.oauth2]"
            )
        return self._failure(
            f"{place} answers with status {status}; mend [target.auth.oauth2] token_url"
        )

    def _read(self, body: bytes) -> tuple[str, float]:
        """Return the token and its life in seconds."""
        try:
            answer: Any = parse_json(body) if len(body) <= _LONGEST_ANSWER else None
        except (ValueError, RecursionError):
            answer = None
        token = answer.get("access_token") if isinstance(answer, dict) else None
        if (
            not isinstance(token, str)
            or not token.isascii()
            or not token.isprintable()
            or not token
        ):
            raise self._failure(
                f"service at {shown_url(self._url)} gives no access_token; "
                "mend [target.auth.oauth2] token_url"
            )
        life = answer.get("expires_in")
        if isinstance(life, bool) or not isinstance(life, int | float) or not life > 0:
            return token, float("inf")
        return token, float(min(life, 1e9))

    @staticmethod
    def _failure(reason: str, *, retryable: bool = False, heard: bool = True) -> AttemptError:
        reason = f"no access token: {reason}"
        return AttemptError(Outcome.ERROR, reason, retryable=retryable, heard=heard)
