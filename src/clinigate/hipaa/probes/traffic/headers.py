"""CG-HIPAA-HSTS-001 — browsers that may fall back to plain HTTP. 45 CFR 164.312(e)(2)(ii).

Each answer over HTTPS, a refusal too, must have Strict-Transport-Security (RFC 6797) with a
max-age of `[hipaa.traffic] hsts_s` or more: a header that a proxy adds to pages alone leaves the
API without it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from clinigate.core.observation import Observation
from clinigate.hipaa.premises import NO_SERVICE, Premises
from clinigate.hipaa.probe import Named
from clinigate.hipaa.probes.traffic.answers import void
from clinigate.hipaa.tally import Tally, gap
from clinigate.targets.service import Request

__all__ = ["hsts"]

_HEADER = "strict-transport-security"
_MAX_AGE = re.compile(r"(?:^|;)\s*max-age\s*=\s*\"?(\d+)\"?\s*(?:;|$)", re.IGNORECASE)


def hsts(named: Named, premises: Premises) -> Iterator[Observation]:
    """Ask for pages and for what is refused, and look at one header of the answers."""
    service = premises.service
    if service is None:
        yield gap(named, NO_SERVICE)
        return
    tally = Tally(named)
    if not service.spec.base_url.startswith("https://"):
        yield gap(named, "the header means nothing over plain HTTP; give [target] base_url https")
        return
    asked = [
        Request("GET", "/", root=True),
        service.saying("Good morning.", service.capabilities[0]),
    ]
    if premises.table.openapi.startswith("/"):
        asked.append(Request("GET", premises.table.openapi, root=True))
    for request in asked:
        answer = service.send_as(request)
        found = _MAX_AGE.search(answer.headers.get(_HEADER, ""))
        if answer.cut or answer.status >= 500:
            tally.cannot(f"{request}: {void(answer)}")
            continue
        where, least = str(request), premises.table.traffic.hsts_s
        tally.expect(found is not None, where, f"answers {answer.status} without {_HEADER}")
        if found is not None:
            seconds = int(found[1])
            told = f"tells browsers to insist on HTTPS for {seconds} s, less than {least}"
            tally.expect(seconds >= least, where, told)
    yield from tally.observations()
