"""Where an accepted connection goes on to."""

from __future__ import annotations

import asyncio
import socket
import struct

from clinigate.chaos.proxy.address import Address

__all__ = ["connect", "original_destination"]

#: Of `linux/netfilter_ipv4.h`; Python names neither.
_SO_ORIGINAL_DST = 80
_SO_MARK = 36
_SOCKADDR_IN = struct.Struct("!2xH4s8x")


async def connect(address: Address, *, mark: int | None = None) -> socket.socket:
    """Return a socket that is connected to `address`; its packets carry `mark` (root only).

    Raises:
        OSError: as the upstream, or the way there, refuses.
    """
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    family, kind, protocol, _, place = found[0]
    upstream = socket.socket(family, kind, protocol)
    try:
        upstream.setblocking(False)
        if mark is not None:
            upstream.setsockopt(socket.SOL_SOCKET, _SO_MARK, mark)
        await loop.sock_connect(upstream, place)
    except BaseException:
        upstream.close()
        raise
    return upstream


def original_destination(client: socket.socket) -> Address:
    """Return where the client wanted to go before a redirect brought it here (IPv4).

    Raises:
        OSError: nothing redirected it.
    """
    port, host = _SOCKADDR_IN.unpack(client.getsockopt(socket.SOL_IP, _SO_ORIGINAL_DST, 16))
    return Address(socket.inet_ntoa(host), port)
