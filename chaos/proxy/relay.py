"""The proxy itself: accepts, connects on, and passes bytes both ways as its link lets them."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable, Coroutine
from typing import Any

from clinigate.chaos.proxy.address import Address
from clinigate.chaos.proxy.commands import Clear, Command, Direction, Inject, Kind
from clinigate.chaos.proxy.link import Link
from clinigate.errors import UsageError

__all__ = ["Relay", "bound"]

_PIECE = 65536
#: Pieces under way in one direction; with more, the sender is made to wait.
_UNDER_WAY = 256
_BACKLOG = 512

Upstream = Callable[[socket.socket], Coroutine[Any, Any, socket.socket]]
_Queue = asyncio.Queue[tuple[float, bytes]]


def bound(address: Address) -> socket.socket:
    """Return a socket that holds `address` and does not listen, so that none else takes its port.

    Raises:
        UsageError: the address is taken, or none of this machine.
    """
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    holder = socket.socket(family, socket.SOCK_STREAM)
    try:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        holder.bind((address.host, address.port))
    except OSError as error:
        holder.close()
        raise UsageError(f"proxy: cannot listen on {address}: {error.strerror}") from error
    return holder


class Relay:
    """Passes the connections of one listening address on.

    A listener comes and goes with the fault `refuse`, while the holder keeps the port. `upstream`
    gives a connected socket for an accepted one.
    """

    def __init__(self, holder: socket.socket, upstream: Upstream) -> None:
        self._holder = holder
        self._upstream = upstream
        self._accepting: asyncio.Task[None] | None = None
        self._pairs: dict[asyncio.Task[None], list[socket.socket]] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._passed = 0
        self.link = Link(self._changed)

    @property
    def listens_on(self) -> Address:
        """The address that clients connect to."""
        host, port = self._holder.getsockname()[:2]
        return Address(host, port)

    @property
    def connections(self) -> int:
        """Number of connections that stand or are being made."""
        return len(self._pairs)

    def start(self) -> None:
        """Begin to accept."""
        listener = bound(self.listens_on)
        listener.setblocking(False)
        listener.listen(_BACKLOG)
        self._accepting = asyncio.ensure_future(self._accept(listener))

    async def obey(self, command: Command) -> dict[str, Any]:
        """Carry `command` out, and return what stands when its effect is there."""
        match command:
            case Inject():
                self.link.inject(command)
            case Clear():
                self.link.clear()
        await self._settle()
        left = self.link.clears_in_s
        return {
            "fault": self.link.kind,
            "clears_in_s": None if left is None else round(left, 3),
            "connections": self.connections,
            "bytes": self._passed,
        }

    async def close(self) -> None:
        """Stop accepting and cut what stands."""
        self._stop_accepting()
        self._cut_all()
        await self._settle()
        self._holder.close()

    async def _settle(self) -> None:
        if self._ending:
            await asyncio.wait(self._ending)

    def _changed(self, kind: Kind | None) -> None:
        if kind in (Kind.REFUSE, Kind.RESET):
            self._cut_all()
        if kind is Kind.REFUSE:
            self._stop_accepting()
        elif self._accepting is None:
            self.start()

    def _stop_accepting(self) -> None:
        if self._accepting is not None:
            self._end(self._accepting)
            self._accepting = None

    def _cut_all(self) -> None:
        for task, ends in self._pairs.items():
            for end in ends:
                _arm_reset(end)
            self._end(task)

    def _end(self, task: asyncio.Task[None]) -> None:
        task.cancel()
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        # Closed only when nothing waits on it: the loop would mistake a socket of the same number.
        with listener:
            while True:
                client, _ = await loop.sock_accept(listener)
                client.setblocking(False)
                task = asyncio.ensure_future(self._serve([client]))
                self._pairs[task] = []
                task.add_done_callback(self._pairs.pop)

    async def _serve(self, ends: list[socket.socket]) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._pairs[task] = ends
        try:
            await self._connect_on(ends)
            await self._exchange(*ends)
        except* OSError:
            # One end was cut, or refused: cut the other as hard, lest it look like a proper end.
            for end in ends:
                _arm_reset(end)
        finally:
            for end in ends:
                end.close()

    async def _connect_on(self, ends: list[socket.socket]) -> None:
        if self.link.kind is Kind.RESET:
            raise ConnectionResetError
        await self.link.passable()
        ends.append(await self._upstream(ends[0]))
        for end in ends:
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    async def _exchange(self, client: socket.socket, server: socket.socket) -> None:
        async with asyncio.TaskGroup() as group:
            for source, sink, way in (
                (client, server, Direction.UP),
                (server, client, Direction.DOWN),
            ):
                queue: _Queue = asyncio.Queue(_UNDER_WAY)
                group.create_task(self._receive(source, queue, way))
                group.create_task(self._deliver(queue, sink))

    async def _receive(self, source: socket.socket, queue: _Queue, way: Direction) -> None:
        loop = asyncio.get_running_loop()
        piece = b"the first"
        while piece:
            piece = await loop.sock_recv(source, _PIECE)
            await queue.put((self.link.due(way), piece))

    async def _deliver(self, queue: _Queue, sink: socket.socket) -> None:
        """Pass on what the queue holds, each piece when it is due, and its end as an end."""
        loop = asyncio.get_running_loop()
        piece = b"the first"
        while piece:
            due, piece = await queue.get()
            wait = due - loop.time()
            if wait > 0:
                await asyncio.sleep(wait)
            await self.link.passable()
            if piece:
                await loop.sock_sendall(sink, piece)
                self._passed += len(piece)
        sink.shutdown(socket.SHUT_WR)


def _arm_reset(end: socket.socket) -> None:
    """Make the closing of `end` a reset."""
    with contextlib.suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
