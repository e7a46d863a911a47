"""How records end: documents with their time, the retention job, holds, erasure, codes."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from clinigate.reference import lapses
from clinigate.reference.care import fhir
from clinigate.reference.care.care import Care
from clinigate.reference.care.lifecycle import lifecycle_of
from clinigate.reference.care.lifecycle_terms import SIX_YEARS_S, code_of
from clinigate.reference.care.people import CONFIG, READ, WRITE
from clinigate.reference.web.care.charts import kept_or_404
from clinigate.reference.web.care.route import CareRoute, Who
from clinigate.reference.web.problems import Problem
from clinigate.reference.web.requests import json_object, optional_name, required_name

__all__ = ["routes"]

_ONE = "/v1/patients/{patient}"
_NONE = {404: "There is none."}
_FORGETS_AFTER_S = 5 * 365 * 86_400.0


def routes() -> list[CareRoute]:
    """Return the routes."""
    paper = {"text": "An example.", "created": "2020-01-31", "effective": "2021-01-31"}
    return [
        CareRoute("POST", f"{_ONE}/documents", add_document, "document.create", WRITE,
                  "Add a document, with the day it came to be and was last in effect.", paper,
                  answers=_NONE),
        CareRoute("GET", f"{_ONE}/documents/{{document}}", read_document, "document.read", READ,
                  "Read a document.", own=True, answers=_NONE),
        CareRoute("POST", "/v1/jobs/retention", retention, "job.retention", CONFIG,
                  "Remove documents whose time is over."),
        CareRoute("POST", f"{_ONE}/hold", hold, "hold.begin", CONFIG,
                  "Let nobody erase a record, for a reason.", {"reason": "An example."},
                  answers=_NONE),
        CareRoute("DELETE", f"{_ONE}/hold", release, "hold.end", CONFIG,
                  "Let a record be erased again.", answers=_NONE),
        CareRoute("POST", f"{_ONE}/erasure", erase, "patient.erase", WRITE,
                  "Erase a record and all that was made of it.",
                  answers={**_NONE, 409: "It is held, for the reason that is given."}),
        CareRoute("GET", f"{_ONE}/code", code, "code.read", READ,
                  "The code under which research knows somebody.", answers=_NONE),
    ]  # fmt: skip


async def add_document(care: Care, request: Request, _who: Who) -> Response:
    """Add a document, maybe one of long ago."""
    kept = kept_or_404(care, request)
    body = await json_object(request)
    created = _moment(care, body, "created")
    effective = _moment(care, body, "effective") if "effective" in body else created
    content = {"text": required_name(body, "text")}
    entry = lifecycle_of(care).entries.add(
        kept.id, "document", content, created_at=created, effective_at=max(created, effective)
    )
    return JSONResponse({"id": entry.id}, 201)


async def read_document(care: Care, request: Request, _who: Who) -> Response:
    """Read a document."""
    at = request.path_params
    entry = lifecycle_of(care).entries.get(at["patient"], "document", at["document"])
    if entry is None:
        raise Problem(404, "not_found", "there is no such document")
    return JSONResponse({"id": entry.id, "text": entry.content["text"]})


async def retention(care: Care, _request: Request, _who: Who) -> Response:
    """Remove what is over its time: six years since it was last in effect, 164.316(b)(2)(i)."""
    entries, now = lifecycle_of(care).entries, care.clock()
    if care.fault is lapses.lifecycle.RETENTION_FORGETS:
        removed = entries.remove_before("created_at", now - _FORGETS_AFTER_S)
    else:
        removed = entries.remove_before("effective_at", now - SIX_YEARS_S)
    return JSONResponse({"removed": removed})


async def hold(care: Care, request: Request, _who: Who) -> Response:
    """Hold a record, as for a suit."""
    kept = kept_or_404(care, request)
    lifecycle_of(care).holds.put(kept.id, required_name(await json_object(request), "reason"))
    return JSONResponse({"held": True})


async def release(care: Care, request: Request, _who: Who) -> Response:
    """Let go of a record."""
    kept = kept_or_404(care, request)
    return JSONResponse({"held": False, "was_held": lifecycle_of(care).holds.remove(kept.id)})


async def erase(care: Care, request: Request, _who: Who) -> Response:
    """Erase a record. GDPR Art. 17."""
    kept = kept_or_404(care, request)
    reason = lifecycle_of(care).holds.get(kept.id)
    if reason is not None:
        raise Problem(409, "legal_hold", f"the record is held: {reason}")
    care.patients.remove(kept.id)
    return JSONResponse({"erased": True})


async def code(care: Care, request: Request, _who: Who) -> Response:
    """Tell the code of a patient, made when it is asked for first."""
    kept = kept_or_404(care, request)
    codes = lifecycle_of(care).codes
    found = codes.get(kept.id)
    if found is None:
        derived = care.fault is lapses.lifecycle.DERIVED_CODE
        found = code_of(kept.fields.get("mrn", ""), derived=derived)
        codes.put(kept.id, found)
    return JSONResponse({"code": found})


def _moment(care: Care, body: dict[str, Any], name: str) -> float:
    text = optional_name(body, name)
    try:
        return care.clock() if text is None else fhir.seconds_of(text)
    except (ValueError, OverflowError):
        raise Problem(422, "invalid_request", f"{name} must be a date as 2020-01-31") from None
