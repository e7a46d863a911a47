"""Who may call the service, with which rights and how often. RFC 6749 section 4.4, RFC 6750."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from clinigate.reference.credentials import Credentials
from clinigate.reference.web.problems import OAuthProblem, Problem

__all__ = ["SCOPES", "Client", "Grant", "Token", "TokenDesk", "new_clients"]

SCOPES = frozenset({"chat", "crisis", "emotion", "metrics"})
"""What a client can be allowed: one scope for each group of routes."""

_CLIENT_REQUESTS_PER_MINUTE = {"app": 100, "evaluator": 60_000}
_TOKENS_KEPT_PER_CLIENT = 1_000


@dataclass(frozen=True, slots=True)
class Client:
    """A program that may ask for tokens; of its secret only the digest is kept."""

    id: str
    secret_sha256: bytes
    scopes: frozenset[str]
    requests_per_minute: int


@dataclass(frozen=True, slots=True)
class Grant:
    """What the bearer of a token may do."""

    client: Client
    scopes: frozenset[str]
    expires_at: float


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token as handed out."""

    value: str
    scopes: frozenset[str]
    expires_in: int

    def __repr__(self) -> str:
        return f"Token(***, scopes={sorted(self.scopes)})"


def new_clients() -> dict[str, tuple[Client, Credentials]]:
    """Make the clients of one start: `app` at the usual limit, `evaluator` at a quota for tests."""
    clients = {}
    for name, limit in _CLIENT_REQUESTS_PER_MINUTE.items():
        secret = secrets.token_urlsafe(32)
        client_id = f"{name}-{secrets.token_hex(4)}"
        client = Client(client_id, _digest(secret), SCOPES, limit)
        clients[name] = (client, Credentials(client_id, secret, limit))
    return clients


class TokenDesk:
    """Hands out opaque tokens and recognises them until they expire."""

    def __init__(
        self, clients: Iterable[Client], *, lifetime_s: float, clock: Callable[[], float]
    ) -> None:
        self._clients = {client.id: client for client in clients}
        self._lifetime_s = lifetime_s
        self._clock = clock
        self._grants: dict[bytes, Grant] = {}

    def issue(self, client_id: str, client_secret: str, scopes: frozenset[str] | None) -> Token:
        """Return a new token; without `scopes` it carries all that the client may have.

        Raises:
            OAuthProblem: `invalid_client` or `invalid_scope`.
        """
        client = self._clients.get(client_id)
        known = client.secret_sha256 if client else _digest("")
        if not hmac.compare_digest(_digest(client_secret), known) or client is None:
            raise OAuthProblem(
                401,
                "invalid_client",
                "unknown client, or the wrong secret; both stand in the ready-file of this start",
                {"WWW-Authenticate": 'Basic realm="clinigate-reference"'},
            )
        granted = client.scopes if scopes is None else scopes
        if not granted or not granted <= client.scopes:
            names = " ".join(sorted(client.scopes))
            raise OAuthProblem(400, "invalid_scope", f"this client may ask for: {names}")
        return self._remember(client, granted)

    def grant(self, token: str) -> Grant:
        """Return what the bearer of `token` may do.

        Raises:
            Problem: 401 for a token that was never issued or has expired.
        """
        grant = self._grants.get(_digest(token))
        if grant is None or grant.expires_at <= self._clock():
            raise Problem(
                401,
                "invalid_token",
                "the token is unknown or has expired; ask for a new one at /oauth/token",
                {"WWW-Authenticate": 'Bearer error="invalid_token"'},
            )
        return grant

    def _remember(self, client: Client, scopes: frozenset[str]) -> Token:
        now = self._clock()
        self._grants = {key: held for key, held in self._grants.items() if held.expires_at > now}
        mine = [key for key, held in self._grants.items() if held.client is client]
        for key in mine[: max(0, len(mine) + 1 - _TOKENS_KEPT_PER_CLIENT)]:
            del self._grants[key]
        value = secrets.token_urlsafe(32)
        self._grants[_digest(value)] = Grant(client, scopes, now + self._lifetime_s)
        return Token(value, scopes, int(self._lifetime_s))


def _digest(secret: str) -> bytes:
    # A fast digest is enough: what it hides has 256 bits, so there is nothing to guess.
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
