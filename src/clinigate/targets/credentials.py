"""Credentials: read from the environment, sent along, never shown."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from urllib.parse import quote_plus

from clinigate.config.target import Auth, EnvRef, EvaluatorHeader, OAuth2
from clinigate.errors import ConfigError

__all__ = ["ClientCredentials", "Credentials", "read_variable"]

# Shorter values stand in ordinary words, and taking them out would mangle an answer.
_SHORTEST_SECRET = 8
_CENSORED = b"[secret]"


class Credentials:
    """The headers that every request carries, and what must not come back.

    Attributes:
        headers: with the values of the environment in them.
        advice: what to do where the service refuses them.
    """

    def __init__(
        self, auth: Auth, evaluator: EvaluatorHeader | None, environ: Mapping[str, str]
    ) -> None:
        self.headers: dict[str, str] = {}
        self._secrets: list[bytes] = []
        for name, value in auth.headers.items():
            self._add(name, value, f"[target.auth] headers.{name}", environ)
        if evaluator is not None:
            field = "[target.limits] evaluator_header"
            self._add(evaluator.name, evaluator.value, field, environ)
        if auth.bearer_env is not None:
            token = read_variable(auth.bearer_env, "[target.auth] bearer_env", environ)
            self.headers["Authorization"] = f"Bearer {token}"
            self.keep_secret(token)
        self.advice = _advice(auth)

    def __repr__(self) -> str:
        return f"<credentials in {', '.join(self.headers) or 'no header'}>"

    def keep_secret(self, value: str) -> None:
        """Take the value out of whatever is kept of an answer from now on."""
        secret = value.encode("utf-8")
        if len(secret) >= _SHORTEST_SECRET and secret not in self._secrets:
            self._secrets.append(secret)

    def censor(self, body: bytes) -> bytes:
        """Return the answer without our own secrets, should the service echo one."""
        for secret in self._secrets:
            if secret in body:
                body = body.replace(secret, _CENSORED)
        return body

    def _add(self, name: str, value: str | EnvRef, field: str, environ: Mapping[str, str]) -> None:
        if isinstance(value, EnvRef):
            self.headers[name] = read_variable(value.env, field, environ)
            self.keep_secret(self.headers[name])
        else:
            self.headers[name] = value


class ClientCredentials:
    """What an OAuth 2 client proves itself with."""

    def __init__(self, spec: OAuth2, environ: Mapping[str, str]) -> None:
        table = "[target.auth.oauth2]"
        self._id = read_variable(spec.client_id_env, f"{table} client_id_env", environ)
        self.secret = read_variable(spec.client_secret_env, f"{table} client_secret_env", environ)
        self._spec = spec

    def __repr__(self) -> str:
        return "<client credentials>"

    @property
    def form(self) -> dict[str, str]:
        """The form of the token request."""
        form = {"grant_type": "client_credentials"}
        if self._spec.scope is not None:
            form["scope"] = self._spec.scope
        if self._spec.client_auth == "body":
            form |= {"client_id": self._id, "client_secret": self.secret}
        return form

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the token request; id and secret form-encoded, RFC 6749, 2.3.1."""
        if self._spec.client_auth == "body":
            return {}
        pair = f"{quote_plus(self._id)}:{quote_plus(self.secret)}"
        return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}


def read_variable(variable: str, field: str, environ: Mapping[str, str]) -> str:
    """Return the value of an environment variable that a field names.

    Raises:
        ConfigError: it is not set, empty, or cannot stand in a header; its value is not shown.
    """
    value = environ.get(variable, "").strip()
    if not value:
        state = "is empty" if variable in environ else "is not set"
        raise ConfigError(f"{field}: the environment variable {variable} {state}; export it")
    if not value.isascii() or not value.isprintable():
        raise ConfigError(
            f"{field}: the environment variable {variable} holds something else than printable "
            "ASCII, which no header can carry"
        )
    return value


def _advice(auth: Auth) -> str:
    if auth.oauth2 is not None:
        oauth2 = auth.oauth2
        return f"check {oauth2.client_id_env}, {oauth2.client_secret_env} and [target.auth.oauth2]"
    variables = [value.env for value in auth.headers.values() if isinstance(value, EnvRef)]
    if auth.bearer_env is not None:
        variables.append(auth.bearer_env)
    if variables:
        return f"renew what the variable {' or '.join(variables)} holds"
    return "add [target.auth]"
