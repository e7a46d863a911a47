"""Charts: patients are written, read, changed and removed; notes are written and read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from clinigate.reference import lapses
from clinigate.reference.care.care import Care
from clinigate.reference.care.once import Once, Reused
from clinigate.reference.care.patients import FIELDS, VISIBLE, Kept
from clinigate.reference.care.people import NOTES, READ, WRITE
from clinigate.reference.web.care.records import on_record
from clinigate.reference.web.care.route import CareRoute, Who, about
from clinigate.reference.web.problems import Problem
from clinigate.reference.web.requests import json_object, required_name

__all__ = ["kept_or_404", "routes", "seen_by"]

_NONE = {404: "There is no such patient."}
_FACILITIES = ("north", "south")
_KINDS = ("therapeutic", "psychotherapy")
_ONCE = "charts.once"
_REUSED = {422: "Wrong, or the Idempotency-Key stands for another write."}


def routes(care: Care) -> list[CareRoute]:
    """Return the routes."""
    care.patients.sealer.fault = care.fault
    care.state[_ONCE] = Once(care.base, care.patients.sealer, care.fault)
    return on_record(care, _routes())


def _routes() -> list[CareRoute]:
    example = {"facility": "north", "family_name": "Example", "given_name": "Ann"}
    note = {"kind": "therapeutic", "text": "An example."}
    one = "/v1/patients/{patient}"
    return [
        CareRoute("POST", "/v1/patients", create, "patient.create", WRITE,
                  "Add a patient; sent twice with one Idempotency-Key, it is added once.", example,
                  answers=_REUSED),
        CareRoute("GET", "/v1/patients", search, "patient.search", READ,
                  "Find patients by their medical record number, as ?mrn=."),
        CareRoute("GET", one, read, "patient.read", READ, "Read a patient's record.",
                  own=True, answers=_NONE),
        CareRoute("PUT", one, change, "patient.change", WRITE,
                  "Change a record; If-Match names the version that was read.", example,
                  answers={**_NONE, 412: "Somebody changed it meanwhile.",
                           428: "If-Match is missing."}),
        CareRoute("DELETE", one, remove, "patient.remove", WRITE,
                  "Remove a patient from everywhere.", answers=_NONE),
        CareRoute("POST", f"{one}/notes", add_note, "note.create", NOTES, "Write a note.", note,
                  answers={**_NONE, **_REUSED}),
        CareRoute("GET", f"{one}/notes", notes, "note.read", READ, "Read a patient's notes.",
                  answers=_NONE),
    ]  # fmt: skip


async def create(care: Care, request: Request, who: Who) -> Response:
    """Add a patient."""
    body = await json_object(request)
    facility = _facility(body, who)
    fields = _fields(body)

    def add() -> dict[str, Any]:
        kept = care.patients.add(facility, fields)
        return {"id": kept.id, "version": kept.version}

    made = _once(care, request, who, body, add)
    about(request, made["id"])
    return JSONResponse(made, 201, {"ETag": f'"{made["version"]}"'})


async def read(care: Care, request: Request, who: Who) -> Response:
    """Read a record, as far as the role sees it."""
    kept = kept_or_404(care, request)
    return JSONResponse(_shown(kept, who, care), headers=_tag(kept))


async def search(care: Care, request: Request, who: Who) -> Response:
    """Find patients of one's own facility by their medical record number."""
    found = care.patients.with_mrn(request.query_params.get("mrn", ""))
    mine = [each for each in found if who.facility in (None, each.facility)]
    if len(mine) == 1:
        about(request, mine[0].id)
    return JSONResponse({"patients": [_shown(each, who, care) for each in mine]})


async def change(care: Care, request: Request, _who: Who) -> Response:
    """Change a record that nobody has changed since it was read."""
    kept = kept_or_404(care, request)
    body = await json_object(request)
    version = request.headers.get("if-match", "").strip('W/"')
    if not version:
        raise Problem(428, "version_required", "send If-Match with the ETag that was read")
    fields = {**kept.fields, **_fields(body)}
    if care.fault is lapses.records.ANONYMOUS_AUDIT:
        about(request, "")
    if care.fault is lapses.records.LOST_UPDATES:
        version = str(kept.version)
    changed = None
    if version.isdecimal():
        changed = care.patients.change(kept.id, fields, version=int(version))
    if changed is None:
        raise Problem(412, "changed_meanwhile", "somebody changed it meanwhile; read it again")
    return JSONResponse({"id": kept.id, "version": changed.version}, headers=_tag(changed))


async def remove(care: Care, request: Request, _who: Who) -> Response:
    """Remove a patient."""
    kept = kept_or_404(care, request)
    care.patients.remove(kept.id)
    return JSONResponse({"removed": True})


async def add_note(care: Care, request: Request, who: Who) -> Response:
    """Write a note."""
    kept = kept_or_404(care, request)
    body = await json_object(request)
    kind = body.get("kind", "therapeutic")
    if kind not in _KINDS:
        raise Problem(422, "invalid_request", f"kind must be one of {', '.join(_KINDS)}")
    text = required_name(body, "text")

    def add() -> dict[str, Any]:
        return {"id": care.patients.add_note(kept.id, kind, who.id, text).id}

    said = {**body, "patient": kept.id}
    return JSONResponse(_once(care, request, who, said, add), 201)


async def notes(care: Care, request: Request, _who: Who) -> Response:
    """Read the notes of a therapy; those of psychotherapy take an authorization."""
    kept = kept_or_404(care, request)
    found = [each for each in care.patients.notes(kept.id) if each.kind == "therapeutic"]
    return JSONResponse({
        "notes": [{"id": each.id, "author": each.author, "text": each.text} for each in found]
    })  # fmt: skip


def _once(
    care: Care, request: Request, who: Who, said: dict[str, Any], do: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    once = cast("Once", care.state[_ONCE])
    try:
        return once.answer(who.id, request.headers.get("idempotency-key"), said, do)
    except Reused as error:
        raise Problem(422, "key_reused", "this Idempotency-Key stands for another write") from error


def kept_or_404(care: Care, request: Request) -> Kept:
    """Return the patient whom a path names.

    Raises:
        Problem: 404, there is none.
    """
    kept = care.patients.get(request.path_params["patient"])
    if kept is None:
        raise Problem(404, "not_found", "there is no such patient")
    return kept


def seen_by(role: str, fields: Mapping[str, str]) -> dict[str, str]:
    """Return the fields that a role sees. 45 CFR 164.502(b)."""
    return {name: text for name, text in fields.items() if name in VISIBLE.get(role, frozenset())}


def _shown(kept: Kept, who: Who, _care: Care) -> dict[str, Any]:
    return {
        "id": kept.id,
        "facility": kept.facility,
        "version": kept.version,
        **seen_by(who.role, kept.fields),
    }


def _fields(body: Mapping[str, Any]) -> dict[str, str]:
    found = {name: body[name] for name in FIELDS if name in body}
    for name, text in found.items():
        if not isinstance(text, str) or not 0 < len(text) <= 1000:
            raise Problem(422, "invalid_request", f"{name} must be a text of at most 1,000 letters")
    return found


def _facility(body: Mapping[str, Any], who: Who) -> str:
    facility = body.get("facility", who.facility or _FACILITIES[0])
    if facility not in _FACILITIES:
        raise Problem(422, "invalid_request", f"facility must be one of {', '.join(_FACILITIES)}")
    if who.facility not in (None, facility):
        raise Problem(403, "other_facility", "this is another facility's")
    return str(facility)


def _tag(kept: Kept) -> dict[str, str]:
    return {"ETag": f'"{kept.version}"'}
