"""A transparent proxy delays clients that know nothing of it, and the kernel ends it by itself.

Each test runs in a network namespace of its own, so that no rule touches this machine's network.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from clinigate.chaos.proxy import divert
from clinigate.chaos.proxy.address import Address

needs_root = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("nft") is None or shutil.which("unshare") is None,
    reason="a network namespace of its own needs root, unshare and nft",
)

_PRELUDE = """
import json, os, signal, socket, socketserver, subprocess, sys, threading, time
from clinigate.chaos.proxy import divert
from clinigate.chaos.proxy.address import Address

subprocess.run(["ip", "link", "set", "lo", "up"], check=True)

class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        while piece := self.request.recv(100):
            self.request.sendall(piece)

server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Echo)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
address = Address(*server.server_address)

def round_trip():
    with socket.create_connection(server.server_address, 10) as link:
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        asked = time.monotonic()
        link.sendall(b"ping")
        assert link.recv(4) == b"ping"
        return time.monotonic() - asked

def start(ttl_s):
    fault = json.dumps({"fault": "latency", "delay_s": 0.1, "ttl_s": ttl_s})
    proxy = subprocess.Popen(
        [sys.executable, "-m", "clinigate.chaos.proxy", "--divert", str(address), "--fault", fault],
        stdout=subprocess.PIPE,
    )
    json.loads(proxy.stdout.readline())
    return proxy

def wait_until(condition):
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
"""


def check_in_own_network(script: str) -> None:
    done = subprocess.run(
        ["unshare", "--net", sys.executable, "-c", _PRELUDE + script],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@needs_root
def test_a_diverted_connection_is_late_and_the_proxy_ends_with_its_fault():
    check_in_own_network("""
proxy = start(ttl_s=1)
assert divert.stands(address)
assert round_trip() >= 0.1
assert proxy.wait(10) == 0
assert not divert.stands(address)
round_trip()
""")


@needs_root
def test_after_a_kill_of_the_proxy_the_kernel_leads_connections_straight_again():
    check_in_own_network("""
proxy = start(ttl_s=1)
assert round_trip() >= 0.1
proxy.send_signal(signal.SIGKILL)
proxy.wait()
wait_until(lambda: not divert.stands(address))
round_trip()
divert.end(address)
divert.end(address)
""")


@needs_root
def test_a_terminated_proxy_takes_its_rules_along():
    check_in_own_network("""
proxy = start(ttl_s=60)
proxy.terminate()
assert proxy.wait(10) == 0
assert not divert.stands(address)
""")


@needs_root
def test_a_link_without_a_proxy_is_broken_by_one_that_is_put_in_its_way(tmp_path):
    check_in_own_network(f"""
from clinigate.chaos.drivers.base import DriverOptions
from clinigate.chaos.drivers.local import connect
from clinigate.chaos.faults import link
from clinigate.chaos.model import FaultSpec, TargetSpec

path = {str(tmp_path / "topology.json")!r}
with open(path, "w") as file:
    json.dump({{
        "schema": "clinigate.topology/1", "name": "s", "environment": "local",
        "entry": {{"url": "https://127.0.0.1:1"}},
        "links": [{{"name": "api-db", "upstream": str(address)}}],
    }}, file)
driver = connect(DriverOptions(topology=path))
fault = FaultSpec("link.latency", TargetSpec({{"kind": "link"}}), 30.0, {{"delay": "100ms"}})
victims = driver.resolve({{"kind": "link"}})
(step,) = driver.undo_steps(fault, victims)
started = []
class Watched(subprocess.Popen):
    def __init__(self, command, **how):
        super().__init__(command, **how)
        if "--divert" in command:
            started.append((self.pid, os.getpgid(self.pid)))
subprocess.Popen = Watched
driver.inject(fault, victims)
((pid, group),) = started
assert group == os.getpgid(0), "who ends the injection before it is ready must end it too"
assert os.getsid(pid) == pid != os.getsid(0), "afterwards it outlives who injected"
assert not link.straight(step.args)
assert round_trip() >= 0.1
link.undivert(step.args)
link.undivert(step.args)
assert link.straight(step.args)
round_trip()
""")


def test_without_root_the_reason_says_so(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert "needs root" in str(divert.missing())


def test_without_nft_the_reason_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "needs the program nft" in str(divert.missing())


def test_the_table_of_an_address_has_the_same_name_everywhere():
    assert divert.table_of(Address("127.0.0.1", 5432)) == divert.table_of(
        Address.parse("127.0.0.1:5432")
    )
