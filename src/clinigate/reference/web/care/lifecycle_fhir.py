"""FHIR R4: patients, observations, all of a record, and a record taken in from elsewhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from clinigate.reference import lapses
from clinigate.reference.care import fhir
from clinigate.reference.care.care import Care
from clinigate.reference.care.lifecycle import Entry, lifecycle_of
from clinigate.reference.care.lifecycle_copies import (
    observation,
    patient_as,
    resources_of,
    take_in,
)
from clinigate.reference.care.patients import Kept
from clinigate.reference.care.people import PATIENT, READ, WRITE
from clinigate.reference.web.care.charts import kept_or_404
from clinigate.reference.web.care.route import CareRoute, Who, about
from clinigate.reference.web.problems import Problem
from clinigate.reference.web.requests import json_object

__all__ = ["FHIR_MEDIA", "as_bundle", "fhir_answer", "routes"]

FHIR_MEDIA = "application/fhir+json"
"""How FHIR is sent as JSON: https://hl7.org/fhir/R4/http.html#mime-type."""

_NONE = {404: "There is no such resource."}
_FACILITIES = ("north", "south")


def routes() -> list[CareRoute]:
    """Return the routes."""
    name = [{"family": "Example", "given": ["Ann"]}]  # phi-ok: an example of the document
    patient = {"resourceType": "Patient", "name": name}
    seen = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "Sleep"},
        "subject": {"reference": "Patient/example"},
        "valueString": "An example.",
    }
    whole = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": patient}]}
    one = "/fhir/Patient/{patient}"
    found = [
        CareRoute("POST", "/fhir/Patient", create_patient, "patient.create", WRITE,
                  "Add a patient.", patient),
        CareRoute("GET", one, read_patient, "patient.read", READ, "Read a patient.",
                  own=True, answers=_NONE),
        CareRoute("GET", f"{one}/$everything", everything, "patient.export", READ,
                  "Read all of a record.", own=True, answers=_NONE),
        CareRoute("POST", "/fhir/Observation", create_observation, "observation.create", WRITE,
                  "Add an observation.", seen, answers=_NONE),
        CareRoute("GET", "/fhir/Observation/{observation}", read_observation, "observation.read",
                  READ, "Read an observation.", answers=_NONE),
        CareRoute("POST", "/fhir/$import", take_in_bundle, "patient.import", WRITE,
                  "Take in a record from elsewhere.", whole),
    ]  # fmt: skip
    return [replace(each, media=FHIR_MEDIA) for each in found]


async def create_patient(care: Care, request: Request, who: Who) -> Response:
    """Add a patient."""
    body = await json_object(request)
    if body.get("resourceType") != "Patient":
        raise Problem(422, "invalid_request", "the body must be a Patient")
    try:
        fields, facility = fhir.fields_of(body), _facility(body, who)
    except (ValueError, AttributeError, LookupError, TypeError) as error:
        raise _invalid(error) from None
    kept = care.patients.add(facility, fields)
    about(request, kept.id)
    return fhir_answer(patient_as(kept, who.role), 201)


async def read_patient(care: Care, request: Request, who: Who) -> Response:
    """Read a patient, as far as the role sees them."""
    return fhir_answer(patient_as(kept_or_404(care, request), who.role))


async def everything(care: Care, request: Request, who: Who) -> Response:
    """Read all of a record. 45 CFR 164.524."""
    return fhir_answer(as_bundle(care, kept_or_404(care, request), who.role))


async def create_observation(care: Care, request: Request, who: Who) -> Response:
    """Add an observation."""
    body = await json_object(request)
    if body.get("resourceType") != "Observation":
        raise Problem(422, "invalid_request", "the body must be an Observation")
    subject = body.get("subject")
    named = subject.get("reference") if isinstance(subject, dict) else None
    patient = str(named).removeprefix("Patient/")
    _theirs(care, request, who, patient)
    if care.patients.get(patient) is None:
        raise Problem(404, "not_found", "there is no such patient")
    try:
        content = observation(body)
    except ValueError as error:
        raise _invalid(error) from None
    entry = lifecycle_of(care).entries.add(patient, "observation", content)
    return fhir_answer(_shown(entry), 201)


async def read_observation(care: Care, request: Request, who: Who) -> Response:
    """Read an observation."""
    id_ = request.path_params["observation"]
    entry = lifecycle_of(care).entries.anywhere("observation", id_)
    if entry is None:
        raise Problem(404, "not_found", "there is no such observation")
    _theirs(care, request, who, entry.patient)
    shown = _shown(entry)
    if care.fault is lapses.lifecycle.INVALID_FHIR:
        del shown["code"]
    return fhir_answer(shown)


async def take_in_bundle(care: Care, request: Request, who: Who) -> Response:
    """Take in a record from elsewhere. GDPR Art. 20."""
    body = await json_object(request)
    try:
        patient = take_in(care, body, _facility({}, who), who.id)
    except (ValueError, AttributeError, LookupError, TypeError) as error:
        raise _invalid(error) from None
    about(request, patient)
    return fhir_answer({"resourceType": "Parameters", "id": patient}, 201)


def as_bundle(care: Care, kept: Kept, role: str) -> dict[str, Any]:
    """Return all of a record as one bundle."""
    return fhir.bundle(resources_of(care, kept, role), at=care.clock())


def fhir_answer(resource: Mapping[str, Any], status: int = 200) -> Response:
    """Return a resource as FHIR wants it sent."""
    return Response(json.dumps(resource), status, media_type=FHIR_MEDIA)


def _shown(entry: Entry) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": entry.id,
        "subject": {"reference": f"Patient/{entry.patient}"},
        **entry.content,
    }


def _theirs(care: Care, request: Request, who: Who, patient: str) -> None:
    """Refuse what is of a patient elsewhere: the address does not name them."""
    about(request, patient)
    kept = care.patients.get(patient)
    if who.role == PATIENT and patient != who.patient:
        raise Problem(403, "not_yours", "this is not your record")
    if kept is not None and who.facility not in (None, kept.facility):
        raise Problem(403, "other_facility", "this record is another facility's")


def _facility(body: Mapping[str, Any], who: Who) -> str:
    named = body.get("managingOrganization", {}).get("identifier", {}).get("value")
    facility = named or who.facility or _FACILITIES[0]
    if facility not in _FACILITIES:
        raise Problem(422, "invalid_request", f"facility must be one of {', '.join(_FACILITIES)}")
    if who.facility not in (None, facility):
        raise Problem(403, "other_facility", "this is another facility's")
    return str(facility)


def _invalid(error: Exception) -> Problem:
    said = str(error) if type(error) is ValueError else "a member is of the wrong type"
    return Problem(422, "invalid_request", said)
