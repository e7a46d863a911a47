"""Listen, say where, and answer until somebody ends it."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from clinigate.config.portal import PortalTable
from clinigate.errors import UsageError

__all__ = ["listen", "serve"]

#: Answers under way at once; beyond it a request is told to come back.
_AT_ONCE = 32
_WAITING = 128


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens.

    Raises:
        UsageError: the address is none of this machine's, or the port is taken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(_WAITING)  # who is told the address may ask at once
    except (OSError, OverflowError) as error:
        listening.close()
        why = getattr(error, "strerror", None) or "no such address"
        raise UsageError(
            f"cannot listen on {host} port {port}: {why}; choose another with --port"
        ) from error
    return listening


def serve(
    app: ASGIApp,
    listening: socket.socket,
    table: PortalTable,
    base: Path,
    *,
    ready: Callable[[str], None],
) -> None:
    """Answer on a socket until the process is asked to end.

    Args:
        app: the portal.
        listening: where; it is closed at the end.
        table: certificate and key.
        base: what their paths are relative to.
        ready: told the portal's address before the first answer.

    Raises:
        UsageError: certificate or key cannot be read.
    """
    certificate = _tls_file(table.tls_certificate, base, "tls_certificate")
    key = _tls_file(table.tls_key, base, "tls_key")
    if (certificate is None) != (key is None):
        raise UsageError("[portal] tls_certificate and tls_key belong together; set both")
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        # What a client says of its own address or scheme is not believed.
        proxy_headers=False,
        server_header=False,
        ws="none",
        lifespan="off",
        limit_concurrency=_AT_ONCE,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=2,
        ssl_certfile=certificate,
        ssl_keyfile=key,
    )
    try:
        config.load()
    except OSError as error:
        raise UsageError(
            f"[portal] tls_certificate, tls_key: no certificate with its key: {error.strerror}"
        ) from error
    host, port = listening.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    ready(f"{'https' if certificate else 'http'}://{shown}:{port}/")
    uvicorn.Server(config).run(sockets=[listening])


def _tls_file(named: str | None, base: Path, field: str) -> str | None:
    if named is None:
        return None
    path = base / named
    if not path.is_file():
        raise UsageError(f"{path}: no such file ([portal] {field})")
    return str(path)
