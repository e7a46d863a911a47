"""Services that hang up, drip or speak no HTTP: never an answer, and never a hang."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from clinigate.config.target import HttpSpec, OpenAISpec
from clinigate.core.case import Turn
from clinigate.core.target import Capability, Outcome, Reply
from clinigate.targets import build_target, failed_outcomes

HELLO = (Turn("user", "hello"),)
GOOD = b'{"text":"hi"}'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
SSE = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
WHOLE = HEAD + b"Content-Length: %d\r\n\r\n" % len(GOOD) + GOOD
PIECE = b'data: {"choices":[{"delta":{"content":"You are"}}]}\n\n'


def http(url: str, **table: Any) -> HttpSpec:
    chat = {"path": "/c", "request": {"t": "{{text}}"}, "answer": {"text": "text"}}
    table = {"kind": "http", "base_url": url, "chat": chat, "retries": 0} | table
    return HttpSpec.model_validate(table)


def openai(url: str) -> OpenAISpec:
    return OpenAISpec.model_validate(
        {"kind": "openai", "base_url": url, "model": "m", "stream": True, "retries": 0}
    )


async def ask(spec: Any, *, timeout_s: float = 20, clock: Any = None) -> Reply:
    target = build_target(spec, base_dir=Path(), environ={}, clock=clock)
    try:
        return await target.ask(HELLO, capability=Capability.CHAT, timeout_s=timeout_s)
    finally:
        await target.aclose()


def exchange(raw: Any, *pieces: bytes, make: Any = http, **server: Any) -> Reply:
    """Ask a service that writes these bytes and hangs up."""

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()

    async def run() -> Reply:
        async with raw(answer, **server) as url:
            return await ask(make(url))

    return asyncio.run(run())


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"\x00\x01\x02\x03\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        HEAD,
        HEAD + b"Content-Length: 100\r\n\r\n" + GOOD,
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nd\r\n" + GOOD + b"\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + GOOD,
        HEAD + b"Content-Length: -1\r\n\r\n" + GOOD,
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000,
    ],
    ids=["silence", "bytes", "ssh", "head", "short", "unended", "no-chunk", "length", "header"],
)
def test_a_broken_answer_is_an_error(raw: Any, sent: bytes) -> None:
    """Half an answer is none."""
    reply = exchange(raw, sent)
    assert reply.outcome is Outcome.ERROR
    assert str(reply.error).startswith("service at http://127.0.0.1:")


def test_the_same_service_answers_when_it_is_whole(raw: Any) -> None:
    """The counter-test."""
    assert exchange(raw, WHOLE).text == "hi"


def test_a_lost_connection_is_tried_again(raw: Any, clock: Any) -> None:
    """First hung up on, then answered: an answer with a failure on record."""
    calls = iter([b"", WHOLE])

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(next(calls))

    async def run() -> Reply:
        async with raw(answer) as url:
            return await ask(http(url, retries=1), clock=clock)

    reply = asyncio.run(run())
    assert reply.answered
    assert failed_outcomes(reply) == (Outcome.ERROR,)


@pytest.mark.parametrize("make", [http, openai], ids=["http", "openai"])
def test_a_drip_does_not_keep_the_clock_from_running_out(raw: Any, make: Any) -> None:
    """A byte now and then keeps a socket alive and a patient waiting: the whole answer counts."""

    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write((HEAD if make is http else SSE) + b"Content-Length: 1000000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b" " if make is http else b":\n")
            await writer.drain()
            await asyncio.sleep(0.005)

    async def run() -> Reply:
        async with raw(drip) as url:
            return await ask(make(url), timeout_s=0.2)

    reply = asyncio.run(run())
    assert reply.outcome is Outcome.TIMEOUT


def test_hanging_up_within_tls(raw: Any, authority: Any) -> None:
    """Cut between head and body, the sentence speaks of the connection, not of certificates."""
    cut = HEAD + b"Content-Length: 100\r\n\r\n"
    reply = exchange(
        raw,
        cut,
        make=lambda url: http(url, tls={"verify": False}),
        ssl=authority.server_context(),
    )
    assert reply.outcome is Outcome.ERROR
    assert any(words in str(reply.error) for words in ("broke off", "lost the connection"))


@pytest.mark.parametrize(
    ("sent", "outcome", "words"),
    [
        (PIECE, Outcome.ERROR, "before its end mark"),
        (b"", Outcome.ERROR, "before its end mark"),
        (PIECE + b"data: {", Outcome.ERROR, "before its end mark"),
        (PIECE + b"data: {\n\n", Outcome.UNPARSABLE, "not JSON"),
        (PIECE + b"data: 5\n\n", Outcome.UNPARSABLE, "no keys: it is a number"),
        (PIECE + b'data: {"choices":[7]}\n\n', Outcome.UNPARSABLE, "no object"),
        (PIECE + b'data: {"error":{"message":"secret"}}\n\n', Outcome.ERROR, "reports an error"),
    ],
)
def test_a_stream_that_ends_early(raw: Any, sent: bytes, outcome: Outcome, words: str) -> None:
    """Half a sentence is not what the system wanted to say; a cut stream is never an answer."""
    head = SSE + b"Connection: close\r\n\r\n"
    reply = exchange(raw, head, sent, make=openai)
    assert reply.outcome is outcome
    assert words in str(reply.error)
    assert "secret" not in str(reply.error)


def test_a_chunked_stream_that_is_cut(raw: Any) -> None:
    """With chunked encoding the cut shows in the transport."""
    chunk = b"%x\r\n%s\r\n" % (len(PIECE), PIECE)
    reply = exchange(raw, SSE + b"Transfer-Encoding: chunked\r\n\r\n" + chunk, make=openai)
    assert reply.outcome is Outcome.ERROR
    assert "broke off" in str(reply.error)
