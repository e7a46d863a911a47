"""Who may call the service, with which rights and how often. RFC 6749 section 4.4, RFC 6750."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from clinigate.reference.credentials import (
    PER_HOUR_VARIABLE,
    PER_MINUTE_VARIABLE,
    Credentials,
)
from clinigate.reference.web.problems import OAuthProblem, Problem

__all__ = [
    "EVALUATOR_SCOPES",
    "SCOPES",
    "Client",
    "Grant",
    "SharedTokenDesk",
    "Token",
    "TokenDesk",
    "client_of",
    "new_clients",
    "new_credentials",
]

SCOPES = frozenset({"chat", "consent", "crisis", "emotion", "instruments", "metrics"})
"""What any client can be allowed: one scope for each group of routes."""

EVALUATOR_SCOPES = SCOPES | {"traces"}
"""What the evaluator can be allowed; it may look into crisis traces as well."""
_APP_REQUESTS_PER_MINUTE = 100
_PARTNER_PER_MINUTE, _BATCH_PER_HOUR = 100, 1000
_TOKENS_KEPT_PER_CLIENT = 1_000


@dataclass(frozen=True, slots=True)
class Client:
    """A program that may ask for tokens; of its secret only the digest is kept."""

    id: str
    secret_sha256: bytes
    scopes: frozenset[str]
    requests_per_minute: int
    requests_per_hour: int = 0


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


def new_clients(
    evaluator_per_minute: int, more: Iterable[str] = ()
) -> dict[str, tuple[Client, Credentials]]:
    """Make the clients of one start: `app` at the usual limit, `evaluator` at one for tests.

    A limit of 0 means none. `more` are scopes that the evaluator can be allowed beside its own;
    with them come two clients of other organisations, whose limits can be tried without slowing
    anybody else: `partner` by the minute and `batch` by the hour.
    """
    made = {
        "app": new_credentials("app", _APP_REQUESTS_PER_MINUTE),
        "evaluator": new_credentials("evaluator", evaluator_per_minute),
    }
    if more:
        per_minute = int(os.environ.get(PER_MINUTE_VARIABLE, _PARTNER_PER_MINUTE))
        per_hour = int(os.environ.get(PER_HOUR_VARIABLE, _BATCH_PER_HOUR))
        made["partner"] = new_credentials("partner", per_minute)
        made["batch"] = new_credentials("batch", 0, per_hour)
    return {name: (client_of(name, held, more), held) for name, held in made.items()}


def new_credentials(name: str, requests_per_minute: int, requests_per_hour: int = 0) -> Credentials:
    """Make an id and a secret that nobody can guess."""
    client_id, secret = f"{name}-{secrets.token_hex(4)}", secrets.token_urlsafe(32)
    return Credentials(client_id, secret, requests_per_minute, requests_per_hour)


def client_of(name: str, held: Credentials, more: Iterable[str] = ()) -> Client:
    """Return what the service keeps of credentials; only the evaluator may do more than usual."""
    scopes = EVALUATOR_SCOPES | set(more) if name == "evaluator" else SCOPES
    return Client(
        held.client_id,
        _digest(held.client_secret),
        scopes,
        held.requests_per_minute,
        held.requests_per_hour,
    )


class TokenDesk:
    """Hands out opaque tokens and recognises them until they expire."""

    def __init__(
        self,
        clients: Iterable[Client],
        *,
        lifetime_s: float,
        clock: Callable[[], float],
        immortal: bool = False,
        generous: bool = False,
    ) -> None:
        """Two are faults to calibrate with.

        With `immortal` tokens outlive their time; with `generous`, who asks for one without any
        scope is given every scope.
        """
        self._clients = {client.id: client for client in clients}
        self._immortal = immortal
        self._generous = generous
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
        if not scopes and self._generous:
            scopes = None
        granted = client.scopes if scopes is None else scopes
        if not granted or not granted <= client.scopes:
            names = " ".join(sorted(client.scopes))
            raise OAuthProblem(400, "invalid_scope", f"this client may ask for: {names}")
        return self._remember(client, granted)

    def expired(self, client_id: str) -> str:
        """Return a token of a client whose time is over, to try whether it opens anything."""
        token = self._remember(self._clients[client_id], self._clients[client_id].scopes, life_s=0)
        return token.value

    def grant(self, token: str) -> Grant:
        """Return what the bearer of `token` may do.

        Raises:
            Problem: 401 for a token that was never issued or has expired.
        """
        grant = self._grants.get(_digest(token))
        if grant is None or self._is_over(grant.expires_at):
            raise _unknown_token()
        return grant

    def _is_over(self, expires_at: float) -> bool:
        return expires_at <= self._clock() and not self._immortal

    def _remember(
        self, client: Client, scopes: frozenset[str], *, life_s: float | None = None
    ) -> Token:
        now = self._clock()
        self._grants = {
            key: held for key, held in self._grants.items() if not self._is_over(held.expires_at)
        }
        mine = [key for key, held in self._grants.items() if held.client is client]
        for key in mine[: max(0, len(mine) + 1 - _TOKENS_KEPT_PER_CLIENT)]:
            del self._grants[key]
        value = secrets.token_urlsafe(32)
        life_s = self._lifetime_s if life_s is None else life_s
        self._grants[_digest(value)] = Grant(client, scopes, now + life_s)
        return Token(value, scopes, int(self._lifetime_s))


class SharedTokenDesk(TokenDesk):
    """Tokens that any replica recognises: they carry their grant, signed with a common key."""

    def __init__(
        self,
        clients: Iterable[Client],
        *,
        key: bytes,
        lifetime_s: float,
        clock: Callable[[], float],
        immortal: bool = False,
    ) -> None:
        super().__init__(clients, lifetime_s=lifetime_s, clock=clock, immortal=immortal)
        self._key = key

    def grant(self, token: str) -> Grant:
        """Return what the bearer of `token` may do; raises as `TokenDesk.grant`."""
        body, _, signature = token.partition(".")
        if not hmac.compare_digest(signature.encode(), self._signature(body).encode()):
            raise _unknown_token()
        client_id, scopes, expires_at, _ = json.loads(base64.urlsafe_b64decode(body))
        client = self._clients.get(client_id)
        if client is None or self._is_over(expires_at):
            raise _unknown_token()
        return Grant(client, frozenset(scopes), expires_at)

    def _remember(
        self, client: Client, scopes: frozenset[str], *, life_s: float | None = None
    ) -> Token:
        expires_at = self._clock() + (self._lifetime_s if life_s is None else life_s)
        held = [client.id, sorted(scopes), expires_at, secrets.token_hex(8)]
        body = base64.urlsafe_b64encode(json.dumps(held).encode()).decode()
        return Token(f"{body}.{self._signature(body)}", scopes, int(self._lifetime_s))

    def _signature(self, body: str) -> str:
        return hmac.new(
            self._key, body.encode("utf-8", "surrogatepass"), hashlib.sha256
        ).hexdigest()


def _unknown_token() -> Problem:
    return Problem(
        401,
        "invalid_token",
        "the token is unknown or has expired; ask for a new one at /oauth/token",
        {"WWW-Authenticate": 'Bearer error="invalid_token"'},
    )


def _digest(secret: str) -> bytes:
    # A fast digest is enough: what it hides has 256 bits, so there is nothing to guess.
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
