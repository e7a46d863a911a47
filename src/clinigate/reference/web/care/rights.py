"""Rights of patients: what they agree to, authorize, restrict and object to is kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from clinigate.reference.care.care import Care
from clinigate.reference.care.people import CONFIG, READ, WRITE
from clinigate.reference.care.rights import NOBODY, rights_of
from clinigate.reference.care.rights_rules import AUTHORIZED, CARE, PSYCHOTHERAPY
from clinigate.reference.web.care import rights_fhir, rights_uses
from clinigate.reference.web.care.charts import kept_or_404
from clinigate.reference.web.care.rights_forms import NO_PATIENT, ended, expiry_of, one_of, shown
from clinigate.reference.web.care.route import CareRoute, Endpoint, Who
from clinigate.reference.web.problems import Problem
from clinigate.reference.web.requests import json_object, optional_name, required_name

__all__ = ["routes"]

_Body = dict[str, Any]
_AUTHORIZED_FOR = (*AUTHORIZED, PSYCHOTHERAPY)
_TO = ("directory", "family", "all")
_LATER = "2099-12-31T00:00:00Z"


def routes(care: Care) -> list[CareRoute]:
    """Return the routes."""
    rights_of(care)
    return [*_kept(), *_approvals(), *rights_uses.routes(), *rights_fhir.routes()]


def _kept() -> list[CareRoute]:
    return [
        *_of("consent", "let data of one kind be taken from one source", _consent,
             {"source": "wearable", "kind": "sleep", "text": "2026-11", "expires_at": _LATER}),
        *_of("authorization", "authorize a use beyond care", _authorization,
             {"purpose": "research", "recipient": "institute", "description": "An example.",
              "signed_by": "Ann Example", "expires_at": _LATER}),
        *_of("restriction", "restrict what others are told", _restriction,
             {"purpose": "payment", "recipient": "payer", "service": "visit-1"}),
        *_of("objection", "object to the directory, or to family being told", _objection,
             {"to": "directory"}),
    ]  # fmt: skip


def _of(
    kind: str, meaning: str, read: Callable[[_Body], dict[str, Any]], example: Any
) -> list[CareRoute]:
    """Return the routes that keep, list and take back sayings of one kind."""
    every = f"/v1/patients/{{patient}}/{kind}s"

    async def add(care: Care, request: Request, _who: Who) -> Response:
        kept = kept_or_404(care, request)
        made = rights_of(care).add(kept.id, kind, read(await json_object(request)))
        return JSONResponse(shown(made), 201)

    async def listed(care: Care, request: Request, _who: Who) -> Response:
        kept = kept_or_404(care, request)
        return JSONResponse(
            {f"{kind}s": [shown(each) for each in rights_of(care).of(kept.id, kind)]}
        )

    return [
        CareRoute("POST", every, add, f"{kind}.create", WRITE, f"Patients {meaning}.", example,
                  own=True, answers=NO_PATIENT),
        CareRoute("GET", every, listed, f"{kind}.list", READ, f"List each {kind} of a patient.",
                  own=True, answers=NO_PATIENT),
        CareRoute("DELETE", f"{every}/{{{kind}}}", _end(kind), f"{kind}.end", WRITE,
                  f"Take a {kind} back; it is of no effect from the next request on.",
                  own=True, answers={404: f"There is no such patient or {kind}."}),
    ]  # fmt: skip


def _end(kind: str) -> Endpoint:
    async def end(care: Care, request: Request, _who: Who) -> Response:
        kept = kept_or_404(care, request)
        ended(care, request, kind, kept.id)
        return JSONResponse({"ended": True})

    return end


def _consent(body: _Body) -> dict[str, Any]:
    return {
        "source": required_name(body, "source"),
        "kind": required_name(body, "kind"),
        "text": required_name(body, "text"),
        "expires_at": expiry_of(body),
    }


def _authorization(body: _Body) -> dict[str, Any]:
    """Read the core elements. 45 CFR 164.508(c)(1)."""
    expires_at = expiry_of(body)
    if expires_at is None:
        raise Problem(422, "invalid_request", "expires_at is missing; an authorization must end")
    return {
        "purpose": one_of(body, "purpose", _AUTHORIZED_FOR),
        "recipient": required_name(body, "recipient"),
        "description": required_name(body, "description"),
        "signed_by": required_name(body, "signed_by"),
        "expires_at": expires_at,
    }


def _restriction(body: _Body) -> dict[str, Any]:
    return {
        "purpose": one_of(body, "purpose", CARE),
        "recipient": required_name(body, "recipient"),
        "service": optional_name(body, "service"),
    }


def _objection(body: _Body) -> dict[str, Any]:
    return {"to": one_of(body, "to", _TO)}


def _approvals() -> list[CareRoute]:
    every = "/v1/research/approvals"
    example = {"study": "sleep-1", "board": "Review board", "expires_at": _LATER}
    return [
        CareRoute("POST", every, _approve, "approval.create", CONFIG,
                  "Keep what a review board approved.", example),
        CareRoute("DELETE", f"{every}/{{approval}}", _disapprove, "approval.end", CONFIG,
                  "Take an approval back.", answers={404: "There is no such approval."}),
    ]  # fmt: skip


async def _approve(care: Care, request: Request, _who: Who) -> Response:
    body = await json_object(request)
    content = {
        "study": required_name(body, "study"),
        "board": required_name(body, "board"),
        "expires_at": expiry_of(body),
    }
    return JSONResponse(shown(rights_of(care).add(NOBODY, "approval", content)), 201)


async def _disapprove(care: Care, request: Request, _who: Who) -> Response:
    ended(care, request, "approval", NOBODY)
    return JSONResponse({"ended": True})
