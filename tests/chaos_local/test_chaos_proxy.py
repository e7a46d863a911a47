"""A link fails exactly as it is told, mends itself after its ttl, and is else a plain wire."""

from __future__ import annotations

import contextlib
import json
import math
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from clinigate.chaos.proxy import control
from clinigate.chaos.proxy.address import Address
from clinigate.chaos.proxy.commands import Clear, Inject, Kind, Status, parse
from clinigate.errors import TargetError, UsageError


@pytest.fixture(autouse=True)
def _whole_link(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "proxy" in request.fixturenames:
        request.getfixturevalue("proxy").tell("clear")


def exchange(link: socket.socket, said: bytes = b"ping") -> bytes:
    link.sendall(said)
    heard = b""
    while len(heard) < len(said):
        piece = link.recv(65536)
        if not piece:
            break
        heard += piece
    return heard


def test_a_whole_link_passes_every_byte_in_order_and_the_end_as_an_end(proxy):
    said = bytes(range(256)) * 8192
    with proxy.connect() as link:
        writer = threading.Thread(target=lambda: (link.sendall(said), link.shutdown(1)))
        writer.start()
        heard = b"".join(iter(lambda: link.recv(65536), b""))
        writer.join()
    assert heard == said


def test_latency_makes_a_question_with_its_answer_late_by_the_delay_and_ends_by_itself(proxy):
    with proxy.connect() as link:
        exchange(link)
        proxy.tell("latency", delay_s=0.1, ttl_s=0.5)
        asked = time.monotonic()
        assert exchange(link) == b"ping"
        assert time.monotonic() - asked >= 0.1
        assert wait_until_clear(proxy)
        assert exchange(link) == b"ping"


def test_latency_delays_every_piece_and_keeps_their_order(proxy):
    proxy.tell("latency", delay_s=0.2, jitter_s=0.01, direction="both", ttl_s=30)
    with proxy.connect() as link:
        asked = time.monotonic()
        for number in range(20):
            link.sendall(bytes([number]))
            time.sleep(0.002)  # so that pieces are not glued together
        heard = b""
        while len(heard) < 20:
            heard += link.recv(100)
    assert heard == bytes(range(20))
    assert time.monotonic() - asked >= 0.4


def test_a_black_hole_keeps_bytes_and_new_connections_waiting_and_then_delivers_them(proxy):
    with proxy.connect() as standing:
        exchange(standing)
        proxy.tell("blackhole", ttl_s=30)
        standing.settimeout(0.2)
        standing.sendall(b"held")
        with pytest.raises(TimeoutError):
            standing.recv(4)
        with proxy.connect(0.2) as fresh:
            fresh.sendall(b"new")
            with pytest.raises(TimeoutError):
                fresh.recv(3)
            proxy.tell("clear")
            for link, said in ((standing, b"held"), (fresh, b"new")):
                link.settimeout(10)
                assert link.recv(100) == said


def test_refuse_refuses_new_connections_resets_standing_ones_and_comes_back(proxy):
    with proxy.connect() as standing:
        exchange(standing)
        proxy.tell("refuse", ttl_s=30)
        with pytest.raises(ConnectionResetError):
            standing.recv(1)
    with pytest.raises(ConnectionRefusedError):
        proxy.connect()
    proxy.tell("clear")
    with proxy.connect() as link:
        assert exchange(link) == b"ping"


def test_a_refusal_ends_by_itself(proxy):
    proxy.tell("refuse", ttl_s=0.05)
    assert wait_until_clear(proxy)
    with proxy.connect() as link:
        assert exchange(link) == b"ping"


def test_reset_accepts_and_resets(proxy):
    proxy.tell("reset", ttl_s=30)
    for _ in range(3):
        with pytest.raises(ConnectionResetError), proxy.connect() as link:
            link.recv(1)


def test_one_fault_follows_another_and_status_says_which_stands(proxy):
    for fault in ("refuse", "blackhole", "reset", "refuse"):
        assert proxy.tell(fault, ttl_s=30)["fault"] == fault
        status = proxy.tell("status")
        assert (status["fault"], 0 < status["clears_in_s"] <= 30) == (fault, True)
    assert proxy.tell("clear")["fault"] is None
    assert proxy.tell("status")["clears_in_s"] is None


def test_an_upstream_that_refuses_resets_the_client(running_proxy):
    with (
        running_proxy("--upstream", "127.0.0.1:1") as nowhere,
        pytest.raises(ConnectionResetError),
        nowhere.connect() as link,
    ):
        link.recv(1)


def test_tls_passes_through_untouched(running_proxy):
    authority = trustme.CA()
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(served)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        upstream = f"127.0.0.1:{listening.getsockname()[1]}"
        with running_proxy("--upstream", upstream) as proxy:
            threading.Thread(target=answer_tls_once, args=(listening, served)).start()
            with (
                proxy.connect() as raw,
                trusting.wrap_socket(raw, server_hostname="127.0.0.1") as link,
            ):
                assert exchange(link) == b"ping"


def answer_tls_once(listening: socket.socket, context: ssl.SSLContext) -> None:
    client, _ = listening.accept()
    with context.wrap_socket(client, server_side=True) as link:
        link.sendall(link.recv(100))
        with contextlib.suppress(OSError):
            link.recv(1)


def wait_until_clear(proxy, deadline_s: float = 10.0) -> bool:
    deadline = time.monotonic() + deadline_s
    while proxy.tell("status")["fault"] is not None:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("", "one JSON object"),
        ("[]", "one JSON object"),
        ("[" * 100_000, "one JSON object"),
        ("{}", "fault must be one of"),
        ('{"fault": []}', "fault must be one of"),
        ('{"fault": "melt"}', "latency, blackhole, refuse, reset, clear, status"),
        ('{"fault": "reset"}', "ttl_s must be a number"),
        ('{"fault": "reset", "ttl_s": 0}', "ttl_s must be above 0"),
        ('{"fault": "reset", "ttl_s": -1}', "ttl_s must be a number"),
        ('{"fault": "reset", "ttl_s": NaN}', "ttl_s must be a number"),
        ('{"fault": "reset", "ttl_s": 1e99}', "from 0 to 3600"),
        ('{"fault": "reset", "ttl_s": true}', "ttl_s must be a number"),
        ('{"fault": "reset", "ttl_s": 1, "delay_s": 1}', "no field 'delay_s'"),
        ('{"fault": "latency", "ttl_s": 1}', "delay_s must be a number"),
        ('{"fault": "latency", "ttl_s": 1, "delay_s": 1, "direction": "left"}', "up, down or both"),
    ],
)
def test_a_command_that_cannot_be_meant_is_refused_by_name(command, says):
    with pytest.raises(UsageError, match=says):
        parse(command)


@given(st.floats(0.001, 3600), st.floats(0, 60))
def test_a_command_reads_back_as_it_was_meant(ttl_s, delay_s):
    told = {"fault": "latency", "ttl_s": ttl_s, "delay_s": delay_s}
    read = parse(json.dumps(told))
    assert read == Inject(Kind.LATENCY, ttl_s, delay_s=delay_s)
    assert not math.isnan(read.ttl_s)
    assert (parse('{"fault": "clear"}'), parse('{"fault": "status"}')) == (Clear(), Status())


@given(st.binary(max_size=200) | st.text(max_size=200))
def test_whatever_is_said_is_a_command_or_refused(line):
    with contextlib.suppress(UsageError):
        parse(line)


def test_a_refused_command_leaves_the_link_as_it_was(proxy):
    with pytest.raises(UsageError, match="ttl_s"):
        proxy.tell("blackhole")
    with proxy.connect() as link:
        assert exchange(link) == b"ping"


def test_who_tells_nobody_hears_so():
    with pytest.raises(TargetError, match=r"proxy at 127\.0\.0\.1:1: no answer to status"):
        control.tell(Address("127.0.0.1", 1), {"fault": "status"})


def test_who_tells_something_else_hears_so(echo):
    with pytest.raises(TargetError, match="no chaos proxy"):
        control.tell(echo, {"fault": "status"})


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--upstream", "nowhere"], "--upstream: got 'nowhere', wanted host:port"),
        (["--upstream", "127.0.0.1:99999"], "wanted host:port"),
        (["--upstream", "127.0.0.1:1", "--control", "0.0.0.0:0"], "an address of the loopback"),
        (["--upstream", "127.0.0.1:1", "--listen", "203.0.113.1:1"], "cannot listen on 203"),
        (["--upstream", "127.0.0.1:1", "--fault", "{}"], "fault must be one of"),
        (["--divert", "127.0.0.1:1"], "root|--fault"),
    ],
)
def test_options_that_cannot_be_meant_end_with_one_sentence(options, says):
    done = subprocess.run(
        [sys.executable, "-P", "-m", "clinigate.chaos.proxy", *options],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert done.returncode == 4
    assert done.stderr.count("\n") == 1
    assert any(part in done.stderr for part in says.split("|"))


@pytest.mark.parametrize("text", ["127.0.0.1:5432", "[::1]:80", "localhost:0"])
def test_an_address_prints_as_it_was_written(text):
    address = Address.parse(text)
    assert str(address) == text
    assert address.is_loopback


@pytest.mark.parametrize("text", ["", ":1", "::1:80", "[127.0.0.1]:80", "h:", "h:x", "h:²"])
def test_what_is_no_address_is_refused(text):
    with pytest.raises(UsageError, match="wanted host:port"):
        Address.parse(text)
