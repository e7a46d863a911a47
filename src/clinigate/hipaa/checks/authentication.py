"""CG-HIPAA-AUTHENTICATION-001 — who gets in without valid credentials. 45 CFR 164.312(d).

Requests that are served with the target's credentials, one for each capability, and every guarded
operation of the OpenAPI document are sent without any, with malformed, altered, unsigned and
expired ones, and, where tokens can be had for the asking, with a valid one in the address. Each
must be refused with 401 or 403.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from clinigate.core.observation import Observation
from clinigate.errors import ConfigError, TargetError
from clinigate.hipaa.forgeries import forgeries
from clinigate.hipaa.interface import guarded, withheld
from clinigate.hipaa.named import Named
from clinigate.hipaa.planting import served
from clinigate.hipaa.premises import NO_SERVICE, Premises
from clinigate.hipaa.tally import Tally, gap
from clinigate.targets.service import Request, Service

__all__ = ["authentication"]


def authentication(named: Named, premises: Premises) -> Iterator[Observation]:
    """Try to get in without valid credentials, everywhere."""
    service = premises.service
    if service is None:
        yield gap(named, NO_SERVICE)
        return
    tally = Tally(named)
    spoken = [service.saying("Good morning.", each) for each in service.capabilities]
    for request in spoken:
        # Of a request that nobody is served a refusal says nothing.
        served(service, request)
    forged = forgeries(tally, service, premises)
    for request in (*spoken, *_others(tally, premises, spoken)):
        for what, headers in forged.items():
            answer = service.send_as(request, headers)
            if answer.served or answer.refused or request in spoken:
                tally.expect(answer.refused, what, f"{request} answers {answer.status} to it")
            else:
                tally.cannot(f"{what} at {request}: it answers {answer.status} before it looks")
    _in_the_address(tally, service, spoken[0])
    yield from tally.observations()


def _others(tally: Tally, premises: Premises, spoken: list[Request]) -> Iterator[Request]:
    """Further operations, as the document has them; without one nobody knows of them."""
    try:
        found = guarded(premises)
    except (ConfigError, TargetError) as error:
        tally.cannot(f"operations beside those of [target]: {error}")
        return
    assert premises.service is not None
    known = {premises.service.place(each) for each in spoken}
    for operation in found:
        request = operation.request
        if premises.service.place(request) in known:
            continue
        if (reason := withheld(premises, request)) is not None:
            tally.cannot(f"{request}: {reason}")
        else:
            yield request


def _in_the_address(tally: Tally, service: Service, request: Request) -> None:
    """A token in an address stands in every log on the way; RFC 6750, section 5.3.

    A valid one shows whether it would do. It is made for this alone and soon runs out; a token that
    lasts is not put into logs by a probe.
    """
    if not service.takes_scopes:
        tally.remarks.append("a token in the address was not tried: the target's own would last")
        return
    sign = "&" if "?" in request.path else "?"
    path = f"{request.path}{sign}access_token={service.token(None)}"
    with _unlogged():
        answer = service.send_as(replace(request, path=path))
    tally.expect(
        answer.refused, "a token in the address", f"{request} answers {answer.status} to it"
    )


@contextmanager
def _unlogged() -> Iterator[None]:
    """Keep httpx, which logs whole addresses, from logging this one."""
    log = logging.getLogger("httpx")
    before, log.disabled = log.disabled, True
    try:
        yield
    finally:
        log.disabled = before
