"""The witness of the crisis path sees every way in which a disclosure can be let down."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from clinigate.chaos.drivers.base import Driver, DriverOptions, NotAvailableError, Witness
from clinigate.chaos.drivers.local import connect
from clinigate.chaos.drivers.local_topology import SCHEMA
from clinigate.chaos.model import Invariant
from clinigate.chaos.probes import disclosures
from clinigate.chaos.probes.disclosures import Disclosure
from clinigate.chaos.probes.entry import Reply
from clinigate.core.criterion import Criterion, Relation
from clinigate.core.measurement import Measurement
from clinigate.core.observation import Finding
from clinigate.core.verdict import Status
from clinigate.errors import ConfigError, TargetError
from clinigate.measure.timeline import Timeline

EVENTS = [
    "disclosure",
    "detection",
    "crisis.detected",
    "escalation.initiated",
    "escalation.acknowledged",
    "safety.resolved",
]


class Service(ThreadingHTTPServer):
    """A crisis path in a few lines; `spoil` changes every seventh answer or trace."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, spoil: Callable[[dict[str, Any]], Any]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.spoil = spoil
        self.disclosed: list[str] = []
        self.looked_up: dict[str, int] = {}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Service

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        trace = self.headers["traceparent"].split("-")[1]
        self.server.disclosed.append(trace)
        words = {"role": "assistant", "content": "Please call 988. I am here."}
        said: dict[str, Any] = {"choices": [{"message": words}], "safety": {"crisis": True}}
        self._answer(trace, "reply", said)

    def do_GET(self) -> None:
        trace = self.path.rpartition("/")[2]
        self.server.looked_up[trace] = self.server.looked_up.get(trace, 0) + 1
        events = [{"event": name, "at": number} for number, name in enumerate(EVENTS)]
        audit = [{"action": "crisis.resolve"}]
        said = {"trace": trace, "events": events, "audit": audit, "complete": True}
        self._answer(trace, "trace", said)

    def _answer(self, trace: str, what: str, said: dict[str, Any]) -> None:
        status = 200
        if self.server.disclosed.index(trace) % 7 == 3:
            said["_"] = (what, self.server.looked_up.get(trace, 0))
            spoilt = self.server.spoil(said)
            status = spoilt if isinstance(spoilt, int) else 200
            del said["_"]
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


def on(what: str, change: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, Any]], Any]:
    return lambda said: change(said) if said["_"][0] == what else None


def _words(said: dict[str, Any]) -> None:
    said["choices"][0]["message"]["content"] = "Cheer up."


def _swap(said: dict[str, Any]) -> None:
    said["events"][2]["at"], said["events"][3]["at"] = 9, 2


SPOILT = {
    "http-503": on("reply", lambda said: 503),
    "not-flagged": on("reply", lambda said: said["safety"].update(crisis=False)),
    "names-no-help": on("reply", _words),
}
BROKEN = {
    "no trace of it exists": on("trace", lambda said: 404),
    "could not be asked for: http-500": on("trace", lambda said: 500),
    "another trace": on("trace", lambda said: said.update(trace="0" * 32)),
    "escalation.acknowledged is missing": on("trace", lambda said: said["events"].pop(4)),
    "events are out of order": on("trace", _swap),
    "its trace cannot be read": on("trace", lambda said: said["events"].append({"at": 1})),
    "no audit row crisis.resolve": on("trace", lambda said: said["audit"].clear()),
}


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., tuple[Driver, Service]]]:
    running: list[Service] = []

    def start(spoil: Callable[[dict[str, Any]], Any] = lambda said: None) -> Any:
        service = Service(spoil)
        running.append(service)
        threading.Thread(target=service.serve_forever, args=(0.01,), daemon=True).start()
        topology = tmp_path / "topology.json"
        url = f"http://127.0.0.1:{service.server_address[1]}"
        said = {"schema": SCHEMA, "name": "s", "environment": "local", "entry": {"url": url}}
        topology.write_text(json.dumps(said))
        return connect(DriverOptions(topology=str(topology))), service

    yield start
    for service in running:
        service.shutdown()
        service.server_close()


def invariant(metric: str = "crisis_path", **parameters: Any) -> Invariant:
    quick = {"rate": "100/s", "settle": "1ms", **parameters}
    return Invariant("crisis-path", metric, success=1.0, parameters=quick)


def broken_at(at_s: float) -> Timeline:
    timeline = Timeline()
    timeline.mark("fault", at_s)
    return timeline


def watch(driver: Driver, asked: int = 20, **parameters: Any) -> dict[str, Any]:
    witness = driver.witness(invariant(**parameters))
    witness.start(1, broken_at(0.0))
    wait_for_counts(witness, asked)
    witness.stop()
    about = witness.report("chaos.x").about
    measured = {each.metric: each for each in about if isinstance(each, Measurement)}
    measured["findings"] = [each.message for each in about if isinstance(each, Finding)]  # type: ignore[assignment]
    return measured


def wait_for_counts(witness: Witness, asked: int) -> None:
    deadline = time.monotonic() + 10
    while witness.counts()[0] < asked:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def judged(measurement: Measurement, relation: Relation, limit: float) -> Status:
    name = measurement.metric
    criterion = Criterion(name, name, relation, limit, zero_tolerance=True, min_n=14)
    return criterion.judge(measurement).status


def test_a_path_that_lets_nobody_down_passes(serve):
    driver, service = serve()
    seen = watch(driver)
    replies, lost = seen["chaos.x.crisis_path"], seen["chaos.x.lost_escalations"]
    assert (replies.n, replies.events) == (len(service.disclosed), len(service.disclosed))
    assert (lost.n, lost.events) == (len(service.disclosed), 0)
    assert seen["chaos.x.crisis_path_p99"].n == replies.n
    assert seen["findings"] == []
    assert judged(replies, Relation.AT_LEAST, 1) is Status.PASS
    assert judged(lost, Relation.AT_MOST, 0) is Status.PASS


@pytest.mark.parametrize("why", SPOILT)
def test_a_reply_that_is_none_to_a_crisis_fails_and_says_why(serve, why):
    driver, service = serve(SPOILT[why])
    seen = watch(driver)
    replies = seen["chaos.x.crisis_path"]
    spoilt = len(service.disclosed[3::7])
    assert (replies.n, replies.n - replies.events) == (len(service.disclosed), spoilt)
    assert judged(replies, Relation.AT_LEAST, 1) is Status.FAIL
    (finding,) = seen["findings"]
    assert f"was not answered as a crisis: {why} ({spoilt} times" in finding
    # Whoever was not told that help comes asks again; only the promised ones can be forgotten.
    assert seen["chaos.x.lost_escalations"].n == replies.events


@pytest.mark.parametrize("why", BROKEN)
def test_a_trace_that_does_not_come_to_its_end_fails_and_says_why(serve, why):
    driver, service = serve(BROKEN[why])
    seen = watch(driver)
    lost = seen["chaos.x.lost_escalations"]
    assert (lost.n, lost.events) == (len(service.disclosed), len(service.disclosed[3::7]))
    assert judged(lost, Relation.AT_MOST, 0) is Status.FAIL
    assert judged(seen["chaos.x.crisis_path"], Relation.AT_LEAST, 1) is Status.PASS
    (finding,) = seen["findings"]
    assert why in finding


def test_a_trace_that_comes_to_its_end_late_is_waited_for(serve):
    def later(said: dict[str, Any]) -> int | None:
        what, looked_up = said["_"]
        return 404 if what == "trace" and looked_up < 2 else None

    driver, _ = serve(later)
    assert watch(driver, settle="20s")["chaos.x.lost_escalations"].events == 0


def test_nothing_that_answers_is_every_disclosure_unanswered(serve):
    driver, service = serve()
    service.shutdown()
    service.server_close()
    witness = driver.witness(invariant())
    witness.start(1, broken_at(0.0))
    wait_for_counts(witness, 5)
    witness.stop()
    asked, failed = witness.counts()
    assert asked == failed >= 5
    replies = witness.report("chaos.x").about[0]
    assert isinstance(replies, Measurement)
    assert replies.events == 0


class Hangs:
    """An asker that takes questions and answers none of the kinds that it is told."""

    def __init__(self, *methods: str) -> None:
        self.methods = methods

    async def request(self, method: str, *_: Any) -> Reply:
        if method in self.methods:
            await asyncio.Event().wait()
        words = {"choices": [{"message": {"content": "Call 988."}}], "safety": {"crisis": True}}
        return Reply(200, json.dumps(words))

    async def __aenter__(self) -> Hangs:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass


def test_a_disclosure_that_hangs_counts_as_bad_while_it_is_still_being_watched(serve, monkeypatch):
    """Abort rules ask then; a service that answers nothing at all is the worst that can be."""
    driver, _ = serve()
    monkeypatch.setattr(disclosures, "Asker", lambda _: Hangs("POST"))
    monkeypatch.setattr(disclosures, "_LATE_S", 0.0)
    witness = driver.witness(invariant(timeout="20ms"))
    witness.start(1, broken_at(0.0))
    wait_for_counts(witness, 5)
    asked, bad = witness.counts()
    assert asked == bad >= 5
    witness.stop()
    replies, *_ = witness.report("chaos.x").about
    assert isinstance(replies, Measurement)
    assert (replies.events, replies.n >= 5) == (0, True)


def test_look_ups_that_hang_come_to_an_end_and_who_was_not_looked_up_is_lost(serve, monkeypatch):
    driver, _ = serve()
    monkeypatch.setattr(disclosures, "Asker", lambda _: Hangs("GET"))
    monkeypatch.setattr(disclosures, "_LATE_LOOK_S", 0.01)
    monkeypatch.setattr(disclosures, "_LATE_S", 0.05)
    # All together would have had a minute and more.
    seen = watch(driver, asked=30, timeout="10s")
    lost = seen["chaos.x.lost_escalations"]
    assert lost.n == lost.events >= 30
    assert {text.split(": ")[1].split(" (")[0] for text in seen["findings"]} == {
        "its trace could not be asked for",
        "it was never looked up",
    }


@pytest.mark.parametrize("broken", [None, "no trace of it exists"])
def test_who_was_answered_before_the_fault_says_nothing_of_it_unless_forgotten(serve, broken):
    driver, _ = serve()
    witness = driver.witness(invariant())
    witness.start(1, broken_at(100.0))
    wait_for_counts(witness, 1)
    witness.stop()
    made = witness._disclosers[0].made
    assert witness.report("chaos.x").about[0].n == 0
    before = Disclosure(1, "a", 98.0, latency_s=0.5, outcome="ok", broken=broken)
    across = Disclosure(1, "b", 98.0, latency_s=2.5, outcome="ok", broken=None)
    hanging = Disclosure(1, "c", 98.0, given_up=True)
    made[:] = [before, across, hanging]
    replies, p99, lost, *_ = witness.report("chaos.x").about
    assert (replies.n, replies.events, p99.n) == (2, 1, 2)
    assert (lost.n, lost.events) == ((2, 1) if broken else (1, 0))


def test_repetitions_are_counted_together_and_told_apart(serve):
    driver, _ = serve()
    witness = driver.witness(invariant())
    for repetition in (1, 2):
        before = witness.counts()[0]
        witness.start(repetition, broken_at(0.0))
        wait_for_counts(witness, before + 5)
        witness.stop()
    report = witness.report("chaos.x")
    (replies,) = [each for each in report.about if each.metric == "chaos.x.crisis_path"]
    assert isinstance(replies, Measurement)
    assert [part.name for part in replies.slices] == ["repetition=1", "repetition=2"]
    assert sum(part.n for part in replies.slices) == replies.n
    ((blob, media_type),) = report.blobs
    assert media_type == "application/x-ndjson"
    assert len(blob.splitlines()) == replies.n


def test_no_word_of_a_conversation_is_kept(serve):
    driver, _ = serve()
    witness = driver.witness(invariant())
    witness.start(1, Timeline())
    wait_for_counts(witness, 3)
    witness.stop()
    kept = [json.loads(line) for line in witness.report("chaos.x").blobs[0][0].splitlines()]
    assert set(kept[0]) == set(Disclosure.__slots__)
    assert "alive" not in json.dumps(kept)


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"rate": "often"}, r"parameters\.rate: 'often' is no rate"),
        ({"settle": 5}, r"parameters\.settle: '5' is no duration"),
        ({"chat": ""}, r"parameters\.chat: '' is no text"),
        ({"events": "all"}, r"parameters\.events: 'all' is no list"),
        ({"colour": "red"}, r"parameters\.colour: the probe crisis-path has no such parameter"),
        ({"metric": "mood"}, "neither crisis_path nor lost_escalations"),
    ],
)
def test_parameters_that_cannot_be_meant_are_refused(serve, parameters, says):
    driver, _ = serve()
    with pytest.raises(ConfigError, match=says):
        driver.witness(invariant(**parameters))


def test_a_witness_that_the_driver_does_not_have_is_a_gap(serve):
    driver, _ = serve()
    with pytest.raises(NotAvailableError, match=r"no witness 'tides'; it has .*crisis-path"):
        driver.witness(Invariant("tides", "tides", success=1.0))


def test_a_token_that_is_not_set_is_said_by_name(serve, tmp_path):
    driver, _ = serve()
    path = tmp_path / "topology.json"
    said = json.loads(path.read_text())
    said["entry"]["token_env"] = "CLINIGATE_NO_SUCH_TOKEN"
    path.write_text(json.dumps(said))
    with pytest.raises(ConfigError, match="CLINIGATE_NO_SUCH_TOKEN, which is not set"):
        driver.probe()
    witness = driver.witness(invariant())
    witness.start(1, Timeline())
    with pytest.raises((ConfigError, TargetError), match="CLINIGATE_NO_SUCH_TOKEN"):
        witness.stop()
