"""What comes in and goes out: files, messages of partners, alerts, the notice of privacy."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from clinigate.core.canonical import parse_json
from clinigate.reference.care.care import Care
from clinigate.reference.care.people import AUDIT, READ, WRITE
from clinigate.reference.care.traffic_files import Files, is_infected
from clinigate.reference.care.traffic_messages import Messages, message_secret
from clinigate.reference.care.traffic_watch import Watch
from clinigate.reference.lapses.traffic import (
    MALWARE_ACCEPTED,
    STALE_NOTICE,
    UNSIGNED_MESSAGES,
)
from clinigate.reference.web.care.charts import kept_or_404
from clinigate.reference.web.care.route import CareRoute, Who
from clinigate.reference.web.frame import exchange_of
from clinigate.reference.web.problems import Problem
from clinigate.reference.web.requests import json_object, limited_body, required_name

__all__ = ["NOTICE_DATE", "NOTICE_VERSION", "TrafficState", "routes", "state_of"]

NOTICE_VERSION, NOTICE_DATE = "3", "2026-10-01"
"""The notice of privacy practices that is in force."""
_PARTNER = "partner"
_STATE = "traffic"
_BAD = {422: "Something bad is in it."}


def routes(care: Care) -> list[CareRoute]:
    """Return the routes."""
    care.state[_STATE] = TrafficState(care)
    one = "/v1/patients/{patient}/files"
    plain = base64.b64encode(b"An example.").decode()
    file = {"name": "example.txt", "media_type": "text/plain", "content": plain}
    binary = {"resourceType": "Binary", "contentType": "text/plain", "data": plain}
    return [
        CareRoute("POST", one, add_file, "file.create", WRITE,
                  "Add a file to a patient's record; it is looked through first.", file,
                  answers={404: "There is no such patient.", **_BAD}),
        CareRoute("GET", f"{one}/{{file}}", read_file, "file.read", READ, "Read a patient's file.",
                  answers={404: "There is no such file."}),
        CareRoute("DELETE", f"{one}/{{file}}", remove_file, "file.remove", WRITE,
                  "Remove a patient's file.", answers={404: "There is no such file."}),
        CareRoute("POST", "/fhir/Binary", add_binary, "file.create", WRITE,
                  "Have a FHIR Binary looked through.", binary, answers=_BAD),
        CareRoute("POST", "/v1/messages", take_message, "message.take", None,
                  "Take the signed message of a partner.", {"kind": "result", "text": "Example."},
                  answers={401: "Not signed, or not timely.", 409: "Known already."}),
        CareRoute("GET", "/v1/activity/alerts", alerts, "alert.read", AUDIT,
                  "Read the alerts about what people did."),
        CareRoute("GET", "/privacy-notice", notice, "notice.read", None,
                  "Read the notice of privacy practices."),
    ]  # fmt: skip


class TrafficState:
    """What the routes keep: files, messages heard, and the watch over who reads how much."""

    def __init__(self, care: Care) -> None:
        self.files = Files()
        self.messages = Messages(message_secret(care.sealer), clock=care.clock)
        self.watch = Watch(care.base, clock=care.clock)


def state_of(care: Care) -> TrafficState:
    """Return what the routes keep."""
    state = care.state[_STATE]
    assert isinstance(state, TrafficState)
    return state


async def add_file(care: Care, request: Request, _who: Who) -> Response:
    """Take a file in, if nothing bad is in it."""
    kept = kept_or_404(care, request)
    body = await json_object(request)
    required_name(body, "name")
    required_name(body, "media_type")
    content = _looked_through(care, body, "content")
    return JSONResponse({"id": state_of(care).files.add(kept.id, content)}, 201)


async def read_file(care: Care, request: Request, _who: Who) -> Response:
    """Give a file back."""
    kept = kept_or_404(care, request)
    found = state_of(care).files.get(kept.id, request.path_params["file"])
    if found is None:
        raise Problem(404, "not_found", "there is no such file")
    # As a file to save: what somebody sent in must not run in a browser.
    headers = {"Content-Disposition": "attachment"}
    return Response(found, headers=headers, media_type="application/octet-stream")


async def remove_file(care: Care, request: Request, _who: Who) -> Response:
    """Remove a file."""
    kept = kept_or_404(care, request)
    if not state_of(care).files.remove(kept.id, request.path_params["file"]):
        raise Problem(404, "not_found", "there is no such file")
    return JSONResponse({"removed": True})


async def add_binary(care: Care, request: Request, _who: Who) -> Response:
    """Look through a FHIR Binary; this service keeps none."""
    body = await json_object(request)
    if body.get("resourceType") != "Binary":
        raise Problem(422, "invalid_request", "resourceType must be Binary")
    media_type = required_name(body, "contentType")
    _looked_through(care, body, "data")
    return JSONResponse({"resourceType": "Binary", "contentType": media_type}, 201)


async def take_message(care: Care, request: Request, _who: Who) -> Response:
    """Take a message whose signature, time and id are right."""
    body = await limited_body(request)
    messages = state_of(care).messages
    is_checked = care.fault is not UNSIGNED_MESSAGES
    trouble = messages.trouble(request.headers, body) if is_checked else None
    if trouble is not None:
        raise Problem(401, "wrong_signature", trouble)
    exchange_of(request.scope).client = _PARTNER
    if is_checked and not messages.is_new(request.headers["webhook-id"]):
        raise Problem(409, "known_already", "this message was taken before")
    try:
        parse_json(body)
    except (ValueError, RecursionError):
        raise Problem(400, "invalid_json", "the body is not valid JSON in UTF-8") from None
    return JSONResponse({"taken": True}, 202)


async def alerts(care: Care, _request: Request, _who: Who) -> Response:
    """Tell what was noticed."""
    return JSONResponse({"alerts": [asdict(each) for each in state_of(care).watch.alerts()]})


async def notice(care: Care, _request: Request, _who: Who) -> Response:
    """Tell how data of patients is used."""
    is_old = care.fault is STALE_NOTICE
    return JSONResponse({
        "version": "2" if is_old else NOTICE_VERSION,
        "effective": "2024-02-16" if is_old else NOTICE_DATE,
        "text": "This notice describes how information about you may be used and disclosed and how "
        "you can get access to it. It is that of a reference service, which treats nobody.",
    })  # fmt: skip


def _looked_through(care: Care, body: Mapping[str, Any], field: str) -> bytes:
    """Return a file that stands in a body, if nothing bad is in it.

    Raises:
        Problem: 422, it is no base64, or something bad is in it.
    """
    try:
        content = base64.b64decode(body.get(field, ""), validate=True)
    except (binascii.Error, TypeError, ValueError):
        raise Problem(422, "invalid_request", f"{field} must be base64") from None
    if care.fault is not MALWARE_ACCEPTED and is_infected(content):
        raise Problem(422, "malware", "something bad was found in the file; it was not taken in")
    return content
