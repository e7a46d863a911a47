"""What stands before every page: the host, the method, who asks, and headers on each answer.

The steps are in the order in which a request meets them. Nothing of the portal is looked at for a
request that is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from clinigate.evidence.times import Clock, timestamp
from clinigate.portal.access import Access, Sessions
from clinigate.portal.pages import write_page

__all__ = ["HEADERS", "Guard", "refusal"]

SIGN_IN = "/sign-in"
_MOST_BODY = 4096
_PORT = re.compile(r":\d{1,5}\Z")

#: On every answer, whatever it is.
HEADERS: Mapping[str, str] = {
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
_NOTHING = "default-src 'none'; frame-ancestors 'none'"


class Guard:
    """Lets requests through to the pages, or answers them itself."""

    def __init__(self, app: ASGIApp, *, access: Access, sessions: Sessions, clock: Clock) -> None:
        self._app = app
        self._access = access
        self._sessions = sessions
        self._clock = clock
        self._cookie = "__Host-clinigate" if access.secure else "clinigate"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers.setdefault("content-security-policy", _NOTHING)
            await send(message)

        answer = await self._answer(Request(scope, receive))
        await (answer or self._app)(scope, receive, guarded)

    async def _answer(self, request: Request) -> Response | None:
        """The answer to what does not go through, None for what does."""
        # 1. A name that somebody made to lead here is not ours (DNS rebinding).
        if (foreign := self._wrong_host(request)) is not None:
            return foreign
        # 2. There is nothing to change here; a token is the one thing that is taken.
        signing_in = request.url.path == SIGN_IN and self._access.token is not None
        if request.method not in ("GET", "HEAD") and not (signing_in and request.method == "POST"):
            allowed = {"allow": "GET, HEAD, POST" if signing_in else "GET, HEAD"}
            why = f"{request.method[:20]} is not answered: this portal only shows"
            return self._refuse(405, "Read-only", why, headers=allowed)
        # 3. Who asks.
        if self._access.user_header is not None:
            return self._by_proxy(request, self._access.user_header)
        if self._access.token is not None:
            return await self._by_token(request)
        return None

    def _wrong_host(self, request: Request) -> Response | None:
        values = request.headers.getlist("host")
        if len(values) == 1 and _PORT.sub("", values[0].lower()) in self._access.hosts:
            return None
        why = "this name does not lead to a portal; [portal] hosts lists the names that do"
        return self._refuse(421 if values else 400, "Not here", why)

    def _by_proxy(self, request: Request, header: str) -> Response | None:
        peer = request.client.host if request.client else ""
        if not self._access.believes(peer):
            why = "this portal is reached by way of the proxy in front of it alone"
            return self._refuse(403, "Not let in", why)
        names = request.headers.getlist(header)
        if len(names) != 1 or not names[0].strip() or not _is_name(names[0]):
            return self._refuse(401, "Not signed in", "the proxy does not say who is asking")
        request.scope["clinigate.viewer"] = names[0].strip()
        return None

    async def _by_token(self, request: Request) -> Response | None:
        bearer = request.headers.get("authorization", "")
        if bearer.startswith("Bearer ") and self._access.knows(bearer.removeprefix("Bearer ")):
            return None
        if request.url.path == SIGN_IN:
            return await self._sign_in(request)
        if self._sessions.counts(_cookie(request.headers, self._cookie), self._clock()):
            return None
        if "token" in request.query_params:
            why = "a token in an address stays in histories and logs; sign in with a new one"
            return self._form(request, why)
        return self._form(request, "")

    async def _sign_in(self, request: Request) -> Response:
        if request.method != "POST":
            return self._form(request, "")
        token = await _posted_token(request)
        if token is None or not self._access.knows(token):
            return self._form(request, "this is not the token")
        answer = RedirectResponse("index.html", status_code=303)
        answer.set_cookie(
            self._cookie,
            self._sessions.begin(self._clock()),
            max_age=int(self._sessions.lasting.total_seconds()),
            path="/",
            secure=self._access.secure,
            httponly=True,
            samesite="strict",
        )
        return answer

    def _form(self, request: Request, trouble: str) -> Response:
        up = "../" * (request.url.path.count("/") - 1)
        page = write_page(
            "page-sign-in.html.j2",
            up=up,
            trouble=trouble,
            viewer="",
            here="",
            exported=False,
            now=timestamp(self._clock()),
        )
        return _shown(page.body, page.policy, 401)

    def _refuse(
        self, status: int, title: str, why: str, *, headers: Mapping[str, str] | None = None
    ) -> Response:
        return refusal(status, title, why, now=timestamp(self._clock()), headers=headers)


def refusal(
    status: int,
    title: str,
    why: str,
    *,
    now: str,
    up: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return a page that says in a sentence why there is none; `up` leads to those there are."""
    page = write_page(
        "page-refused.html.j2",
        up=up or "",
        inside=up is not None,
        title=title,
        why=why,
        viewer="",
        here="",
        exported=False,
        now=now,
    )
    answer = _shown(page.body, page.policy, status)
    answer.headers.update(headers or {})
    return answer


def _shown(body: bytes, policy: str, status: int) -> Response:
    policy = f"{policy}; frame-ancestors 'none'"
    headers = {"content-security-policy": policy}
    return Response(body, status, headers=headers, media_type="text/html; charset=utf-8")


def _cookie(headers: Headers, name: str) -> str:
    jar: SimpleCookie = SimpleCookie()
    try:
        jar.load(headers.get("cookie", ""))
    except CookieError:
        return ""
    return jar[name].value if name in jar else ""


def _is_name(text: str) -> bool:
    return text.isprintable() and len(text) <= 200


async def _posted_token(request: Request) -> str | None:
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return None
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _MOST_BODY:
            return None
    try:
        fields = parse_qs(body.decode("ascii"), max_num_fields=4)
    except ValueError:
        return None
    return fields["token"][0] if len(fields.get("token", ())) == 1 else None
