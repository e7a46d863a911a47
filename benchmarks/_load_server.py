"""A small, quick HTTP service for `load_bench.py`, as a process of its own.

`python _load_server.py MODE` prints the port it listens on, then serves until its standard input
ends, and prints what only it can know as one line of JSON. Modes:

fast     a chat completion at once
stream   the first of 50 pieces after 200 ms, one every 20 ms after it; it notes when it sent them
stall    a completion after 5 ms, but frozen for 1 s in every 10 s; it notes when it was
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import time

FIRST_S, PIECES, GAP_S = 0.2, 50, 0.02
ANSWER_S, FREEZE_S, EVERY_S = 0.005, 1.0, 10.0

COMPLETION = json.dumps(
    {"choices": [{"index": 0, "message": {"role": "assistant", "content": "I see. " * 12}}]}
).encode()
WHOLE = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
    len(COMPLETION),
    COMPLETION,
)
STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
PIECE = b'data: {"choices": [{"delta": {"content": "word "}}]}\n\n'
DONE = b"data: [DONE]\n\n"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


class Connection(asyncio.Protocol):
    """One keep-alive connection; requests are asked one after the other."""

    def __init__(self, mode: str, noted: list[float]) -> None:
        self.mode = mode
        self.noted = noted
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end].lower()
            _, _, rest = head.partition(b"content-length:")
            length = int(rest.split(b"\r\n", 1)[0] or 0)
            if len(self.buffer) < end + 4 + length:
                return
            self.buffer = self.buffer[end + 4 + length :]
            self.answer()

    def answer(self) -> None:
        loop = asyncio.get_running_loop()
        if self.mode == "fast":
            self.transport.write(WHOLE)
        elif self.mode == "stall":
            loop.call_later(ANSWER_S, self.transport.write, WHOLE)
        else:
            self.speaking = loop.create_task(self.speak(time.monotonic()))

    async def speak(self, asked: float) -> None:
        self.transport.write(STREAM)
        for number in range(PIECES):
            await asyncio.sleep(max(0.0, asked + FIRST_S + number * GAP_S - time.monotonic()))
            if not number:
                self.noted.append(time.monotonic() - asked)
            self.transport.write(chunk(PIECE))
        self.transport.write(chunk(DONE) + b"0\r\n\r\n")


async def freeze(noted: list[float]) -> None:
    """Stand still for a second in the middle of every ten, by the clock of the wall."""
    while True:
        now = time.time()
        at = now - now % EVERY_S + EVERY_S / 2
        await asyncio.sleep((at if at > now else at + EVERY_S) - now)
        noted.append(time.time())
        time.sleep(FREEZE_S)
        noted.append(time.time())
        await asyncio.sleep(EVERY_S / 4)


async def serve(mode: str) -> list[float]:
    noted: list[float] = []
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(mode, noted), "127.0.0.1", 0, backlog=1024)
    freezing = loop.create_task(freeze(noted)) if mode == "stall" else None
    print(server.sockets[0].getsockname()[1], flush=True)
    ended = asyncio.Event()
    watch = threading.Thread(
        target=lambda: (sys.stdin.read(), loop.call_soon_threadsafe(ended.set)), daemon=True
    )
    watch.start()
    await ended.wait()
    if freezing is not None:
        freezing.cancel()
    return noted


if __name__ == "__main__":
    print(json.dumps(asyncio.run(serve(sys.argv[1]))), flush=True)
