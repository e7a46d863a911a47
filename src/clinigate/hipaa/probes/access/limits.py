"""CG-HIPAA-LIMITS-001 — clients that may ask without end. 45 CFR 164.312(a)(1).

For each of `[hipaa.access.limits]` a client of its own asks once more than it may, spread among the
replicas. It must be answered 429 by then, with the seconds to wait in `Retry-After` (RFC 9110) and
no more of them than the limit counts; and the target's own client must be served meanwhile. A
client that is over its limit from the start, as after an earlier run, shows that there is one.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import cycle

from clinigate.config.hipaa_access import LimitTable
from clinigate.core.observation import Observation
from clinigate.errors import ClinigateError, ConfigError
from clinigate.hipaa.actors import as_bearer, filled
from clinigate.hipaa.named import Named
from clinigate.hipaa.premises import NO_SERVICE, Premises
from clinigate.hipaa.probes.access.asking import says_why_not
from clinigate.hipaa.probes.access.clients import service_at, token_of
from clinigate.hipaa.tally import Tally, gap
from clinigate.targets.service import Answer, Request, Service

__all__ = ["rate_limits", "seconds_to_wait"]

_TOO_MANY = 429
_SHARE = 0.8
"""How much of its window the requests of a limit may take to be sent, at most."""


def rate_limits(named: Named, premises: Premises) -> Iterator[Observation]:
    """Use up each limit."""
    table = premises.table.access
    if premises.service is None or not table.limits:
        reason = "say in [hipaa.access.limits.NAME] how often which client may ask"
        yield gap(named, NO_SERVICE if premises.service is None else reason)
        return
    tally = Tally(named)
    if not table.replicas:
        tally.remarks.append("one address was asked; replicas are named in [hipaa.access] replicas")
    for name, limit in table.limits.items():
        try:
            _use_up(tally, premises, name, limit)
        except ConfigError:
            raise
        except ClinigateError as error:
            tally.cannot(f"the limit {name}: {error}")
    yield from tally.observations()


def _use_up(tally: Tally, premises: Premises, name: str, limit: LimitTable) -> None:
    needed_s = limit.requests / premises.table.safety.most_per_second
    if needed_s > limit.seconds * _SHARE:
        tally.cannot(
            f"the limit {name}: {limit.requests} requests take {needed_s:.0f} s; raise "
            "[hipaa.safety] most_per_second"
        )
        return
    headers = as_bearer(token_of(premises, limit, name))
    request = filled(limit.call, {})
    with ExitStack() as stack:
        asked = [_own(premises)]
        for url in premises.table.access.replicas:
            asked.append(stack.enter_context(service_at(premises, url)))
        begun = time.monotonic()
        let_in, last = _asked(asked, request, headers, limit.requests)
        took_s = time.monotonic() - begun
    _judge(tally, name, limit, let_in=let_in, last=last, took_s=took_s)
    if last.status == _TOO_MANY:
        others = _own(premises).send(request)
        told = f"the target's own client is answered {others.status} while another is over it"
        tally.expect(others.status != _TOO_MANY, f"the limit {name}", told)


def _own(premises: Premises) -> Service:
    assert premises.service is not None
    return premises.service


def _asked(
    services: list[Service], request: Request, headers: dict[str, str], most: int
) -> tuple[int, Answer]:
    """Ask once more than is allowed; return how many were let in, and the last answer."""
    for count, service in zip(range(most + 1), cycle(services), strict=False):
        answer = service.send_as(request, headers)
        if answer.status == _TOO_MANY or not answer.served:
            return count, answer
    return most + 1, answer


def _judge(
    tally: Tally, name: str, limit: LimitTable, *, let_in: int, last: Answer, took_s: float
) -> None:
    where = f"the limit {name}"
    if last.status != _TOO_MANY:
        if not last.served:
            tally.cannot(f"{where}: {says_why_not(last)}")
        elif took_s >= limit.seconds:
            tally.cannot(f"{where}: {let_in} requests took {took_s:.0f} s, more than it counts")
        else:
            told = f"{let_in} requests are let in, where {limit.requests} may be"
            tally.expect(False, where, told)
        return
    tally.expect(True, where, "")
    wait = seconds_to_wait(last.headers.get("retry-after", ""), last.headers.get("date", ""))
    told = "429 without the seconds to wait in Retry-After, or with more than the limit counts"
    tally.expect(wait is not None and 0 < wait <= limit.seconds + 1, where, told)
    if let_in < limit.requests:
        tally.remarks.append(f"{where}: after {let_in} requests; the client was used before")


def seconds_to_wait(said: str, date: str) -> float | None:
    """Return what Retry-After says: seconds, or a date by the clock of the header Date.

    None where it says neither. RFC 9110, section 10.2.3.
    """
    if said.isdecimal():
        return float(said)
    try:
        until = parsedate_to_datetime(said)
        since = parsedate_to_datetime(date) if date else datetime.now(UTC)
        return (until - since).total_seconds()
    except (ValueError, TypeError):
        return None
