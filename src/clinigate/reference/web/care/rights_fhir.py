"""FHIR R4 Consent: kept, shown and replaced. http://hl7.org/fhir/R4/consent.html."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from clinigate.reference.care.care import Care
from clinigate.reference.care.fhir import moment
from clinigate.reference.care.people import READ, WRITE
from clinigate.reference.care.rights import Saying, rights_of
from clinigate.reference.care.rights_directives import check_consent, patient_of
from clinigate.reference.web.care.route import CareRoute, Who, about
from clinigate.reference.web.problems import Problem
from clinigate.reference.web.requests import json_object

__all__ = ["routes"]

_TYPE = "application/fhir+json"
_EXAMPLE = {
    "resourceType": "Consent",
    "status": "active",
    "scope": {"coding": [{
        "system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy",
    }]},
    "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
    "patient": {"reference": "Patient/example"},
    "policyRule": {"coding": [{
        "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "OPTIN",
    }]},
    "provision": {"provision": [{
        "type": "deny",
        "purpose": [{
            "system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HPAYMT",
        }],
    }]},
}  # fmt: skip
_NONE = {404: "There is no such Consent."}


def routes() -> list[CareRoute]:
    """Return the routes."""
    every, one = "/fhir/Consent", "/fhir/Consent/{consent}"
    return [
        CareRoute("POST", every, create, "directive.create", WRITE, "Keep a Consent.", _EXAMPLE,
                  answers={404: "There is no such patient."}, media=_TYPE),
        CareRoute("GET", one, read, "directive.read", READ, "Show a Consent.", answers=_NONE,
                  media=_TYPE),
        CareRoute("PUT", one, replace, "directive.change", WRITE, "Replace a Consent.", _EXAMPLE,
                  answers=_NONE, media=_TYPE),
    ]  # fmt: skip


async def create(care: Care, request: Request, who: Who) -> Response:
    """Keep a Consent; it counts from the next request on."""
    resource = await _consent(request)
    patient = patient_of(resource)
    _admit(care, request, who, patient)
    if care.patients.get(patient) is None:
        raise Problem(404, "not_found", "there is no such patient")
    made = rights_of(care).add(patient, "directive", _versioned(care, resource, 1))
    return _answer(made, 201, {"Location": f"/fhir/Consent/{made.id}"})


async def read(care: Care, request: Request, who: Who) -> Response:
    """Show a Consent."""
    return _answer(_found(care, request, who))


async def replace(care: Care, request: Request, who: Who) -> Response:
    """Replace a Consent by another one of the same patient."""
    found = _found(care, request, who)
    resource = await _consent(request)
    if patient_of(resource) != found.patient:
        raise Problem(422, "invalid_request", "patient must stay who it was")
    version = int(found.content["meta"]["versionId"]) + 1
    return _answer(rights_of(care).change(found, _versioned(care, resource, version)))


async def _consent(request: Request) -> dict[str, Any]:
    resource = await json_object(request)
    try:
        check_consent(resource)
    except ValueError as error:
        raise Problem(422, "invalid_request", str(error)) from None
    return resource


def _found(care: Care, request: Request, who: Who) -> Saying:
    found = rights_of(care).get(request.path_params["consent"], "directive")
    if found is None:
        raise Problem(404, "not_found", "there is no such Consent")
    _admit(care, request, who, found.patient)
    return found


def _admit(care: Care, request: Request, who: Who, patient: str) -> None:
    """The path names no patient, so that whose facility it is must be asked here."""
    about(request, patient)
    kept = care.patients.get(patient)
    if kept is not None and who.facility not in (None, kept.facility):
        raise Problem(403, "other_facility", "this record is another facility's")


def _versioned(care: Care, resource: dict[str, Any], version: int) -> dict[str, Any]:
    meta = {"versionId": str(version), "lastUpdated": moment(care.clock())}
    return {**resource, "meta": meta}


def _answer(saying: Saying, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    resource = {**saying.content, "id": saying.id}
    return JSONResponse(resource, status, headers, media_type=_TYPE)
