"""CG-HIPAA-AUTHENTICATION-001 — who gets in without valid credentials. 45 CFR 164.312(d).

The same request that is served with the target's credentials is sent without any, with malformed,
altered, unsigned and expired ones, and with the right ones in the wrong place. Each must be refused
with 401 or 403.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace

from clinigate.core.observation import Observation
from clinigate.errors import TargetError
from clinigate.hipaa.named import Named
from clinigate.hipaa.premises import NO_SERVICE, Premises
from clinigate.hipaa.service import Request, Service
from clinigate.hipaa.tally import Tally, gap
from clinigate.targets.credentials import read_variable

__all__ = ["authentication"]

_HEADER = "Authorization"


def authentication(named: Named, premises: Premises) -> Iterator[Observation]:
    """Try to get in without valid credentials."""
    service = premises.service
    if service is None:
        yield gap(named, NO_SERVICE)
        return
    request = service.saying("Good morning.", service.capabilities[0])
    if not (served := service.send(request)).served:
        raise TargetError(
            f"{request}: answers {served.status} to the target's own credentials; without a "
            "request that is served nothing can be said of those that are not"
        )
    tally = Tally(named)
    for what, headers in _forgeries(service, premises):
        answer = service.send_as(request, headers)
        tally.expect(answer.refused, what, f"{request} answers {answer.status} to it")
    _in_the_address(tally, service, request)
    if premises.table.expired_token_env is None:
        tally.cannot("an expired token; name the variable of one in [hipaa] expired_token_env")
    yield from tally.observations()


def _forgeries(service: Service, premises: Premises) -> Iterator[tuple[str, Mapping[str, str]]]:
    yield "no credentials", {}
    yield "an empty token", {_HEADER: "Bearer"}
    yield "a made-up token", _bearer("clinigate-made-up-token")
    yield "a made-up user with a password", {_HEADER: f"Basic {_encoded(b'admin:admin')}"}
    token = service.bearer()
    yield "a token with algorithm none", _bearer(_unsigned(token))
    if token is not None:
        yield "a token with one letter changed", _bearer(_altered(token))
    for name, value in service.credential_headers.items():
        if name != _HEADER:
            yield f"a header {name} with one letter changed", {name: _altered(value)}
    variable = premises.table.expired_token_env
    if variable is not None:
        expired = read_variable(variable, "[hipaa] expired_token_env", premises.environ)
        yield "an expired token", _bearer(expired)


def _in_the_address(tally: Tally, service: Service, request: Request) -> None:
    """A token in an address stands in every log on the way; RFC 6750, section 5.3."""
    token = service.bearer()
    if token is not None:
        # An altered one, so that no valid token is left in logs by this very probe.
        path = f"{request.path}?access_token={_altered(token)}"
        answer = service.send_as(replace(request, path=path))
        tally.expect(
            answer.refused, "a token in the address", f"{request} answers {answer.status} to it"
        )


def _bearer(token: str) -> dict[str, str]:
    return {_HEADER: f"Bearer {token}"}


def _altered(text: str) -> str:
    """Change one character in the middle; the last one may carry bits that nobody reads."""
    at = len(text) // 2
    other = "A" if text[at] != "A" else "B"
    return text[:at] + other + text[at + 1 :]


def _unsigned(token: str | None) -> str:
    """A token that says it needs no signature: with the claims of a real one, where it has any."""
    parts = (token or "").split(".")
    claims = parts[1] if len(parts) == 3 else _encoded(json.dumps({"sub": "admin"}).encode())
    head = _encoded(json.dumps({"alg": "none", "typ": "JWT"}).encode())
    return f"{head}.{claims}."


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
