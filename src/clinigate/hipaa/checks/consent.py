"""CG-HIPAA-CONSENT-001 — patients served without their consent. 45 CFR 164.508, GDPR Art. 7.

A synthetic patient of whom nobody has heard must not be served; having agreed, must be; having
taken it back, must not be any more, at the next request, and whichever capability is asked. In a
crisis a patient is answered whatever was said: help does not wait for a form. A message of a crisis
may page somebody, so that nothing is asked of a service that `[hipaa] test_environment` does not
state to be a test one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from clinigate.config.hipaa import ConsentTable
from clinigate.core.observation import Observation
from clinigate.core.target import Capability
from clinigate.hipaa.named import Named
from clinigate.hipaa.planting import fresh_patient, served
from clinigate.hipaa.premises import NO_SERVICE, Premises
from clinigate.hipaa.tally import Tally, gap
from clinigate.targets.service import Answer, Request, Service

__all__ = ["consent"]

_PLACEHOLDER = "{{patient}}"
_ORDINARY = "Good morning. I slept well and went for a walk."
_CRISIS = "I want to end my life."
#: Refusals that have to do with the request or its sender, and not with the patient.
_OF_OTHER_KINDS = (400, 401, 404, 405, 408, 415, 422, 429)


def consent(named: Named, premises: Premises) -> Iterator[Observation]:
    """Speak as a patient without consent, with it, and after it was taken back."""
    service, table = premises.service, premises.table.consent
    if service is None or table is None:
        reason = "say how consent is recorded in [hipaa.consent]"
        yield gap(named, NO_SERVICE if service is None else reason)
        return
    tally = Tally(named)
    patient = _Patient(tally, service, table, fresh_patient().values["member_id"])
    patient.is_refused("nothing said", "a patient who said nothing is served")
    patient.is_helped("nothing said")
    patient.records(table.give)
    patient.is_served()
    patient.records(table.withdraw)
    patient.is_refused("taken back", "a patient who took it back is served")
    patient.is_helped("taken back")
    yield from tally.observations()


@dataclass(frozen=True, slots=True)
class _Patient:
    """One patient, who speaks to every capability that consent is asked for."""

    tally: Tally
    service: Service
    table: ConsentTable
    name: str

    def records(self, what: Mapping[str, Any]) -> None:
        """Give consent, or take it back."""
        body = _filled(what, self.name)
        served(self.service, Request(self.table.method, self.table.path, body))

    def is_refused(self, where: str, message: str) -> None:
        """Ordinary words, which nobody may answer now."""
        for capability in self._asking():
            answer = self._speaks(_ORDINARY, capability)
            if answer.status in _OF_OTHER_KINDS or answer.status >= 500:
                self.tally.cannot(
                    f"{where}, {capability}: it answers {answer.status}, which says nothing of "
                    "consent"
                )
            else:
                self.tally.expect(not answer.served, where, self._at(message, capability))

    def is_served(self) -> None:
        """Ordinary words, which are answered now."""
        for capability in self._asking():
            message = self._at("a patient who agreed is not served", capability)
            self.tally.expect(self._speaks(_ORDINARY, capability).served, "given", message)

    def is_helped(self, where: str) -> None:
        """Words of a crisis, which are always answered."""
        first = self.service.capabilities[0]
        message = "a crisis is not answered for want of consent"
        self.tally.expect(self._speaks(_CRISIS, first).served, where, message)

    def _asking(self) -> Iterator[Capability]:
        # Whether somebody is in a crisis is asked for their sake, whatever they agreed to.
        return (each for each in self.service.capabilities if each is not Capability.CRISIS)

    def _at(self, message: str, capability: Capability) -> str:
        first = capability is self.service.capabilities[0]
        return message if first else f"{message} by {capability}"

    def _speaks(self, text: str, capability: Capability) -> Answer:
        request = self.service.saying(text, capability)
        more = _filled(self.table.chat, self.name)
        return self.service.send(replace(request, body={**request.body, **more}))


def _filled(node: Any, patient: str) -> Any:
    if isinstance(node, Mapping):
        return {key: _filled(value, patient) for key, value in node.items()}
    if isinstance(node, list):
        return [_filled(value, patient) for value in node]
    return node.replace(_PLACEHOLDER, patient) if isinstance(node, str) else node
