"""A service is timed from outside: on schedule whatever it does, and silence costs the limit."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from clinigate.cli.app import run
from clinigate.config.loader import load_config
from clinigate.core.target import Capability, Outcome, Reply
from clinigate.errors import TargetError
from clinigate.gpu_bench.ai import remote
from clinigate.gpu_bench.ai.criteria import OFFLINE_THROUGHPUT, SERVER_P99, SINGLE_P99, Limits
from clinigate.gpu_bench.ai.options import AiOptions
from clinigate.gpu_bench.ai.prepare import AiRequest, prepared
from clinigate.gpu_bench.ai.remote import RemoteSubject

OPTIONS = AiOptions(limits=Limits(latency_s=0.5, throughput_rps=200.0), max_batch=4, longest_s=2.0)


class Service:
    """Answers after a while, in this process; knows how many it answers at once."""

    name = "service"

    def __init__(self, *capabilities: Capability, outcome=Outcome.ANSWERED, pause_s=0.0) -> None:
        self.capabilities = frozenset(capabilities)
        self.outcome, self.pause_s = outcome, pause_s
        self.asked: list[Capability] = []
        self.busy = self.busiest = 0
        self.closed = False

    async def ask(self, turns, *, capability, timeout_s, seed=None) -> Reply:
        self.asked.append(capability)
        self.busy += 1
        self.busiest = max(self.busiest, self.busy)
        await asyncio.sleep(self.pause_s)
        self.busy -= 1
        return Reply(self.outcome, 0.004, error="nobody is there")

    async def aclose(self) -> None:
        self.closed = True


def subject(service: Service, timeout_s: float = 30.0) -> RemoteSubject:
    return RemoteSubject(service, OPTIONS, timeout_s=timeout_s, host=lambda: None)


def test_each_scenario_asks_as_it_says() -> None:
    service = Service(Capability.CRISIS, Capability.CHAT, pause_s=0.001)
    with subject(service) as timed:
        assert timed.warm_up().median_s > 0
        assert timed.single_stream(5, 0).latencies == (0.004,) * 5
        assert service.busiest == 1
        offline = timed.offline(20, 0)
        assert service.busiest == 4
        assert len(offline.latencies) == 20
        server = timed.server(1000.0, 50, 0)
        assert len(server.latencies) == 50
        assert server.window_s == 0.05
    assert service.closed
    assert set(service.asked) == {Capability.CRISIS}


def test_arrivals_do_not_wait_for_answers() -> None:
    """A service that answers nobody before all have asked: a closed loop would never end."""
    service = Service(Capability.CHAT)
    everyone = asyncio.Event()

    async def ask(turns, *, capability, timeout_s, seed=None) -> Reply:
        service.asked.append(capability)
        if len(service.asked) == 30:
            everyone.set()
        await everyone.wait()
        return Reply(Outcome.ANSWERED, 0.0)

    service.ask = ask
    with subject(service) as timed:
        block = timed.server(500.0, 30, 0)
    assert len(block.latencies) == 30


@pytest.mark.parametrize("outcome", [Outcome.TIMEOUT, Outcome.THROTTLED, Outcome.ERROR])
def test_no_answer_took_the_whole_limit(outcome) -> None:
    service = Service(Capability.EMOTION, outcome=outcome)
    with subject(service, timeout_s=7.0) as timed:
        assert timed.single_stream(2, 0).latencies == (7.0, 7.0)
        assert timed.offline(2, 0).latencies == (7.0, 7.0)
        served = timed.server(1000.0, 2, 0)
        assert min(served.latencies) >= 7.0
        assert served.silent == 2


def test_whoever_was_turned_away_first_waited_from_then_on() -> None:
    """A target that waits out a throttling service tells the time of its last attempt alone."""
    service, time = Service(Capability.CHAT), iter(range(0, 1000, 2))

    async def ask(turns, *, capability, timeout_s, seed=None) -> Reply:
        return Reply(Outcome.ANSWERED, 0.004, attempts=2)

    service.ask = ask
    with subject(service) as timed:
        timed.now = lambda: float(next(time))
        assert timed.single_stream(3, 0).latencies == (2.0, 2.0, 2.0)


def test_a_service_that_does_not_answer_at_first_has_no_speed() -> None:
    timed = subject(Service(Capability.CHAT, outcome=Outcome.ERROR))
    with timed, pytest.raises(TargetError, match="no answer to the first queries"):
        timed.warm_up()


def test_a_service_that_offers_nothing_to_time_is_refused() -> None:
    with pytest.raises(TargetError, match="neither crisis, emotion nor chat"):
        subject(Service(Capability.AUDIT_LOG))


class Handler(BaseHTTPRequestHandler):
    """Says no to everything, in one segment; the first so many requests fail."""

    failing = 0

    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = json.dumps({"crisis": False}).encode()
        self.send_response(503 if Handler.failing > 0 else 200)
        Handler.failing -= 1
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def service() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def configure(folder: Path, service: str, more: str = "") -> None:
    (folder / "clinigate.toml").write_text(
        f'{more}[target]\nkind = "http"\nname = "planted"\nbase_url = "{service}"\n'
        '[target.crisis]\npath = "/crisis"\nrequest = {text = "{{text}}"}\n'
        'answer = {flag = "crisis"}\n'
    )


@pytest.mark.parametrize("limit", ["2s", "60s"])
def test_silence_cannot_be_in_time(limit, tmp_path, monkeypatch, capsys) -> None:
    """Each request of a dead service would count as two seconds, and so as fast enough."""
    configure(tmp_path, "http://127.0.0.1:1", more="[run]\ntimeout_s = 2\n")
    monkeypatch.chdir(tmp_path)
    assert run(["bench", "ai", "--target", f"--latency-threshold={limit}"]) == 4
    assert "must lie below [run] timeout_s, which is 2 s" in capsys.readouterr().err


def test_a_request_is_tried_once(service, tmp_path) -> None:
    """A second try would hide a failure behind the time of the one that worked."""
    configure(tmp_path, service)
    request = AiRequest(OPTIONS, remote=True)
    Handler.failing = 1
    with prepared(request, load_config(tmp_path / "clinigate.toml"), None) as bench:
        assert bench.subject.single_stream(2, 0).silent == 1


def test_the_configured_service_is_timed_over_http(service, tmp_path, monkeypatch, capsys) -> None:
    configure(tmp_path, service)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CLINIGATE_RUN", raising=False)
    monkeypatch.setattr(remote, "read_host", lambda: None)
    limits = ("--latency-threshold=20s", "--throughput-threshold=50rps")
    size = ("--blocks=5", "--queries=20", "--no-sweep", "--scenario-time=3s")
    code = run(["bench", "ai", "--target", *limits, *size])
    said = capsys.readouterr()
    assert "timing planted on remote" in said.out
    (sealed,) = (tmp_path / ".clinigate/runs").iterdir()
    verdicts = json.loads((sealed / "results.json").read_bytes())["verdicts"]
    found = {verdict["criterion"]: verdict["status"] for verdict in verdicts}
    assert set(found) == {SINGLE_P99, SERVER_P99, OFFLINE_THROUGHPUT}
    assert "at most 8 requests at one time, as [target.limits] says" in " ".join(said.out.split())
    assert code == 1
    assert found[SERVER_P99] == "INCONCLUSIVE"  # a hundred queries bound no p99 at 95%
    assert found[OFFLINE_THROUGHPUT] in ("PASS", "INCONCLUSIVE")  # by what else this host does
