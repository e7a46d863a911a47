"""What the tests of local chaos share: a proxy that runs, and an upstream that echoes."""

from __future__ import annotations

import contextlib
import json
import socket
import socketserver
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from clinigate.chaos.proxy.address import Address
from clinigate.chaos.proxy.control import tell

SUPPORT = Path(__file__).parent / "support"
if str(SUPPORT) not in sys.path:
    sys.path.insert(0, str(SUPPORT))

from local_fault_support import Local, running_elsewhere  # noqa: E402 - found by the line above


class _Echo(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        # An end that is cut is what some of the tests are about.
        with contextlib.suppress(ConnectionError):
            while piece := self.request.recv(65536):
                self.request.sendall(piece)


class _EchoServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


@pytest.fixture(scope="module")
def echo() -> Iterator[Address]:
    with _EchoServer(("127.0.0.1", 0), _Echo) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield Address("127.0.0.1", server.server_address[1])
        server.shutdown()


@dataclass(frozen=True)
class RunningProxy:
    listen: Address
    control: Address
    process: subprocess.Popen[bytes]

    def tell(self, fault: str, **fields: Any) -> dict[str, Any]:
        return tell(self.control, {"fault": fault, **fields})

    def connect(self, timeout_s: float = 10.0) -> socket.socket:
        return socket.create_connection((self.listen.host, self.listen.port), timeout_s)


@contextlib.contextmanager
def _running_proxy(*options: str) -> Iterator[RunningProxy]:
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "clinigate.chaos.proxy", "--exit-with-stdin", *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        ready = json.loads(process.stdout.readline())
        yield RunningProxy(Address.parse(ready["listen"]), Address.parse(ready["control"]), process)
        process.stdin.close()
    assert process.returncode == 0


@pytest.fixture(scope="session")
def running_proxy() -> Callable[..., contextlib.AbstractContextManager[RunningProxy]]:
    return _running_proxy


@pytest.fixture(scope="module")
def proxy(echo: Address) -> Iterator[RunningProxy]:
    with _running_proxy("--upstream", str(echo)) as running:
        yield running


@pytest.fixture(scope="session")
def another_process() -> Iterator[None]:
    with running_elsewhere():
        yield


@pytest.fixture
def local(tmp_path: Path, another_process: None) -> Iterator[Local]:
    """A local system without parts, whose faults are undone by another process."""
    made = Local(tmp_path)
    made.write()
    yield made
    for process in made.running:
        process.kill()
        process.communicate()
