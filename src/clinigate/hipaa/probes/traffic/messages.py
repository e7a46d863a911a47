"""CG-HIPAA-MESSAGE-INTEGRITY-001 — messages that anybody may send. 45 CFR 164.312(e)(2)(i).

A partner's message that is right must be taken. The same with one letter changed, without its
signature, with that of another secret, from before the window and from after it must be refused,
and so must the right one when it comes a second time.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from dataclasses import replace

from clinigate.core.observation import Observation
from clinigate.errors import TargetError
from clinigate.hipaa.premises import Premises
from clinigate.hipaa.probe import Named
from clinigate.hipaa.probes.traffic.answers import void
from clinigate.hipaa.probes.traffic.signing import (
    altered,
    message,
    secret_of,
    signed_request,
)
from clinigate.hipaa.tally import Tally
from clinigate.targets.service import Request

__all__ = ["message_integrity"]

_BEYOND_S = 60.0


def message_integrity(named: Named, premises: Premises) -> Iterator[Observation]:
    """Send a right message, and then wrong ones."""
    service, table = premises.service, premises.table.traffic.message
    assert service is not None
    assert table is not None
    tally = Tally(named)
    right = signed_request(table, message(table, _name(), time.time()), secret_of(table, premises))
    where = str(right)
    answer = service.send_as(right)
    why = void(answer) or (None if answer.served else f"it answers {answer.status}")
    if why is not None:
        raise TargetError(
            f"{where}: {why}, to a message that is signed right; mend [hipaa.traffic.message] or "
            "its secret"
        )
    for what, request in _wrong(premises):
        answer = service.send_as(request)
        why = void(answer)
        if why is None:
            tally.expect(not answer.served, where, f"takes a message {what}")
        else:
            tally.cannot(f"a message {what}: {where}: {why}")
    again = service.send_as(right)
    why = void(again)
    if why is None:
        known = not again.served or again.status in table.known_status
        tally.expect(known, where, "takes the same message a second time")
    else:
        tally.cannot(f"the same message a second time: {where}: {why}")
    yield from tally.observations()


def _wrong(premises: Premises) -> Iterator[tuple[str, Request]]:
    """Yield messages that must be refused, by what is wrong with them."""
    table = premises.table.traffic.message
    assert table is not None
    secret, now = secret_of(table, premises), time.time()
    away = table.window_s + _BEYOND_S
    said = message(table, _name(), now)
    other = replace(said, content=altered(said.content))
    yield (
        "that was altered on its way",
        signed_request(table, other, secret, as_signed=said.content),
    )
    yield "without a signature", signed_request(table, message(table, _name(), now), None)
    stranger = secrets.token_bytes(32)
    yield "signed by another", signed_request(table, message(table, _name(), now), stranger)
    yield "that is too old", signed_request(table, message(table, _name(), now - away), secret)
    yield "of the future", signed_request(table, message(table, _name(), now + away), secret)


def _name() -> str:
    return f"clinigate-{secrets.token_hex(8)}"
