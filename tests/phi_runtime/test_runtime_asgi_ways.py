"""Ways by which something leaves that is neither a plain body nor a first header."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinigate.phi.runtime.asgi import PhiBlockedError, PhiMiddleware, Sighting
from clinigate.phi.runtime.redactor import Redactor
from clinigate.phi.runtime.window import BodySearch

Message = MutableMapping[str, Any]
_START: Message = {"type": "http.response.start", "status": 200, "headers": [], "trailers": True}
_BODY: Message = {"type": "http.response.body", "body": b"fine", "more_body": False}


def sent(
    messages: list[Message], *, kind: str = "http", block: bool = False, **said: Any
) -> tuple[list[Sighting], list[Message]]:
    """What is told, and what comes out, where an application sends messages."""
    seen: list[Sighting] = []
    out: list[Message] = []
    request = {"type": "http.request", "body": said.pop("body", b""), "more_body": False}
    headers = said.pop("headers", [])

    async def app(_scope: Any, receive: Any, send: Any) -> None:
        await receive()
        for message in messages:
            await send(message)

    async def receive() -> Message:
        return request if kind == "http" else said.get("from_client", {"type": f"{kind}.connect"})

    async def send(message: Message) -> None:
        out.append(message)

    scope = {"type": kind, "method": "POST", "path": "/", "query_string": b"", "headers": headers}
    asyncio.run(
        PhiMiddleware(app, report=seen.append, block=block)(
            {**scope, **said.get("scope", {})}, receive, send
        )
    )
    return seen, out


@pytest.mark.parametrize("block", [False, True])
def test_trailers_are_headers(ssn: str, block: bool) -> None:
    trailers = {"type": "http.response.trailers", "headers": [(b"ssn", ssn.encode())]}
    if block:
        with pytest.raises(PhiBlockedError):
            sent([_START, _BODY, trailers], block=True)
        return
    seen, out = sent([_START, _BODY, trailers])
    assert [each.surface for each in seen] == ["response.headers"]
    assert out[-1] is trailers


def test_hints_before_a_reply_are_headers(ssn: str) -> None:
    hint = {"type": "http.response.early_hint", "links": [f"</a?ssn={ssn}>".encode()]}
    seen, out = sent([hint, _START, _BODY], block=True)
    assert [each.surface for each in seen] == ["response.headers"]
    assert out[0]["status"] == 500
    assert ssn not in repr(out)


@pytest.mark.parametrize(
    "way", ["accept", "close", "http.response.start", "http.response.body", "disconnect"]
)
@pytest.mark.parametrize("block", [False, True])
def test_all_that_a_socket_says(ssn: str, way: str, block: bool) -> None:
    planted = f"ssn {ssn}"
    message: dict[str, Any] = {"type": f"websocket.{way}"}
    says: dict[str, dict[str, Any]] = {
        "accept": {"headers": [(b"x", planted.encode())]},
        "http.response.start": {"status": 403, "headers": [(b"x", planted.encode())]},
        "http.response.body": {"body": planted.encode()},
    }
    message |= says.get(way, {"code": 1000, "reason": planted})
    if way == "disconnect":
        seen, out = sent([], kind="websocket", block=block, from_client=message)
    else:
        seen, out = sent([message], kind="websocket", block=block)
    assert len(seen) == 1
    assert block == (ssn not in repr(out)) or way == "disconnect"


@pytest.mark.parametrize(
    ("media", "alphabet"), [("text/plain; charset=utf-16", "utf-16"), ("", "utf-16"),
                            ("", "utf-16-le"), ("text/x; charset=UTF-7", "ascii")]
)  # fmt: skip
def test_another_alphabet_is_told(ssn: str, media: str, alphabet: str) -> None:
    headers = [(b"content-type", media.encode())]
    seen, _ = sent([_START, _BODY], body=f"ssn {ssn}".encode(alphabet), headers=headers)
    assert [each.unseen for each in seen] == ["its alphabet is not read here"]


def test_a_query_is_read_as_a_form_is(ssn: str) -> None:
    query = quote_plus(f"ssn {ssn}").replace("-", "+").encode()
    seen, _ = sent([_START, _BODY], scope={"query_string": b"q=" + query})
    assert [each.surface for each in seen] == ["request.url"]


@settings(max_examples=30)
@given(cuts=st.lists(st.integers(0, 120), max_size=6))
def test_forms_are_read_wherever_pieces_end(email: str, cuts: list[int]) -> None:
    body = f"a=1&mail={quote_plus(email)}&name=%C3%A9+x%".encode()
    search = BodySearch(
        Redactor(), encoding="", longest=2**20, media="application/x-www-form-urlencoded"
    )
    at = 0
    for cut in sorted({min(cut, len(body)) for cut in cuts} | {len(body)}):
        search.feed(body[at:cut])
        at = cut
    search.finish()
    assert search.rules == {"CG-PHI-EMAIL": 1}
