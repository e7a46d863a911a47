"""Talking to a lab from another process, over a socket that only its owner can open.

One JSON object a line each way: {"do": "restore"} or {"do": "status"}; the answer has `ok`, and
`error` where it is false.
"""

from __future__ import annotations

import json
import socket
import socketserver
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from clinigate.errors import ClinigateError, TargetError

__all__ = ["LabControl", "tell_lab"]

#: A standby is rebuilt meanwhile.
_ANSWER_WITHIN_S = 120.0


class LabControl:
    """Answers orders in threads for as long as the context is open."""

    def __init__(self, path: Path, orders: Mapping[str, Callable[[], Mapping[str, Any]]]) -> None:
        """Listen on the Unix socket `path`; `orders` are the functions by their name."""
        self._path = path
        self._server = _Server(str(path), _Handler)
        self._server.orders = orders
        path.chmod(0o600)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="clinigate-lab", daemon=True
        )

    def __enter__(self) -> LabControl:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._path.unlink(missing_ok=True)
        self._thread.join()


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    orders: Mapping[str, Callable[[], Mapping[str, Any]]]


class _Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        assert isinstance(self.server, _Server)
        with suppress(ConnectionError):
            for line in self.rfile:
                self.wfile.write(json.dumps(_obey(self.server.orders, line)).encode() + b"\n")


def _obey(orders: Mapping[str, Callable[[], Mapping[str, Any]]], line: bytes) -> Mapping[str, Any]:
    try:
        order = orders[json.loads(line)["do"]]
    except (ValueError, LookupError, TypeError):
        return {"ok": False, "error": f"lab: an order is one of {', '.join(orders)}"}
    try:
        return {"ok": True, **order()}
    except (ClinigateError, OSError) as error:
        return {"ok": False, "error": str(error)}


def tell_lab(path: Path, order: str) -> dict[str, Any] | None:
    """Give the lab behind `path` an order; its answer, or None where the lab is gone.

    Raises:
        TargetError: it could not do what it was told, or did not answer in time.
    """
    try:
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(_ANSWER_WITHIN_S)
            link.connect(str(path))
            link.sendall(json.dumps({"do": order}).encode() + b"\n")
            with link.makefile("rb") as answers:
                line = answers.readline()
    except (FileNotFoundError, ConnectionError):
        return None
    except OSError as error:
        raise TargetError(f"lab: no answer to {order!r}: {error}") from error
    if not line:
        return None
    said: dict[str, Any] = json.loads(line)
    if not said["ok"]:
        raise TargetError(str(said["error"]))
    return said
