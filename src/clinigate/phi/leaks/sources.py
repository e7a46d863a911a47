"""What is planted: every way in that the target has, each with a synthetic patient of its own.

A patient of its own for each way in is what makes a find a trace: whatever turns up says by whom it
came in.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, urlencode

from clinigate.config.hipaa import ConsentTable
from clinigate.config.phi_trace import PlantTable
from clinigate.core.target import Capability
from clinigate.errors import ConfigError
from clinigate.phi.canaries import Patient, make_patients
from clinigate.phi.leaks.fhir import fhir_patient
from clinigate.targets.service import Request, Service
from clinigate.targets.template import fill_values

__all__ = ["Planting", "plantings", "words_of"]

_PLACEHOLDER = "{{patient}}"
_ORDINARY = "Good morning. I slept well and went for a walk."


@dataclass(frozen=True, slots=True)
class Planting:
    """One way in, and what is sent there.

    Attributes:
        source: as the map calls it. patient: who is spoken of there and nowhere else.
        requests: in their order.
        anyone: whether they are sent without credentials.
        taken: whether the service has to serve them for the patient to be in.
    """

    source: str
    patient: Patient
    requests: tuple[Request, ...]
    anyone: bool = False
    taken: bool = True


#: Makes a planting of a patient who is still to be given.
_Way = Callable[[Patient], Planting]


def words_of(patient: Patient) -> str:
    """Return what the patient says: every value that is looked for, and no crisis."""
    told = "; ".join(f"{name.replace('_', ' ')} {value}" for name, value in patient.values.items())
    return f"Good morning. Please keep my record up to date: {told}. The weather is fine today."


def plantings(
    service: Service,
    *,
    seed: int,
    consent: ConsentTable | None = None,
    further: Sequence[PlantTable] = (),
) -> tuple[Planting, ...]:
    """Return what to plant, in an order that does not depend on the seed.

    Args:
        service: what its capabilities are, and how they are spoken to.
        seed: of the patients; the same one gives the same.
        consent: how a patient's name is recorded, and given in a chat.
        further: requests of the configuration.

    Raises:
        ConfigError: two ways in have one name.
    """
    ways = [*_spoken(service), *_addressed(service)]
    if consent is not None:
        ways.append(_named(service, consent))
    ways += [_configured(table) for table in further]
    patients = make_patients(seed, len(ways))
    planted = tuple(way(patient) for way, patient in zip(ways, patients, strict=True))
    names = [each.source for each in planted]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ConfigError(f"[[phi.trace.plant]] source: two ways in are called {twice!r}; name one")
    return planted


def _spoken(service: Service) -> Iterator[_Way]:
    for capability in service.capabilities:
        yield _said(service, capability)
    first = service.capabilities[0]
    yield _cut_off(service, first)
    yield _unknown_sender(service, first)


def _said(service: Service, capability: Capability) -> _Way:
    return lambda patient: Planting(
        f"message to {capability}", patient, (service.saying(words_of(patient), capability),)
    )


def _cut_off(service: Service, capability: Capability) -> _Way:
    def way(patient: Patient) -> Planting:
        request = service.saying(words_of(patient), capability)
        broken = json.dumps(request.body).encode()[:-2]
        return Planting(
            "message that is cut off", patient, (replace(request, raw=broken),), taken=False
        )

    return way


def _unknown_sender(service: Service, capability: Capability) -> _Way:
    return lambda patient: Planting(
        "message without credentials",
        patient,
        (service.saying(words_of(patient), capability),),
        anyone=True,
        taken=False,
    )


def _addressed(service: Service) -> Iterator[_Way]:
    """Addresses, which find their way into logs, metrics and error pages more than bodies do."""
    place = service.saying(_ORDINARY, service.capabilities[0]).path

    def path(patient: Patient) -> Planting:
        values = patient.values
        leading = f"/patients/{quote(values['family_name'])}/records/{quote(values['mrn'])}"
        return Planting("path of a request", patient, (Request("GET", leading),), taken=False)

    def query(patient: Patient) -> Planting:
        asked = f"{place}?{urlencode(dict(patient.values))}"
        return Planting("query of a request", patient, (Request("GET", asked),), taken=False)

    def referrer(patient: Patient) -> Planting:
        page = f"https://app.example.com/patients?{urlencode(dict(patient.values))}"
        request = replace(
            service.saying(_ORDINARY, service.capabilities[0]), headers={"Referer": page}
        )
        return Planting("referring page of a request", patient, (request,))

    yield path
    yield query
    yield referrer


def _named(service: Service, table: ConsentTable) -> _Way:
    def way(patient: Patient) -> Planting:
        name = patient.values["family_name"]
        consents = Request(table.method, table.path, _with_name(table.give, name))
        said = service.saying(_ORDINARY, service.capabilities[0])
        chats = replace(said, body={**said.body, **_with_name(table.chat, name)})
        return Planting("name of a patient", patient, (consents, chats))

    return way


def _configured(table: PlantTable) -> _Way:
    def way(patient: Patient) -> Planting:
        values: dict[str, Any] = {
            **patient.values,
            **patient.details,
            "words": words_of(patient),
            "fhir_patient": fhir_patient(patient),
        }
        in_address = {key: quote(str(value), safe="") for key, value in values.items()}
        request = Request(
            table.method,
            fill_values(table.path, in_address),
            fill_values(table.body, values),
            headers={key: str(fill_values(text, values)) for key, text in table.headers.items()},
        )
        return Planting(table.source, patient, (request,))

    return way


def _with_name(node: Any, name: str) -> Any:
    if isinstance(node, Mapping):
        return {key: _with_name(value, name) for key, value in node.items()}
    if isinstance(node, list):
        return [_with_name(value, name) for value in node]
    return node.replace(_PLACEHOLDER, name) if isinstance(node, str) else node
