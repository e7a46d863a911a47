"""`python -m clinigate.chaos.proxy`: one link that can be made to fail on command."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path

from clinigate.chaos.proxy import control, divert
from clinigate.chaos.proxy.address import Address
from clinigate.chaos.proxy.commands import Inject, parse
from clinigate.chaos.proxy.relay import Relay, bound
from clinigate.chaos.proxy.upstream import connect, original_destination
from clinigate.errors import ClinigateError, UsageError

_ANY_PORT = "127.0.0.1:0"
_IDLE_CHECK_S = 0.5


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m clinigate.chaos.proxy",
        description="Pass TCP connections on, and fail as the control address is told to. Prints "
        'one line of JSON when ready: {"listen": …, "control": …, "pid": …}.',
    )
    parser.add_argument("--listen", default=_ANY_PORT, help="host:port for clients; port 0: any")
    parser.add_argument("--control", default=_ANY_PORT, help="host:port of the loopback")
    goes = parser.add_mutually_exclusive_group(required=True)
    goes.add_argument("--upstream", help="host:port that connections go on to")
    goes.add_argument(
        "--divert", help="host:port whose new connections are led through here (root only)"
    )
    parser.add_argument("--fault", help="command to begin with; with --divert it is required")
    parser.add_argument(
        "--ready-file",
        type=Path,
        help="write the ready line here, too, and go on in a session of its own",
    )
    parser.add_argument(
        "--exit-with-stdin", action="store_true", help="end when standard input closes"
    )
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Run until a signal, the end of standard input, or the end of the fault of `--divert`."""
    options = _options(sys.argv[1:] if arguments is None else arguments)
    try:
        asyncio.run(_run(options))
    except ClinigateError as error:
        sys.stderr.write(f"{error}\n")
        return 4
    return 0


async def _run(options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    _stop_on_signals(stop.set)
    if options.exit_with_stdin:
        asyncio.get_running_loop().add_reader(sys.stdin, _stop_at_end, stop.set)
    if options.divert is None:
        await _forward(options, stop)
    else:
        await _divert(options, stop)


async def _forward(options: argparse.Namespace, stop: asyncio.Event) -> None:
    upstream = Address.parse(options.upstream, "--upstream")

    async def onward(_: socket.socket) -> socket.socket:
        return await connect(upstream)

    relay = Relay(bound(Address.parse(options.listen, "--listen")), onward)
    relay.start()
    if options.fault is not None:
        await relay.obey(parse(options.fault))
    await _serve(options, relay, stop)


async def _divert(options: argparse.Namespace, stop: asyncio.Event) -> None:
    address = Address.parse(options.divert, "--divert")
    reason = divert.missing()
    if reason is not None:
        raise UsageError(reason)
    fault = None if options.fault is None else parse(options.fault)
    if not isinstance(fault, Inject):
        raise UsageError("--divert needs a --fault with a ttl_s, since it lasts as long as that")

    async def onward(client: socket.socket) -> socket.socket:
        return await connect(original_destination(client), mark=divert.MARK)

    relay = Relay(bound(Address.parse(options.listen, "--listen")), onward)
    relay.start()
    await relay.obey(fault)
    divert.begin(address, through_port=relay.listens_on.port, ttl_s=fault.ttl_s)
    idle = asyncio.ensure_future(_when_over(relay, address, stop.set))
    try:
        await _serve(options, relay, stop)
    finally:
        idle.cancel()
        divert.end(address)


async def _when_over(relay: Relay, address: Address, stop: Callable[[], None]) -> None:
    """Stop when the fault has ended and no connection that it led here is left."""
    while relay.link.kind is not None:
        await asyncio.sleep(_IDLE_CHECK_S)
    divert.end(address)
    while relay.connections:
        await asyncio.sleep(_IDLE_CHECK_S)
    stop()


async def _serve(options: argparse.Namespace, relay: Relay, stop: asyncio.Event) -> None:
    server = await control.serve(Address.parse(options.control, "--control"), relay)
    try:
        _say_ready(options, relay, server)
        await stop.wait()
    finally:
        server.close()
        await relay.close()


def _say_ready(options: argparse.Namespace, relay: Relay, server: asyncio.Server) -> None:
    host, port = server.sockets[0].getsockname()[:2]
    ready = {
        "listen": str(relay.listens_on),
        "control": str(Address(host, port)),
        "pid": os.getpid(),
    }
    line = json.dumps(ready) + "\n"
    if options.ready_file is not None:
        with contextlib.suppress(PermissionError):  # it leads a group of its own already
            os.setsid()
        half = options.ready_file.with_suffix(".part")
        half.write_text(line, encoding="utf-8")
        half.replace(options.ready_file)
    sys.stdout.write(line)
    sys.stdout.flush()


def _stop_on_signals(stop: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)


def _stop_at_end(stop: Callable[[], None]) -> None:
    with contextlib.suppress(OSError):
        if os.read(sys.stdin.fileno(), 4096):
            return
    stop()


if __name__ == "__main__":
    raise SystemExit(main())
