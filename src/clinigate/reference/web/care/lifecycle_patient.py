"""What a patient may ask of a record: copies, amendments, who was told, a person's second look."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from clinigate.reference import lapses
from clinigate.reference.care import fhir
from clinigate.reference.care.care import Care
from clinigate.reference.care.lifecycle import Entry, lifecycle_of
from clinigate.reference.care.lifecycle_terms import PURPOSES, is_accounted, model_outcome
from clinigate.reference.care.patients import FIELDS
from clinigate.reference.care.people import READ, WRITE
from clinigate.reference.web.care.charts import kept_or_404
from clinigate.reference.web.care.lifecycle_fhir import FHIR_MEDIA, as_bundle
from clinigate.reference.web.care.route import CareRoute, Who
from clinigate.reference.web.problems import Problem
from clinigate.reference.web.requests import json_object, required_bool, required_name

__all__ = ["COPIES", "routes"]

COPIES = "copies"
"""The folder that the defect `copy-in-clear` writes to, in the data directory."""

_ONE = "/v1/patients/{patient}"
_NONE = {404: "There is none."}
_OUTCOMES = ("routine", "urgent")


def routes() -> list[CareRoute]:
    """Return the routes."""
    told = {"recipient": "An example", "description": "An example.", "purpose": "public_health"}
    amended = {"field": "phone", "value": "an example"}
    return [
        CareRoute("POST", f"{_ONE}/copies", make_copy, "copy.create", READ,
                  "Make a copy of a record, to be fetched.", {}, own=True, answers=_NONE),
        CareRoute("GET", f"{_ONE}/copies/{{copy}}", read_copy, "copy.read", READ,
                  "Fetch a copy of a record.", own=True, answers=_NONE, media=FHIR_MEDIA),
        CareRoute("POST", f"{_ONE}/accounting", disclose, "disclosure.record", WRITE,
                  "Put on record that somebody was told of a patient.", told, answers=_NONE),
        CareRoute("GET", f"{_ONE}/accounting", accounting, "disclosure.account", READ,
                  "Say who was told of a patient.", own=True, answers=_NONE),
        CareRoute("POST", f"{_ONE}/amendments", amend, "amendment.request", WRITE,
                  "Ask for a record to be amended.", amended, own=True, answers=_NONE),
        CareRoute("GET", f"{_ONE}/amendments", amendments, "amendment.read", READ,
                  "Say what was to be amended, and what came of it.", own=True, answers=_NONE),
        CareRoute("POST", f"{_ONE}/amendments/{{amendment}}/decision", decide_amendment,
                  "amendment.decide", WRITE, "Accept or deny an amendment.", {"accepted": True},
                  answers={**_NONE, 409: "It was decided before, or the record has changed."}),
        CareRoute("POST", f"{_ONE}/amendments/{{amendment}}/disagreement", disagree,
                  "amendment.disagree", WRITE, "Disagree with an amendment that was denied.",
                  {"statement": "An example."}, own=True,
                  answers={**_NONE, 409: "It was not denied."}),
        CareRoute("POST", f"{_ONE}/decisions", decide, "decision.make", WRITE,
                  "Let the model decide how soon somebody is seen.", {"score": 4}, answers=_NONE),
        CareRoute("GET", f"{_ONE}/decisions/{{decision}}", read_decision, "decision.read", READ,
                  "Read a decision, and who made it.", own=True, answers=_NONE),
        CareRoute("POST", f"{_ONE}/decisions/{{decision}}/review", review, "decision.review",
                  WRITE, "Decide in place of the model.",
                  {"outcome": "urgent", "reason": "An example."}, answers=_NONE),
    ]  # fmt: skip


async def make_copy(care: Care, request: Request, who: Who) -> Response:
    """Make a copy of a record. 45 CFR 164.524."""
    kept = kept_or_404(care, request)
    content = json.dumps(as_bundle(care, kept, who.role)).encode()
    made = lifecycle_of(care).copies.add(kept.id, content)
    if care.fault is lapses.lifecycle.COPY_IN_CLEAR:
        folder = care.data_dir / COPIES
        folder.mkdir(mode=0o700, exist_ok=True)
        (folder / f"{made}.json").write_bytes(content)
    return JSONResponse({"id": made}, 201)


async def read_copy(care: Care, request: Request, _who: Who) -> Response:
    """Fetch a copy."""
    at = request.path_params
    found = lifecycle_of(care).copies.get(at["patient"], at["copy"])
    if found is None:
        raise Problem(404, "not_found", "there is no such copy")
    return Response(found, media_type=FHIR_MEDIA)


async def disclose(care: Care, request: Request, _who: Who) -> Response:
    """Put a disclosure on record."""
    kept = kept_or_404(care, request)
    body = await json_object(request)
    content = {name: required_name(body, name) for name in ("recipient", "description", "purpose")}
    if content["purpose"] not in PURPOSES:
        raise Problem(422, "invalid_request", f"purpose must be one of {', '.join(PURPOSES)}")
    if care.fault is lapses.lifecycle.UNACCOUNTED_DISCLOSURES:
        return JSONResponse({"id": "e-none"}, 201)
    entry = lifecycle_of(care).entries.add(kept.id, "disclosure", content)
    return JSONResponse({"id": entry.id}, 201)


async def accounting(care: Care, request: Request, _who: Who) -> Response:
    """Say who was told of a patient. 45 CFR 164.528."""
    kept = kept_or_404(care, request)
    return JSONResponse({
        "disclosures": [
            {"date": fhir.moment(each.created_at), **each.content}
            for each in lifecycle_of(care).entries.of(kept.id, "disclosure")
            if is_accounted(each.content["purpose"], each.content.get("authorization"))
        ]
    })  # fmt: skip


async def amend(care: Care, request: Request, _who: Who) -> Response:
    """Ask for an amendment. 45 CFR 164.526."""
    kept = kept_or_404(care, request)
    body = await json_object(request)
    name = required_name(body, "field")
    if name not in FIELDS:
        raise Problem(422, "invalid_request", f"field must be one of {', '.join(FIELDS)}")
    content = {"field": name, "new": required_name(body, "value"), "state": "requested"}
    entry = lifecycle_of(care).entries.add(kept.id, "amendment", content)
    return JSONResponse({"id": entry.id}, 201)


async def amendments(care: Care, request: Request, _who: Who) -> Response:
    """Say what was to be amended."""
    kept = kept_or_404(care, request)
    found = lifecycle_of(care).entries.of(kept.id, "amendment")
    return JSONResponse({"amendments": [{"id": each.id, **each.content} for each in found]})


async def decide_amendment(care: Care, request: Request, who: Who) -> Response:
    """Accept an amendment, and keep what stood there; or deny it."""
    kept = kept_or_404(care, request)
    entry = _entry(care, request, "amendment")
    body = await json_object(request)
    accepted = required_bool(body, "accepted")
    if entry.content["state"] != "requested":
        raise Problem(409, "decided", "it was decided before")
    content: dict[str, Any] = {**entry.content, "state": "denied", "by": who.id}
    with care.base.transaction():
        if accepted:
            name = entry.content["field"]
            content |= {"state": "accepted", "old": kept.fields.get(name)}
            fields = {**kept.fields, name: entry.content["new"]}
            if care.patients.change(kept.id, fields, version=kept.version) is None:
                raise Problem(409, "changed_meanwhile", "the record has changed; decide again")
            if care.fault is lapses.lifecycle.AMENDMENT_OVERWRITES:
                del content["old"]
        lifecycle_of(care).entries.change(entry, content)
    return JSONResponse({"id": entry.id, "state": content["state"]})


async def disagree(care: Care, request: Request, _who: Who) -> Response:
    """Link a statement of disagreement. 45 CFR 164.526(d)(2)."""
    kept_or_404(care, request)
    entry = _entry(care, request, "amendment")
    statement = required_name(await json_object(request), "statement")
    if entry.content["state"] != "denied":
        raise Problem(409, "not_denied", "it was not denied")
    lifecycle_of(care).entries.change(entry, {**entry.content, "disagreement": statement})
    return JSONResponse({"id": entry.id})


async def decide(care: Care, request: Request, _who: Who) -> Response:
    """Let the model decide."""
    kept = kept_or_404(care, request)
    score = (await json_object(request)).get("score")
    if not isinstance(score, int) or isinstance(score, bool) or not 0 <= score <= 27:
        raise Problem(422, "invalid_request", "score must be a whole number from 0 to 27")
    model = {"outcome": model_outcome(score), "by": "model"}
    content = {"model": model, "reviews": []}
    entry = lifecycle_of(care).entries.add(kept.id, "decision", content)
    return JSONResponse(_decided(entry.id, content), 201)


async def read_decision(care: Care, request: Request, _who: Who) -> Response:
    """Read a decision as it stands."""
    kept_or_404(care, request)
    entry = _entry(care, request, "decision")
    return JSONResponse(_decided(entry.id, entry.content))


async def review(care: Care, request: Request, who: Who) -> Response:
    """Decide in place of the model. GDPR Art. 22(3)."""
    kept_or_404(care, request)
    entry = _entry(care, request, "decision")
    body = await json_object(request)
    outcome, reason = required_name(body, "outcome"), required_name(body, "reason")
    if outcome not in _OUTCOMES:
        raise Problem(422, "invalid_request", f"outcome must be one of {', '.join(_OUTCOMES)}")
    said = {"outcome": outcome, "by": who.id, "reason": reason}
    content = {**entry.content, "reviews": [*entry.content["reviews"], said]}
    if care.fault is lapses.lifecycle.NO_HUMAN_REVIEW:
        return JSONResponse(_decided(entry.id, entry.content))
    lifecycle_of(care).entries.change(entry, content)
    return JSONResponse(_decided(entry.id, content))


def _decided(id_: str, content: Mapping[str, Any]) -> dict[str, Any]:
    last = [content["model"], *content["reviews"]][-1]
    return {"id": id_, "outcome": last["outcome"], "by": last["by"]}


def _entry(care: Care, request: Request, kind: str) -> Entry:
    at = request.path_params
    entry = lifecycle_of(care).entries.get(at["patient"], kind, at[kind])
    if entry is None:
        raise Problem(404, "not_found", f"there is no such {kind}")
    return entry
