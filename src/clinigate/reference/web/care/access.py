"""What only some may see: settings of the service; and what shows who asks: its public keys."""

from __future__ import annotations

from typing import cast

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from clinigate.reference.care.care import Care
from clinigate.reference.care.people import CONFIG
from clinigate.reference.care.settings import Settings
from clinigate.reference.care.tokens import KEY_FILE
from clinigate.reference.lapses import access as lapses
from clinigate.reference.web.care.route import CareRoute, Who
from clinigate.reference.web.problems import Problem
from clinigate.reference.web.requests import json_object, required_name

__all__ = ["routes"]

_SETTINGS = "access.settings"


def routes(care: Care) -> list[CareRoute]:
    """Return the routes."""
    fault = care.fault
    care.sessions.tokens.keep(
        care.data_dir / KEY_FILE, unsigned_too=fault is lapses.FORGEABLE_TOKENS
    )
    if _SETTINGS not in care.state:
        care.state[_SETTINGS] = Settings(care.base, quotes_itself=fault is lapses.INJECTABLE_SEARCH)
    one, none = "/v1/settings/{name}", {404: "There is no such setting."}
    found = [
        CareRoute("GET", one, read, "setting.read", CONFIG, "Read a setting.", answers=none),
        CareRoute("PUT", one, change, "setting.change", CONFIG, "Change a setting.",
                  {"value": "example"}, answers=none),
        CareRoute("GET", "/.well-known/jwks.json", keys, "keys.read", None,
                  "Return the keys that tokens of sessions are signed with (RFC 7517)."),
    ]  # fmt: skip
    if fault is lapses.OPEN_DEBUG_ADDRESS:
        # No summary: the document leaves it out, as such addresses are.
        found.append(CareRoute("GET", "/debug/vars", variables, "debug.read", None, ""))
    return found


async def read(care: Care, request: Request, _who: Who) -> Response:
    """Read a setting."""
    name = request.path_params["name"]
    value = _settings(care).get(name)
    if value is None:
        raise _none()
    return JSONResponse({"value": value})


async def change(care: Care, request: Request, _who: Who) -> Response:
    """Change a setting that there is."""
    name, body = request.path_params["name"], await json_object(request)
    if _settings(care).get(name) is None:
        raise _none()
    _settings(care).put(name, required_name(body, "value"))
    return JSONResponse({"changed": True})


async def keys(care: Care, _request: Request, _who: Who) -> Response:
    """Return the keys that verify tokens."""
    return JSONResponse(care.sessions.tokens.public_keys())


async def variables(care: Care, _request: Request, _who: Who) -> Response:
    """Show what goes on inside, to anyone: the fault of one defect."""
    return JSONResponse({"patients": len(care.patients.all()), "idle_s": care.sessions.idle_s})


def _settings(care: Care) -> Settings:
    return cast("Settings", care.state[_SETTINGS])


def _none() -> Problem:
    return Problem(404, "not_found", "there is no such setting")
