"""CG-HIPAA-ACCESS-001 — routes that serve who may not use them. 45 CFR 164.312(a)(1).

Every operation of the OpenAPI document that is not open to all is asked by nobody, by a token with
every scope but the one that it needs, and by each role of the configuration that may not use it.
Only 401 and 403 are refusals of access. An answer that looks at the request first, as 400, 404 or
422, shows nothing: give the document an example that is valid.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from clinigate.core.observation import Observation
from clinigate.errors import TargetError
from clinigate.hipaa.actors import bearer_of
from clinigate.hipaa.interface import Operation, operations, withheld
from clinigate.hipaa.named import Named
from clinigate.hipaa.premises import NO_SERVICE, Premises
from clinigate.hipaa.tally import Tally, gap
from clinigate.targets.service import Request, Service

__all__ = ["access_control"]


def access_control(named: Named, premises: Premises) -> Iterator[Observation]:
    """Ask each operation as somebody who may not use it."""
    service = premises.service
    if service is None:
        yield gap(named, NO_SERVICE)
        return
    every = operations(premises)
    tally = Tally(named)
    guarded = list(_tried(tally, premises, every))
    is_guarded = any(not each.is_open for each in every)
    tally.expect(is_guarded, premises.table.openapi, "every operation is open to anyone")
    _left_out(tally, service, premises, every)
    roles = {
        # Whoever logs in is the role matrix's.
        name: bearer_of(premises, name)
        for name, role in premises.table.roles.items()
        if role.bearer_env is not None
    }
    for operation in guarded:
        _ask(tally, service, operation, "nobody", {})
        for name, token in roles.items():
            if not operation.scopes <= set(premises.table.roles[name].scopes):
                _ask(tally, service, operation, f"the role {name}", _bearer(token))
    if service.takes_scopes:
        _by_scope(tally, service, guarded)
    elif not roles:
        tally.cannot("somebody with fewer rights; name one in [hipaa.roles.NAME]")
    yield from tally.observations()


def _tried(tally: Tally, premises: Premises, every: Sequence[Operation]) -> Iterator[Operation]:
    """What is guarded and may be tried; the reader hears of what is open."""
    for each in every:
        if each.is_open:
            continue
        if (reason := withheld(premises, each.request)) is not None:
            tally.cannot(f"{each.request}: {reason}")
        else:
            yield each
    if is_open := sorted(str(each.request) for each in every if each.is_open):
        tally.remarks.append(f"open to anyone, and not tried: {', '.join(is_open)}")


def _left_out(
    tally: Tally, service: Service, premises: Premises, every: Sequence[Operation]
) -> None:
    """A document without the very requests that patients make may lack others as well."""
    known = {service.place(each.request) for each in every}
    table = premises.table.consent
    asked = [service.saying("Good morning.", each) for each in service.capabilities]
    if table is not None:
        asked.append(Request(table.method, table.path))
    for request in asked:
        if service.place(request) not in known:
            tally.cannot(f"{request}: {premises.table.openapi} leaves it out, and maybe others")


def _by_scope(tally: Tally, service: Service, guarded: list[Operation]) -> None:
    held = service.scopes() or frozenset(each for one in guarded for each in one.scopes)
    tokens: dict[frozenset[str], str] = {}
    for operation in guarded:
        others = held - operation.scopes
        if not operation.scopes or not others:
            tally.cannot(f"{operation.request} with another scope; there is none")
            continue
        if others not in tokens:
            try:
                tokens[others] = service.token(sorted(others))
            except TargetError as error:
                tally.cannot(f"{operation.request} with another scope: {error}")
                continue
        who = f"a token without the scope {' '.join(sorted(operation.scopes))}"
        _ask(tally, service, operation, who, _bearer(tokens[others]))


def _ask(
    tally: Tally, service: Service, operation: Operation, who: str, headers: Mapping[str, str]
) -> None:
    answer = service.send_as(operation.request, headers)
    where = str(operation.request)
    if answer.served:
        tally.expect(False, where, f"serves {who}")
    elif answer.refused:
        tally.expect(True, where, "")
    else:
        tally.cannot(f"{where} as {who}: it answers {answer.status} before it asks who it is")


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
