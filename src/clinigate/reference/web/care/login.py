"""Logging in and out: a password and a second factor open a session, which ends when it idles."""

from __future__ import annotations

import base64
import math

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor import InvalidToken
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from clinigate.reference.care.accounts import accounts_of
from clinigate.reference.care.care import Care
from clinigate.reference.care.passwords import digest_of, is_password
from clinigate.reference.care.people import Person
from clinigate.reference.care.sessions import Opened, Session
from clinigate.reference.lapses import accounts as lapses
from clinigate.reference.web.care.route import CareRoute, Who
from clinigate.reference.web.frame import exchange_of
from clinigate.reference.web.problems import Problem
from clinigate.reference.web.requests import json_object, required_name

__all__ = ["routes", "session_or_401"]

_STEP_S = 30
_LONGEST_TOKEN = 4096
_NOBODY = digest_of("nobody")
"""What is compared where there is no such login, so that the time does not tell."""


def routes(care: Care) -> list[CareRoute]:
    """Return the routes."""
    care.sessions.ends_idle = care.fault is not lapses.NEVER_LOGS_OFF
    example = {"login": "example", "password": "example", "otp": "000000"}
    return [
        CareRoute("POST", "/v1/session", log_in, "session.begin", None, "Log in.", example,
                  answers={401: "Wrong credentials."}),
        CareRoute("POST", "/v1/session/refresh", refresh, "session.refresh", None,
                  "Go on with a session.", {"refresh_token": "example"},
                  answers={401: "The session has ended."}),
        CareRoute("DELETE", "/v1/session", log_out, "session.end", None, "Log out.",
                  answers={401: "There is no such session."}),
    ]  # fmt: skip


async def log_in(care: Care, request: Request, _who: Who) -> Response:
    """Open a session."""
    body = await json_object(request)
    login, password = required_name(body, "login"), required_name(body, "password")
    accounts = accounts_of(care)
    person = care.people.get(login)
    if person is not None and care.fault is not lapses.NAMELESS_LOG_INS:
        exchange_of(request.scope).client = person.login
    if wait := accounts.locked_s(login):
        raise Problem(
            429, "locked", "too many log-ins failed; wait", {"Retry-After": str(math.ceil(wait))}
        )
    step = _step_of(care, person, body.get("otp"))
    digest = _NOBODY if person is None else person.password
    if not is_password(password, digest) or person is None or not person.active or step is None:
        if care.fault is not lapses.NO_LOCKOUT:
            accounts.failed(login)
        raise Problem(401, "wrong_credentials", "login, password or second factor is wrong")
    accounts.let_in(login)
    accounts.use(person.login, step)
    exchange_of(request.scope).client = person.login
    return _opened(care, person, care.sessions.begin(person))


async def refresh(care: Care, request: Request, _who: Who) -> Response:
    """Go on with a session, under new tokens."""
    body = await json_object(request)
    token = required_name(body, "refresh_token", longest=_LONGEST_TOKEN)
    opened = care.sessions.refreshed(token, care.people.get)
    session = None if opened is None else care.sessions.used(opened.access)
    person = None if session is None else care.people.get(session.login)
    if opened is None or person is None:
        raise Problem(401, "session_over", "the session has ended; log in again")
    exchange_of(request.scope).client = person.login
    return _opened(care, person, opened)


async def log_out(care: Care, request: Request, _who: Who) -> Response:
    """End the session that asks."""
    token, _ = session_or_401(care, request)
    care.sessions.end(token)
    return JSONResponse({"ended": True})


def session_or_401(care: Care, request: Request) -> tuple[str, Session]:
    """Return the session that asks, with its token, whatever its role is.

    Raises:
        Problem: 401, there is none.
    """
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    session = care.sessions.used(token.strip()) if kind.lower() == "bearer" else None
    if session is None:
        raise Problem(401, "session_over", "there is no such session", {
            "WWW-Authenticate": "Bearer",
        })  # fmt: skip
    exchange_of(request.scope).client = session.login
    return token.strip(), session


def _step_of(care: Care, person: Person | None, otp: object) -> int | None:
    """Return the half minute whose code it is, this one or the one before; None for none.

    A code that was used is good no more (RFC 6238, section 5.2). Of those whom every start knows it
    stays good: they are there for tests, which log in often.
    """
    if person is None:
        return None
    now = int(care.clock()) // _STEP_S
    if not otp and care.fault is lapses.SECOND_FACTOR_SKIPPED:
        return now
    if not isinstance(otp, str):
        return None
    totp = TOTP(base64.b32decode(person.totp), 6, SHA1(), _STEP_S)  # noqa: S303 - what RFC 6238 uses
    for step in (now, now - 1):
        try:
            totp.verify(otp.encode("utf-8", "surrogatepass"), step * _STEP_S)
        except InvalidToken:
            continue
        fresh = person.login in care.seeds or accounts_of(care).is_fresh(person.login, step)
        return step if fresh else None
    return None


def _opened(care: Care, person: Person, opened: Opened) -> Response:
    return JSONResponse({
        "access_token": opened.access,
        "refresh_token": opened.refresh,
        "token_type": "Bearer",
        "idle_timeout_s": care.sessions.idle_s,
        "role": person.role,
        "patient": person.patient,
    })  # fmt: skip
