"""CG-HIPAA-ANONYMOUS-001 — addresses that serve nobody in particular. 45 CFR 164.312(a)(1).

Every operation of the OpenAPI document, addresses that services are known to have, and those of
`[hipaa.access] addresses` are asked without credentials. Only what the document or `[hipaa] open`
leaves open may serve. An address that leads elsewhere on the same host is followed there. A service
that serves the same page at any address shows nothing of it by that page.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from urllib.parse import urljoin, urlsplit

from clinigate.core.observation import Observation
from clinigate.hipaa.interface import Operation, operations, withheld
from clinigate.hipaa.named import Named
from clinigate.hipaa.premises import NO_SERVICE, Premises
from clinigate.hipaa.probes.access.addresses import WELL_KNOWN
from clinigate.hipaa.probes.access.asking import Asker, says_why_not
from clinigate.hipaa.tally import Tally, gap
from clinigate.targets.service import Answer, Request, Service

__all__ = ["anonymous_sweep"]

_HOPS = 3


def anonymous_sweep(named: Named, premises: Premises) -> Iterator[Observation]:
    """Ask for everything as nobody."""
    if premises.service is None:
        yield gap(named, NO_SERVICE)
        return
    tally = Tally(named)
    asker = Asker(tally, premises.service)
    every = operations(premises)
    for each in every:
        if each.is_open:
            continue
        if (reason := withheld(premises, each.request)) is not None:
            tally.cannot(f"{each.request}: {reason}")
        else:
            asker.must_refuse(each.request, {}, "nobody")
    asker.judge_refusals()
    if is_open := sorted(str(each.request) for each in every if each.is_open):
        tally.remarks.append(f"open to anyone, and not tried: {', '.join(is_open)}")
    _hidden(asker, premises, every)
    yield from tally.observations()


def _hidden(asker: Asker, premises: Premises, every: Sequence[Operation]) -> None:
    """Look for what the document leaves out."""
    service = asker.service
    known = {service.url(each.request) for each in every if each.request.method == "GET"}
    opened = {each.partition(" ")[2] for each in premises.table.open if each.startswith("GET ")}
    extra = [Request("GET", each) for each in premises.table.access.addresses]
    asked = [*(Request("GET", each, root=True) for each in WELL_KNOWN), *extra]
    anything = asker.ask(Request("GET", f"/clinigate-{secrets.token_hex(8)}", root=True))
    for request in asked:
        if service.url(request) in known or request.path in opened:
            continue
        answer = _followed(asker, service, request)
        if answer is None:
            continue
        if answer.served and _is_same(answer, anything):
            answer = None
        serves = answer is not None and answer.served
        if answer is not None and answer.status >= 500:
            asker.tally.cannot(f"{request}: {says_why_not(answer)}")
        else:
            asker.tally.expect(not serves, str(request), "serves nobody, and is not declared open")


def _followed(asker: Asker, service: Service, request: Request) -> Answer | None:
    """Return what an address leads to on the same host."""
    answer = asker.ask(request)
    for _ in range(_HOPS):
        if answer is None or not 300 <= answer.status < 400:
            return answer
        here = service.url(request)
        there = urlsplit(urljoin(here, answer.headers.get("location", "")))
        if there.netloc != urlsplit(here).netloc:
            return answer
        request = Request("GET", there.path or "/", root=True)
        answer = asker.ask(request)
    return answer


def _is_same(answer: Answer, anything: Answer | None) -> bool:
    """Whether it is the page that is served at any address."""
    return anything is not None and anything.served and anything.content == answer.content
