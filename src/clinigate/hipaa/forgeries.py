"""Credentials that nobody may get in with: missing, malformed, altered, unsigned, expired."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator, Mapping
from typing import Any

from clinigate.hipaa.premises import Premises
from clinigate.hipaa.tally import Tally
from clinigate.targets.credentials import read_variable
from clinigate.targets.service import Service

__all__ = ["forgeries"]

_HEADER = "Authorization"


def forgeries(tally: Tally, service: Service, premises: Premises) -> dict[str, Mapping[str, str]]:
    """Return headers by what they are; `tally` is told of those that cannot be had.

    Raises:
        ConfigError: the variable of the expired token is not set.
    """
    token = service.bearer()
    found = dict(_of_anybody())
    found |= dict(_of_token(token))
    for name, value in service.credential_headers.items():
        if name != _HEADER or token is None:
            found[f"a header {name} with one letter changed"] = {name: _altered(value)}
    found |= _expired(tally, premises)
    return found


def _of_anybody() -> Iterator[tuple[str, Mapping[str, str]]]:
    yield "no credentials", {}
    yield "an empty token", {_HEADER: "Bearer"}
    yield "a made-up token", _bearer("clinigate-made-up-token")
    yield "a made-up user with a password", {_HEADER: f"Basic {_encoded(b'admin:admin')}"}


def _of_token(token: str | None) -> Iterator[tuple[str, Mapping[str, str]]]:
    """A real token, tampered with; of a JSON Web Token each of its parts."""
    head, claims, signature = (token or "").split(".") if _is_jwt(token) else ("", "", "")
    claims = claims or _encoded(json.dumps({"sub": "admin"}).encode())
    none = _encoded(json.dumps({"alg": "none", "typ": "JWT"}).encode())
    yield "a token with algorithm none", _bearer(f"{none}.{claims}.")
    yield "a token signed with an empty key", _bearer(_signed(claims, b""))
    if token is not None:
        yield "a token with one letter changed", _bearer(_altered(token))
    if signature:
        other = _altered(signature)
        yield (
            "a token with one letter of its signature changed",
            _bearer(f"{head}.{claims}.{other}"),
        )
        yield "a token without its signature", _bearer(f"{head}.{claims}.")


def _expired(tally: Tally, premises: Premises) -> dict[str, Mapping[str, str]]:
    variable = premises.table.expired_token_env
    if variable is None:
        tally.cannot("an expired token; name the variable of one in [hipaa] expired_token_env")
        return {}
    token = read_variable(variable, "[hipaa] expired_token_env", premises.environ)
    until = _claims(token).get("exp") if _is_jwt(token) else None
    if isinstance(until, int | float) and until > time.time():
        tally.cannot(f"an expired token; the one in {variable} is good until later")
        return {}
    return {"an expired token": _bearer(token)}


def _bearer(token: str) -> dict[str, str]:
    return {_HEADER: f"Bearer {token}"}


def _altered(text: str) -> str:
    """Change one character in the middle; the last one may carry bits that nobody reads."""
    at = len(text) // 2
    other = "A" if text[at] != "A" else "B"
    return text[:at] + other + text[at + 1 :]


def _is_jwt(token: str | None) -> bool:
    return token is not None and token.count(".") == 2 and bool(_claims(token))


def _claims(token: str) -> dict[str, Any]:
    middle = token.split(".")[1]
    try:
        found = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _signed(claims: str, key: bytes) -> str:
    head = _encoded(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
    digest = hmac.new(key, f"{head}.{claims}".encode(), hashlib.sha256).digest()
    return f"{head}.{claims}.{_encoded(digest)}"


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
