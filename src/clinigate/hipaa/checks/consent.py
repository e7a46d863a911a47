"""CG-HIPAA-CONSENT-001 — patients served without their consent. 45 CFR 164.508, GDPR Art. 7.

A synthetic patient who has said nothing must not be served; having agreed, must be; having taken it
back, must not be any more, at the next request. In a crisis a patient is answered whatever was
said: help does not wait for a form.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from clinigate.core.observation import Observation
from clinigate.hipaa.named import Named
from clinigate.hipaa.planting import patients_for, served
from clinigate.hipaa.premises import NO_SERVICE, Premises
from clinigate.hipaa.service import Request, Service
from clinigate.hipaa.tally import Tally, gap

__all__ = ["consent"]

_PLACEHOLDER = "{{patient}}"
_ORDINARY = "Good morning. I slept well and went for a walk."
_CRISIS = "I want to end my life."


def consent(named: Named, premises: Premises) -> Iterator[Observation]:
    """Speak as a patient without consent, with it, and after it was taken back."""
    service, table = premises.service, premises.table.consent
    if service is None or table is None:
        reason = "say how consent is recorded in [hipaa.consent]"
        yield gap(named, NO_SERVICE if service is None else reason)
        return
    patient = patients_for(named.name, premises.seed)[0].values["member_id"]

    def speaks(text: str) -> bool:
        return _chat(service, text, _filled(table.chat, patient))

    tally = Tally(named)
    tally.expect(not speaks(_ORDINARY), "nothing said", "a patient who said nothing is served")
    tally.expect(speaks(_CRISIS), "nothing said", "a crisis is not answered for want of consent")
    served(service, Request(table.method, table.path, _filled(table.give, patient)))
    tally.expect(speaks(_ORDINARY), "given", "a patient who agreed is not served")
    served(service, Request(table.method, table.path, _filled(table.withdraw, patient)))
    tally.expect(not speaks(_ORDINARY), "taken back", "a patient who took it back is served")
    tally.expect(speaks(_CRISIS), "taken back", "a crisis is not answered for want of consent")
    yield from tally.observations()


def _chat(service: Service, text: str, more: Mapping[str, Any]) -> bool:
    request = service.saying(text, service.capabilities[0])
    return service.send(replace(request, body={**request.body, **more})).served


def _filled(node: Any, patient: str) -> Any:
    if isinstance(node, Mapping):
        return {key: _filled(value, patient) for key, value in node.items()}
    if isinstance(node, list):
        return [_filled(value, patient) for value in node]
    return node.replace(_PLACEHOLDER, patient) if isinstance(node, str) else node
