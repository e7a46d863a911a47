"""CG-HIPAA-SCOPES-001 — tokens that open more, or less, than their scopes. 45 CFR 164.312(a)(1).

The operations that need one of `[hipaa.access] scopes` are asked with a token of each of them and
with one that has none: it must be let in where its scope suffices, and refused elsewhere. Where the
token service refuses to make a token without a scope there is none to try, which is as it should
be. As somebody who may, nothing is sent that would be carried out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from clinigate.core.observation import Observation
from clinigate.errors import TargetError
from clinigate.hipaa.actors import as_bearer
from clinigate.hipaa.interface import Operation, guarded, withheld
from clinigate.hipaa.named import Named
from clinigate.hipaa.premises import NO_SERVICE, Premises
from clinigate.hipaa.probes.access.asking import Asker
from clinigate.hipaa.probes.access.jwt import read
from clinigate.hipaa.tally import Tally, gap
from clinigate.targets.credentials import read_variable

__all__ = ["scopes"]


def scopes(named: Named, premises: Premises) -> Iterator[Observation]:
    """Ask with a token of each scope, and with one of none."""
    service = premises.service
    if service is None or not service.takes_scopes:
        reason = "needs tokens of chosen scopes; give [target.auth.oauth2]"
        yield gap(named, NO_SERVICE if service is None else reason)
        return
    tally = Tally(named)
    asker = Asker(tally, service)
    known = premises.table.access.scopes
    tried = [each for each in guarded(premises) if each.scopes & set(known)]
    if not tried:
        yield gap(
            named,
            f"no operation of the document needs {' or '.join(known)}; name the service's own in "
            "[hipaa.access] scopes",
        )
        return
    for scope in known:
        if not any(each.scopes == {scope} for each in tried):
            tally.cannot(f"the scope {scope}: no operation of the document needs it alone")
            continue
        try:
            token = service.token([scope])
        except TargetError as error:
            tally.cannot(f"a token of the scope {scope}: {error}")
            continue
        _ask(asker, premises, tried, token=token, held=frozenset({scope}))
    _without(asker, premises, tried)
    asker.judge_refusals()
    yield from tally.observations()


def _ask(
    asker: Asker,
    premises: Premises,
    tried: Sequence[Operation],
    *,
    token: str,
    held: frozenset[str],
) -> None:
    who = f"a token of {'the scope ' + ''.join(held) if held else 'no scope'}"
    headers = as_bearer(token)
    for each in tried:
        if (reason := withheld(premises, each.request)) is not None:
            asker.tally.cannot(f"{each.request}: {reason}")
        elif each.scopes <= held:
            asker.must_admit(each, headers, who)
        else:
            asker.must_refuse(each.request, headers, who)


def _without(asker: Asker, premises: Premises, tried: Sequence[Operation]) -> None:
    variable = premises.table.access.scopeless_token_env
    assert premises.service is not None
    if variable is not None:
        token = read_variable(variable, "[hipaa.access] scopeless_token_env", premises.environ)
        _ask(asker, premises, tried, token=token, held=frozenset())
    try:
        token = premises.service.token([])
    except TargetError:
        asker.tally.expect(True, "a token of no scope", "")
        return
    if given := _scopes_in(token):
        # RFC 6749, 3.3: who asks for none may be given those that the service gives by itself.
        if variable is None:
            asker.tally.cannot(
                f"a token of no scope: who asks for none is given {given}; give one in "
                "[hipaa.access] scopeless_token_env"
            )
        return
    _ask(asker, premises, tried, token=token, held=frozenset())


def _scopes_in(token: str) -> str:
    """Return the scopes that a token says it has (RFC 9068, 2.2.3); nothing of an opaque one."""
    found = read(token)
    said = None if found is None else found.claims.get("scope", found.claims.get("scp"))
    return " ".join(map(str, said)) if isinstance(said, list) else str(said or "")
