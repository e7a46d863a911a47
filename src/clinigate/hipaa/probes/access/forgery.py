"""CG-HIPAA-FORGERY-001 — forged tokens that open something. 45 CFR 164.312(d), RFC 8725.

The first role that can log in gets a token; an operation that reads and that the role may use is
asked with it, and then with forgeries of it. Where the token is opaque there is nothing in it to
forge, which is told, and it is altered instead. Ones that the right key has signed, for another
audience, of another issuer or expired, take that key (`signing_key_env`, of a test environment) or
tokens that were made so (`refused_tokens`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain

from clinigate.core.observation import Observation
from clinigate.errors import TargetError
from clinigate.hipaa.actors import as_bearer
from clinigate.hipaa.interface import guarded
from clinigate.hipaa.named import Named
from clinigate.hipaa.premises import Premises
from clinigate.hipaa.probes.access.asking import Asker, says_why_not
from clinigate.hipaa.probes.access.crowd import Crowd
from clinigate.hipaa.probes.access.forging import by_claims, by_public_key, signed_wrongly, unsigned
from clinigate.hipaa.probes.access.jwt import Token, private_key, read
from clinigate.hipaa.tally import Tally, gap
from clinigate.targets.credentials import read_variable
from clinigate.targets.service import Answer, Request

__all__ = ["token_forgery"]

_MALFORMED = 400
_HOPELESS = frozenset({401, 403})


def token_forgery(named: Named, premises: Premises) -> Iterator[Observation]:
    """Forge the token of a session, in every way there is."""
    tally = Tally(named)
    assert premises.service is not None
    asker, crowd = Asker(tally, premises.service), Crowd(tally, premises)
    found = _place(asker, crowd, premises)
    if found is None:
        yield gap(named, "; ".join(["needs a read that a role which logs in may do",
                                    *tally.untried]))  # fmt: skip
        return
    request, headers = found
    given = headers["Authorization"].partition(" ")[2]
    token = read(given)
    if token is None:
        tally.remarks.append("tokens are opaque: there is nothing in them to forge")
        middle = len(given) // 2
        other = given[:middle] + ("A" if given[middle] != "A" else "B") + given[middle + 1 :]
        _refused(asker, request, "an opaque token with one letter changed", other)
    else:
        _forge(asker, premises, request, token)
    for what, variable in premises.table.access.refused_tokens.items():
        field = f"[hipaa.access] refused_tokens {what}"
        _refused(asker, request, what, read_variable(variable, field, premises.environ))
    _still(asker, crowd, request)
    yield from tally.observations()


def _place(
    asker: Asker, crowd: Crowd, premises: Premises
) -> tuple[Request, Mapping[str, str]] | None:
    """Return a request that a real token is let in with."""
    reads = [each for each in guarded(premises) if each.request.method == "GET" and each.scopes]
    for name, role in crowd.roles():
        for each in reads:
            if not each.scopes <= set(role.scopes):
                continue
            headers = crowd.headers(name)
            answer = None if headers is None else asker.ask(each.request, headers)
            if answer is not None and headers is not None and _is_in(answer):
                return each.request, headers
    return None


def _is_in(answer: Answer) -> bool:
    return answer.status < 500 and answer.status not in _HOPELESS and answer.status != _MALFORMED


def _forge(asker: Asker, premises: Premises, request: Request, token: Token) -> None:
    for what, forged in chain(unsigned(token), signed_wrongly(token)):
        _refused(asker, request, what, forged)
    if not token.algorithm.startswith("HS"):
        _with_public_key(asker, premises, request, token)
    variable = premises.table.access.signing_key_env
    if variable is not None:
        field = "[hipaa.access] signing_key_env"
        # Not as other credentials are read: PEM has lines, and goes into no header.
        key = private_key(premises.environ.get(variable, ""))
        signed = by_claims(token, key)
        _, honest = next(signed)
        answer = asker.ask(request, as_bearer(honest))
        if answer is None or not _is_in(answer):
            asker.tally.cannot(f"{field}: a token that it signs anew is not let in")
            return
        for what, each in signed:
            _refused(asker, request, what, each)
    elif not premises.table.access.refused_tokens:
        asker.tally.cannot(
            "tokens for another audience, of another issuer and expired; give [hipaa.access] "
            "signing_key_env or refused_tokens"
        )


def _with_public_key(asker: Asker, premises: Premises, request: Request, token: Token) -> None:
    place = Request("GET", premises.table.access.jwks, root=True)
    answer = asker.ask(place)
    keys = answer.body if answer is not None and answer.served else None
    forged = list(by_public_key(token, keys)) if isinstance(keys, dict) else []
    if not forged:
        asker.tally.cannot(
            f"tokens signed with the public key; {place} shows none, so name where they are in "
            "[hipaa.access] jwks"
        )
    for what, each in forged:
        _refused(asker, request, what, each)


def _refused(asker: Asker, request: Request, what: str, token: str) -> None:
    answer = asker.ask(request, as_bearer(token))
    if answer is None:
        return
    if answer.refused or answer.status == _MALFORMED:
        asker.tally.expect(True, what, "")
    elif _is_in(answer) and answer.status != 429:
        asker.tally.expect(False, what, f"{request} answers {answer.status} to it")
    else:
        asker.tally.cannot(f"{what}: {says_why_not(answer)}")


def _still(asker: Asker, crowd: Crowd, request: Request) -> None:
    """The refusals say something only if the real token is still good."""
    name = next(name for name, _ in crowd.roles() if crowd.headers(name) is not None)
    headers = crowd.headers(name)
    try:
        answer = None if headers is None else asker.service.send_as(request, headers)
    except TargetError as error:
        asker.tally.cannot(str(error))
        return
    if answer is not None and not _is_in(answer):
        asker.tally.cannot("the real token is refused after the forged ones; so they show nothing")
