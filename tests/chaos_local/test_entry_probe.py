"""The entry's probe tells good answers from bad ones, and leaves nothing open behind it."""

from __future__ import annotations

import asyncio
import gc
import socket
import warnings
from pathlib import Path

import pytest

from clinigate.chaos.drivers.local_topology import EntryPoint, Request
from clinigate.chaos.probes.entry import Asker, EntryProbe, NoAnswerError
from clinigate.errors import ConfigError


async def served(status: bytes, entry: Request) -> str:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.readuntil(b"\r\n\r\n")
        # Whoever follows a redirection is answered well.
        shown = b"200" if b"/login" in asked else status
        head = b"HTTP/1.1 " + shown + b" x\r\nContent-Length: 0\r\n"
        writer.write(head + (b"Location: /login\r\n\r\n" if shown == b"302" else b"\r\n"))
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        probe = EntryProbe(EntryPoint(url=url, request=entry))
        try:
            return await probe(1)
        finally:
            await probe.aclose()


@pytest.mark.parametrize(
    ("status", "good", "outcome"),
    [
        (b"200", (200,), "ok"),
        (b"503", (200,), "http-503"),
        (b"302", (200,), "http-302"),
        (b"204", (200, 204), "ok"),
        (b"200", (204,), "http-200"),
    ],
)
def test_an_answer_is_good_by_its_status_alone(status, good, outcome):
    asked = Request(method="GET", path="/health", body=None, good=good)
    assert asyncio.run(served(status, asked)) == outcome


def test_no_answer_is_named_by_its_error():
    async def ask() -> str:
        probe = EntryProbe(EntryPoint(url="http://127.0.0.1:1"))
        try:
            return await probe(1)
        finally:
            await probe.aclose()

    assert asyncio.run(ask()) == "ClientConnectorError"


def test_connections_given_up_in_their_handshake_do_not_outlive_the_loop():
    """Accepted by the kernel, never answered: as by a frozen process."""

    async def give_up(url: str) -> None:
        async with Asker(EntryPoint(url=url)) as asker:
            for _ in range(3):
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.02):
                        await asker.request("GET", "/")

    with socket.create_server(("127.0.0.1", 0)) as silent, warnings.catch_warnings():
        warnings.simplefilter("error")
        asyncio.run(give_up(f"https://127.0.0.1:{silent.getsockname()[1]}"))
        gc.collect()


def test_an_answer_that_breaks_off_is_no_answer():
    async def ask() -> None:
        async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 x\r\nContent-Length: 10\r\n\r\nhalf")
            writer.close()

        async with await asyncio.start_server(cut, "127.0.0.1", 0) as server:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            async with Asker(EntryPoint(url=url)) as asker:
                with pytest.raises(NoAnswerError, match="ClientPayloadError"):
                    await asker.request("GET", "/")

    asyncio.run(ask())


def test_a_certificate_that_cannot_be_read_is_said_by_name(tmp_path: Path):
    with pytest.raises(ConfigError, match=r"ca_file .* cannot be read"):
        EntryProbe(EntryPoint(url="https://127.0.0.1:1", ca_file=tmp_path / "none.pem"))


def test_the_tokens_file_counts_before_the_variable(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("CLINIGATE_SOME_TOKEN", "of another system")
    file = tmp_path / "token"
    file.write_text("of this one\n")
    entry = EntryPoint(url="http://x", token_file=file, token_env="CLINIGATE_SOME_TOKEN")
    assert Asker(entry)._token == "of this one"
    file.unlink()
    assert Asker(entry)._token == "of another system"
