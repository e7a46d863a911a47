"""Logging in and out: a password and a second factor open a session, which ends when it idles."""

from __future__ import annotations

import base64

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor import InvalidToken
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from clinigate.reference.care.care import Care
from clinigate.reference.care.people import Person, is_password
from clinigate.reference.care.sessions import Opened
from clinigate.reference.web.care.route import CareRoute, Who
from clinigate.reference.web.frame import exchange_of
from clinigate.reference.web.problems import Problem
from clinigate.reference.web.requests import json_object, required_name

__all__ = ["routes"]

_STEP_S = 30


def routes(_care: Care) -> list[CareRoute]:
    """Return the routes."""
    example = {"login": "example", "password": "example", "otp": "000000"}
    return [
        CareRoute("POST", "/v1/session", log_in, "session.begin", None, "Log in.", example,
                  answers={401: "Wrong credentials."}),
        CareRoute("POST", "/v1/session/refresh", refresh, "session.refresh", None,
                  "Go on with a session.", {"refresh_token": "example"},
                  answers={401: "The session has ended."}),
    ]  # fmt: skip


async def log_in(care: Care, request: Request, _who: Who) -> Response:
    """Open a session."""
    body = await json_object(request)
    login, password = required_name(body, "login"), required_name(body, "password")
    otp = required_name(body, "otp")
    person = care.people.get(login)
    if person is not None:
        exchange_of(request.scope).client = person.login
    if person is None or not is_credible(care, person, password, otp):
        raise Problem(401, "wrong_credentials", "login, password or second factor is wrong")
    return _opened(care, person, care.sessions.begin(person))


async def refresh(care: Care, request: Request, _who: Who) -> Response:
    """Go on with a session, under new tokens."""
    body = await json_object(request)
    opened = care.sessions.refreshed(required_name(body, "refresh_token"), care.people.get)
    session = None if opened is None else care.sessions.used(opened.access)
    person = None if session is None else care.people.get(session.login)
    if opened is None or person is None:
        raise Problem(401, "session_over", "the session has ended; log in again")
    exchange_of(request.scope).client = person.login
    return _opened(care, person, opened)


def is_credible(care: Care, person: Person, password: str, otp: str) -> bool:
    """Whether somebody may log in with this password and second factor (RFC 6238)."""
    return person.active and is_password(password, person.password) and is_otp(care, person, otp)


def is_otp(care: Care, person: Person, otp: str) -> bool:
    """Whether it is the second factor of this half minute, or of the one before."""
    totp = TOTP(base64.b32decode(person.totp), 6, SHA1(), _STEP_S)  # noqa: S303 - what RFC 6238 uses
    for moment in (care.clock(), care.clock() - _STEP_S):
        try:
            totp.verify(otp.encode(), int(moment))
        except InvalidToken:
            continue
        return True
    return False


def _opened(care: Care, person: Person, opened: Opened) -> Response:
    return JSONResponse({
        "access_token": opened.access,
        "refresh_token": opened.refresh,
        "token_type": "Bearer",
        "idle_timeout_s": care.sessions.idle_s,
        "role": person.role,
        "patient": person.patient,
    })  # fmt: skip
