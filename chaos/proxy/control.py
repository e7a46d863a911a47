"""Telling a proxy what to do: its side, and the side of who tells it."""

from __future__ import annotations

import asyncio
import json
import socket
from typing import Any

from clinigate.chaos.proxy.address import Address
from clinigate.chaos.proxy.commands import parse
from clinigate.chaos.proxy.relay import Relay
from clinigate.errors import TargetError, UsageError

__all__ = ["serve", "tell"]

_LONGEST_LINE = 4096


async def serve(address: Address, relay: Relay) -> asyncio.Server:
    """Answer commands on `address`, one JSON object a line, with one JSON object a line.

    Raises:
        UsageError: the address can be reached from other machines, or cannot be listened on.
    """
    if not address.is_loopback:
        raise UsageError(f"proxy: control is {address}, it must be an address of the loopback")

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                writer.write(json.dumps(await _obey(relay, line)).encode() + b"\n")
                await writer.drain()
        except (ConnectionError, ValueError):
            # Gone, or a line beyond all measure: there is no one to answer.
            pass
        finally:
            writer.close()

    try:
        return await asyncio.start_server(answer, address.host, address.port, limit=_LONGEST_LINE)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(f"proxy: cannot listen on {address}: {reason}") from error


async def _obey(relay: Relay, line: bytes) -> dict[str, Any]:
    try:
        return {"ok": True, **await relay.obey(parse(line))}
    except UsageError as error:
        return {"ok": False, "error": str(error)}


def tell(control: Address, command: dict[str, Any], *, timeout_s: float = 5.0) -> dict[str, Any]:
    """Send one command to the proxy at `control` and return what stands then.

    Raises:
        TargetError: there is no proxy, or it does not answer as one.
        UsageError: it refused the command; the message has its words.
    """
    try:
        with socket.create_connection((control.host, control.port), timeout_s) as link:
            link.sendall(json.dumps(command).encode() + b"\n")
            with link.makefile("rb") as answers:
                said = json.loads(answers.readline(_LONGEST_LINE))
    except (OSError, ValueError) as error:
        raise TargetError(
            f"proxy at {control}: no answer to {command['fault']}: {error}"
        ) from error
    if not isinstance(said, dict) or "ok" not in said:
        raise TargetError(f"proxy at {control}: what answers there is no chaos proxy")
    if not said["ok"]:
        raise UsageError(str(said.get("error")))
    return said
