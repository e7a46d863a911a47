"""People of the configuration, logged in: whoever a probe speaks as."""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import jmespath
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from clinigate.config.hipaa import RoleTable
from clinigate.config.hipaa_call import CallTable, LoginTable
from clinigate.errors import ConfigError, TargetError
from clinigate.hipaa.premises import Premises
from clinigate.targets.credentials import read_variable
from clinigate.targets.service import Answer, Request
from clinigate.targets.template import fill_values

__all__ = [
    "LoggedIn",
    "Voices",
    "as_bearer",
    "bearer_of",
    "call",
    "credentials_of",
    "filled",
    "log_in",
    "otp_of",
    "told",
]

_STEP_S, _DIGITS = 30, 6


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """Somebody who logged in. `refresh`: None where the service gives no such token."""

    bearer: str = field(repr=False)
    refresh: str | None = field(default=None, repr=False)

    @property
    def headers(self) -> dict[str, str]:
        """What a request of theirs carries."""
        return as_bearer(self.bearer)


def as_bearer(token: str) -> dict[str, str]:
    """Return the header that carries a token."""
    return {"Authorization": f"Bearer {token}"}


def credentials_of(premises: Premises, name: str) -> dict[str, str]:
    """Return `login`, `password` and `otp` of a role, as `[hipaa.login]` has placeholders for.

    Raises:
        ConfigError: the role does not log in, or a variable is missing or malformed.
    """
    role = _role(premises, name)
    where = f"[hipaa.roles.{name}]"
    if role.login is None or role.password_env is None:
        raise ConfigError(f"{where} login: give who logs in, and password_env")
    found = {
        "login": role.login,
        "password": read_variable(role.password_env, f"{where} password_env", premises.environ),
        "otp": "",
    }
    if role.totp_env is not None:
        found["otp"] = otp_of(premises, role.totp_env, f"{where} totp_env")
    return found


def otp_of(premises: Premises, variable: str, field_name: str) -> str:
    """Return the second factor of now (RFC 6238: SHA-1, six digits, half a minute).

    Raises:
        ConfigError: the variable is missing, or holds no base 32.
    """
    secret = read_variable(variable, field_name, premises.environ)
    try:
        key = base64.b32decode(secret.replace(" ", "").upper())
    except binascii.Error:
        raise ConfigError(f"{field_name}: {variable} holds no secret in base 32") from None
    totp = TOTP(key, _DIGITS, SHA1(), _STEP_S, enforce_key_length=False)  # noqa: S303 - RFC 6238's
    return totp.generate(int(time.time())).decode()


def log_in(premises: Premises, name: str) -> LoggedIn:
    """Log a role in, anew each time.

    Raises:
        ConfigError: there is no such role, or no `[hipaa.login]`.
        TargetError: the service refuses it.
    """
    table = premises.table.login
    if table is None:
        raise ConfigError("[hipaa.login]: say how people log in")
    assert premises.service is not None
    answer = premises.service.send_as(filled(table, credentials_of(premises, name)))
    return _logged_in(answer, table, name)


def bearer_of(premises: Premises, name: str) -> str:
    """Return a token of a role: the one in its variable, or one that a log-in gives.

    Raises:
        ConfigError, TargetError: as `log_in`.
    """
    role = _role(premises, name)
    if role.bearer_env is not None:
        field_name = f"[hipaa.roles.{name}] bearer_env"
        return read_variable(role.bearer_env, field_name, premises.environ)
    return log_in(premises, name).bearer


def filled(table: CallTable, values: Mapping[str, Any]) -> Request:
    """Return the request of a table, with its placeholders filled.

    Raises:
        ConfigError: it has one that nobody fills; the names that are filled are named.
    """
    try:
        return Request(
            table.method,
            fill_values(table.path, values),
            None if table.body is None else fill_values(table.body, values),
            headers=fill_values(table.headers, values),
        )
    except KeyError as error:
        raise ConfigError(
            f"[hipaa]: {table.method} {table.path} has the placeholder {{{{{error.args[0]}}}}}; "
            f"known here are {', '.join(sorted(values))}"
        ) from None


def call(
    premises: Premises,
    table: CallTable,
    values: Mapping[str, Any],
    *,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Send the request of a table: as `headers` say, or as its role, or as the target.

    Raises:
        ConfigError: as `filled` and `log_in`.
        TargetError: no answer, or the role cannot log in.
    """
    service = premises.service
    assert service is not None
    request = filled(table, values)
    if headers is None and table.role is not None:
        headers = as_bearer(bearer_of(premises, table.role))
    return service.send(request) if headers is None else service.send_as(request, headers)


class Voices:
    """Whoever the configuration's requests are sent as; each logs in once, and again if it ended.

    A role that is refused right after it logged in is not logged in a second time.
    """

    def __init__(self, premises: Premises) -> None:
        self._premises = premises
        self._headers: dict[str, dict[str, str]] = {}

    def ask(self, table: CallTable, values: Mapping[str, Any]) -> Answer:
        """Send the request of a table as whom it names.

        Raises:
            ConfigError, TargetError: as `call`.
        """
        role = table.role
        if role is None:
            return call(self._premises, table, values)
        known = role in self._headers
        if not known:
            self._headers[role] = as_bearer(bearer_of(self._premises, role))
        answer = call(self._premises, table, values, headers=self._headers[role])
        if known and answer.status == 401:
            del self._headers[role]
            return self.ask(table, values)
        return answer


def told(answer: Answer, path: str) -> Any:
    """Return what stands at a JMESPath of an answer; None where nothing does."""
    return jmespath.search(path, answer.body)


def _role(premises: Premises, name: str) -> RoleTable:
    try:
        return premises.table.roles[name]
    except KeyError:
        known = ", ".join(premises.table.roles) or "none"
        raise ConfigError(f"[hipaa.roles.{name}] is missing; known are {known}") from None


def _logged_in(answer: Answer, table: LoginTable, name: str) -> LoggedIn:
    token = told(answer, table.answer) if answer.served else None
    if not isinstance(token, str):
        raise TargetError(
            f"[hipaa.roles.{name}]: the log-in answers {answer.status} and gives no token at "
            f"{table.answer}; mend [hipaa.login] or the role's credentials"
        )
    again = None if table.refresh_answer is None else told(answer, table.refresh_answer)
    return LoggedIn(token, again if isinstance(again, str) else None)
