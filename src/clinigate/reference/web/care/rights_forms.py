"""What routes of patients' rights read from requests, and look up for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request

from clinigate.reference.care.care import Care
from clinigate.reference.care.fhir import moment, seconds_of
from clinigate.reference.care.rights import Saying, rights_of
from clinigate.reference.web.problems import Problem

__all__ = ["NO_PATIENT", "asked", "ended", "expiry_of", "one_of", "shown", "unless"]

NO_PATIENT = {404: "There is no such patient."}


def expiry_of(body: Mapping[str, Any]) -> float | None:
    """Return `expires_at` in seconds since the epoch; None where it is left out.

    Raises:
        Problem: 422, it is no time.
    """
    said = body.get("expires_at")
    if said is None:
        return None
    try:
        return seconds_of(said)
    except (ValueError, TypeError, OverflowError):
        raise Problem(
            422, "invalid_request", "expires_at must be a time, as 2026-11-22T12:00:00Z"
        ) from None


def one_of(body: Mapping[str, Any], name: str, known: tuple[str, ...]) -> str:
    """Return a word of a list.

    Raises:
        Problem: 422, it is another.
    """
    value = body.get(name)
    if value not in known:
        raise Problem(422, "invalid_request", f"{name} must be one of {', '.join(known)}")
    return str(value)


def asked(request: Request, name: str) -> str:
    """Return what follows a question mark under a name.

    Raises:
        Problem: 422, it is missing.
    """
    value = request.query_params.get(name)
    if not value:
        raise Problem(422, "invalid_request", f"?{name}= is missing")
    return value


def unless(holds: bool, code: str, message: str) -> None:
    """Refuse what does not hold.

    Raises:
        Problem: 403, it does not.
    """
    if not holds:
        raise Problem(403, code, message)


def ended(care: Care, request: Request, kind: str, patient: str) -> Saying:
    """Take back the saying that a path names under its kind, and return it.

    Raises:
        Problem: 404, the patient said no such thing.
    """
    rights = rights_of(care)
    found = rights.get(request.path_params[kind], kind)
    if found is None or found.patient != patient:
        raise Problem(404, "not_found", f"there is no such {kind}")
    rights.end(found.id)
    return found


def shown(saying: Saying) -> dict[str, Any]:
    """Return a saying as an answer tells it."""
    content = dict(saying.content)
    if content.get("expires_at") is not None:
        content["expires_at"] = moment(content["expires_at"])
    return {
        "id": saying.id,
        **content,
        "at": moment(saying.at),
        "ended_at": None if saying.ended_at is None else moment(saying.ended_at),
    }
