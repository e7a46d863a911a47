"""Accounts: people are added, disabled and given roles; passwords; access in an emergency."""

from __future__ import annotations

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from clinigate.reference.care.accounts import accounts_of
from clinigate.reference.care.accounts_emergency import EMERGENCY, emergencies_of
from clinigate.reference.care.care import Care
from clinigate.reference.care.passwords import fast_digest_of, is_password, weakness_of
from clinigate.reference.care.people import CONFIG, PATIENT, ROLES, WRITE, Person, folded
from clinigate.reference.lapses import accounts as lapses
from clinigate.reference.web.care.login import session_or_401
from clinigate.reference.web.care.route import CareRoute, Who, about, concerning
from clinigate.reference.web.frame import exchange_of
from clinigate.reference.web.problems import Problem
from clinigate.reference.web.requests import json_object, optional_name, required_name

__all__ = ["routes"]

_NONE = {404: "There is no such account."}
_FACILITIES = ("north", "south")


def routes(care: Care) -> list[CareRoute]:
    """Return the routes."""
    care.people.folds = care.fault is not lapses.TWIN_LOGINS
    if care.fault is lapses.FAST_PASSWORD_DIGEST:
        care.people.digest = fast_digest_of
    emergencies_of(care)
    one = "/v1/accounts/{account}"
    account = {"login": "example", "password": "example", "role": "nurse", "facility": "north"}
    return [
        CareRoute("POST", "/v1/accounts", add, "account.create", CONFIG, "Add an account.",
                  account, answers={409: "The login is taken."}),
        CareRoute("DELETE", one, remove, "account.remove", CONFIG, "Remove an account.",
                  answers=_NONE),
        CareRoute("POST", f"{one}/disable", disable, "account.disable", CONFIG,
                  "Disable an account; its sessions end.", answers=_NONE),
        CareRoute("PUT", f"{one}/role", change_role, "account.role", CONFIG,
                  "Give an account another role.", {"role": "nurse"}, answers=_NONE),
        CareRoute("POST", f"{one}/reset", begin_reset, "password.reset.begin", CONFIG,
                  "Ask for a token that sets a password anew.", answers=_NONE),
        CareRoute("POST", "/v1/session/password", change_password, "password.change", None,
                  "Change one's own password.", {"old": "example", "password": "example"},
                  answers={401: "There is no such session, or the old password is wrong."}),
        CareRoute("POST", "/v1/session/reset", reset, "password.reset", None,
                  "Set a password anew.", {"reset_token": "example", "password": "example"},
                  answers={401: "The token is not good, or not any more."}),
        CareRoute("POST", "/v1/emergency", emergency, "emergency.begin", WRITE,
                  "Read a record of another facility for a short time, in an emergency.",
                  {"patient": "example", "reason": "example"},
                  answers={404: "There is no such patient."}),
    ]  # fmt: skip


async def add(care: Care, request: Request, _who: Who) -> Response:
    """Add an account."""
    body = await json_object(request)
    login, role = required_name(body, "login"), _role(body)
    facility = optional_name(body, "facility")
    if facility not in (None, *_FACILITIES):
        raise Problem(422, "invalid_request", f"facility must be one of {', '.join(_FACILITIES)}")
    password = _good_password(care, body, login)
    if not folded(login):
        raise Problem(422, "invalid_request", "login must have letters")
    if care.people.get(login) is not None:
        raise Problem(409, "login_taken", "there is an account of this name, in some spelling")
    made = care.people.add(login, password, role, facility=facility, now=care.clock())
    concerning(request, f"account {made.login}")
    return JSONResponse({"id": made.login, "totp": made.totp}, 201)


async def remove(care: Care, request: Request, _who: Who) -> Response:
    """Remove an account."""
    person = _person_or_404(care, request)
    care.people.remove(person.login)
    care.sessions.end_all_of(person.login)
    accounts_of(care).forget(person.login)
    return JSONResponse({"removed": True})


async def disable(care: Care, request: Request, _who: Who) -> Response:
    """Disable an account, and end what it has open."""
    person = _person_or_404(care, request)
    care.people.change(person.login, "active", 0, now=care.clock())
    if care.fault is not lapses.LINGERING_SESSIONS:
        care.sessions.end_all_of(person.login)
    return JSONResponse({"active": False})


async def change_role(care: Care, request: Request, _who: Who) -> Response:
    """Give an account another role, its open sessions too."""
    person = _person_or_404(care, request)
    role = _role(await json_object(request))
    care.people.change(person.login, "role", role, now=care.clock())
    if care.fault is not lapses.STALE_ROLES:
        care.sessions.give_role(person.login, role)
    concerning(request, f"account {person.login} role {person.role} to {role}")
    return JSONResponse({"role": role})


async def change_password(care: Care, request: Request, _who: Who) -> Response:
    """Change one's own password; one's other sessions end."""
    _, session = session_or_401(care, request)
    body = await json_object(request)
    person = care.people.get(session.login)
    if person is None or not is_password(required_name(body, "old"), person.password):
        raise Problem(401, "wrong_credentials", "the old password is wrong")
    _set_password(care, person, _good_password(care, body, person.login))
    return JSONResponse({"changed": True})


async def begin_reset(care: Care, request: Request, _who: Who) -> Response:
    """Hand out a token that sets a password anew; whoever asks sees to whom it goes."""
    person = _person_or_404(care, request)
    accounts = accounts_of(care)
    return JSONResponse({
        "reset_token": accounts.reset(person.login), "expires_in_s": accounts.reset_s,
    })  # fmt: skip


async def reset(care: Care, request: Request, _who: Who) -> Response:
    """Set a password anew."""
    body = await json_object(request)
    login = accounts_of(care).reset_of(required_name(body, "reset_token"))
    person = None if login is None else care.people.get(login)
    if person is None or not person.active:
        raise Problem(401, "reset_over", "the token is not good, or not any more")
    exchange_of(request.scope).client = person.login
    _set_password(care, person, _good_password(care, body, person.login))
    return JSONResponse({"changed": True})


async def emergency(care: Care, request: Request, who: Who) -> Response:
    """Open one record to who says why."""
    body = await json_object(request)
    patient = required_name(body, "patient")
    explained = care.fault is not lapses.UNEXPLAINED_EMERGENCY
    reason = required_name(body, "reason") if explained else str(body.get("reason", ""))
    if care.patients.get(patient) is None:
        raise Problem(404, "not_found", "there is no such patient")
    about(request, patient)
    concerning(request, EMERGENCY)
    until = emergencies_of(care).begin(who.id, patient, reason)
    return JSONResponse({"until": datetime.fromtimestamp(until, UTC).isoformat()}, 201)


def _set_password(care: Care, person: Person, password: str) -> None:
    care.people.change(person.login, "password", care.people.digest(password), now=care.clock())
    care.sessions.end_all_of(person.login)


def _person_or_404(care: Care, request: Request) -> Person:
    person = care.people.get(request.path_params["account"])
    if person is None:
        raise Problem(404, "not_found", "there is no such account")
    concerning(request, f"account {person.login}")
    return person


def _role(body: dict[str, object]) -> str:
    role = required_name(body, "role")
    # A patient comes with a record of theirs, and not by way of an account alone.
    if role not in ROLES or role == PATIENT:
        known = ", ".join(name for name in ROLES if name != PATIENT)
        raise Problem(422, "invalid_request", f"role must be one of {known}")
    return role


def _good_password(care: Care, body: dict[str, object], login: str) -> str:
    password = required_name(body, "password")
    weakness = weakness_of(password, folded(login))
    if weakness is not None and care.fault is not lapses.WEAK_PASSWORDS:
        raise Problem(422, "weak_password", f"choose another password: {weakness}")
    return password
