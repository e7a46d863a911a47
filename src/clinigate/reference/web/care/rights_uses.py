"""What is done with records, as far as their patients let it be."""

from __future__ import annotations

import secrets
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from clinigate.reference import lapses
from clinigate.reference.care.care import Care
from clinigate.reference.care.lifecycle import lifecycle_of
from clinigate.reference.care.people import READ, WRITE
from clinigate.reference.care.rights import Saying, rights_of
from clinigate.reference.care.rights_rules import (
    AUTHORIZED,
    BY_LAW,
    CARE,
    PSYCHOTHERAPY,
    approved,
    authorizing,
    consented,
    denied,
    objected,
    restricted,
)
from clinigate.reference.web.care.charts import kept_or_404
from clinigate.reference.web.care.rights_forms import NO_PATIENT, asked, one_of, unless
from clinigate.reference.web.care.route import CareRoute, Who
from clinigate.reference.web.problems import Problem
from clinigate.reference.web.requests import json_object, optional_name, required_name

__all__ = ["routes"]

_PURPOSES = (*CARE, *AUTHORIZED, *BY_LAW)
_ONE = "/v1/patients/{patient}"
_UNSAID = "It does not say what to find."


def routes() -> list[CareRoute]:
    """Return the routes."""
    datum = {"source": "wearable", "kind": "sleep", "value": "7.5"}
    disclosure = {"recipient": "payer", "purpose": "payment", "description": "An example."}
    return [
        CareRoute("POST", f"{_ONE}/data", add_data, "data.create", WRITE,
                  "Take data of one kind from one source.", datum, own=True,
                  answers=_forbidden("The patient did not agree to it.")),
        CareRoute("GET", f"{_ONE}/data", read_data, "data.read", READ,
                  "Read data, as ?source= and ?kind=.", own=True,
                  answers={**_forbidden("The patient did not agree to it."), 422: _UNSAID}),
        CareRoute("POST", f"{_ONE}/disclosures", disclose, "disclosure.create", WRITE,
                  "Tell somebody outside of a record.", disclosure,
                  answers=_forbidden("The patient restricted, denied or never authorized it.")),
        CareRoute("GET", f"{_ONE}/disclosures", disclosures, "disclosure.list", READ,
                  "List who was told what, and by which authorization.", answers=NO_PATIENT),
        CareRoute("GET", f"{_ONE}/psychotherapy-notes", psychotherapy, "psychotherapy.read", READ,
                  "Read psychotherapy notes, with ?authorization= unless one wrote them.",
                  answers=_forbidden("The patient did not authorize it.")),
        CareRoute("GET", "/v1/directory", directory, "directory.read", READ,
                  "Find who is here, as ?family_name=.",
                  answers={422: _UNSAID}),
        CareRoute("GET", f"{_ONE}/condition", condition, "condition.read", READ,
                  "Say how a patient is, to be told to family.",
                  answers=_forbidden("The patient objected to it.")),
        CareRoute("POST", "/v1/research/exports", export, "research.export", READ,
                  "Hand out data for a study that a review board approved.",
                  {"study": "sleep-1", "approval": "an-approval"},
                  answers={403: "No such approval is in force."}),
    ]  # fmt: skip


def _forbidden(why: str) -> dict[int, str]:
    return {403: f"Who asks may not, or: {why[0].lower()}{why[1:]}", **NO_PATIENT}


async def add_data(care: Care, request: Request, _who: Who) -> Response:
    """Take data that the patient lets be taken."""
    kept = kept_or_404(care, request)
    body = await json_object(request)
    names = ("source", "kind", "value")
    content = {name: required_name(body, name) for name in names}
    _with_consent(care, kept.id, content["source"], content["kind"])
    made = rights_of(care).add(kept.id, "datum", content)
    return JSONResponse({"id": made.id}, 201)


async def read_data(care: Care, request: Request, _who: Who) -> Response:
    """Read data that the patient lets be read."""
    kept = kept_or_404(care, request)
    source, kind = asked(request, "source"), asked(request, "kind")
    _with_consent(care, kept.id, source, kind)
    found = [
        each.content["value"]
        for each in rights_of(care).of(kept.id, "datum")
        if each.content["source"] == source and each.content["kind"] == kind
    ]
    return JSONResponse({"source": source, "kind": kind, "values": found})


async def disclose(care: Care, request: Request, _who: Who) -> Response:
    """Tell somebody outside of a record, and keep that they were told."""
    kept = kept_or_404(care, request)
    body = await json_object(request)
    purpose = one_of(body, "purpose", _PURPOSES)
    content: dict[str, Any] = {
        "recipient": required_name(body, "recipient"),
        "purpose": purpose,
        "description": required_name(body, "description"),
        "authorization": None,
    }
    if purpose in AUTHORIZED:
        found = _authorized(care, kept.id, body, content)
        content["authorization"] = found.id
    if purpose not in BY_LAW:
        _with_leave(care, kept.id, body, content)
    made = lifecycle_of(care).entries.add(kept.id, "disclosure", content)
    return JSONResponse({"id": made.id, **content}, 201)


async def disclosures(care: Care, request: Request, _who: Who) -> Response:
    """List who was told what."""
    kept = kept_or_404(care, request)
    found = lifecycle_of(care).entries.of(kept.id, "disclosure")
    return JSONResponse({"disclosures": [{"id": each.id, **each.content} for each in found]})


async def psychotherapy(care: Care, request: Request, who: Who) -> Response:
    """Show psychotherapy notes to who wrote them, or by an authorization. 164.508(a)(2)."""
    kept = kept_or_404(care, request)
    found = [each for each in care.patients.notes(kept.id) if each.kind == "psychotherapy"]
    authorization = authorizing(
        care, kept.id, request.query_params.get("authorization"),
        purpose=PSYCHOTHERAPY, recipient=None,
    )  # fmt: skip
    if authorization is None and care.fault is not lapses.rights.NOTES_FOR_EVERYBODY:
        found = [each for each in found if each.author == who.id]
        unless(bool(found), "authorization_required", "the patient did not authorize it")
    return JSONResponse({
        "notes": [{"id": each.id, "author": each.author, "text": each.text} for each in found]
    })  # fmt: skip


async def directory(care: Care, request: Request, who: Who) -> Response:
    """Name those of one's own facility who did not object. 164.510(a)."""
    name = asked(request, "family_name")
    found = [
        {"id": each.id, "family_name": name, "facility": each.facility}
        for each in care.patients.all()
        if who.facility in (None, each.facility)
        and each.fields.get("family_name") == name
        and not objected(care, each.id, "directory")
    ]
    return JSONResponse({"patients": found})


async def condition(care: Care, request: Request, _who: Who) -> Response:
    """Say how a patient is, unless they objected. 164.510(b)."""
    kept = kept_or_404(care, request)
    told = not objected(care, kept.id, "family")
    unless(told, "objected", "the patient objected to family being told")
    return JSONResponse({"patient": kept.id, "condition": "stable"})


async def export(care: Care, request: Request, who: Who) -> Response:
    """Hand out data for an approved study, under codes that are drawn. 164.512(i)."""
    body = await json_object(request)
    study = required_name(body, "study")
    may = approved(care, optional_name(body, "approval"), study)
    unless(may, "approval_required", "no approval of a review board is in force for this study")
    rows = [
        {"code": secrets.token_hex(8), "birth_year": each.fields.get("birth_date", "")[:4]}
        for each in care.patients.all()
        if who.facility in (None, each.facility)
    ]
    return JSONResponse({"study": study, "rows": rows})


def _with_consent(care: Care, patient: str, source: str, kind: str) -> None:
    may = consented(care, patient, source, kind)
    unless(may, "consent_required", "the patient did not agree to this kind of data of this source")


def _authorized(care: Care, patient: str, body: dict[str, Any], said: dict[str, Any]) -> Saying:
    found = authorizing(
        care, patient, optional_name(body, "authorization"),
        purpose=said["purpose"], recipient=said["recipient"],
    )  # fmt: skip
    if found is None:
        raise Problem(403, "authorization_required", "no authorization for this is in force")
    return found


def _with_leave(care: Care, patient: str, body: dict[str, Any], said: dict[str, Any]) -> None:
    purpose, recipient = said["purpose"], said["recipient"]
    service = optional_name(body, "service")
    free = not restricted(care, patient, purpose=purpose, recipient=recipient, service=service)
    unless(free, "restricted", "a restriction that was agreed to forbids it")
    may = not denied(care, patient, purpose=purpose, recipient=recipient)
    unless(may, "denied", "a consent of the patient's denies it")
