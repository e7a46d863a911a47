"""Witnesses refuse what cannot be meant, and say when they could see nothing."""

from __future__ import annotations

import json
import sqlite3
import threading
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from clinigate.chaos.criteria import experiment_criteria
from clinigate.chaos.drivers.base import Driver, DriverOptions, NotAvailableError
from clinigate.chaos.drivers.local import connect
from clinigate.chaos.drivers.local_topology import SCHEMA
from clinigate.chaos.model import Invariant
from clinigate.chaos.parse import builtin_experiments
from clinigate.chaos.probes import audit_trail
from clinigate.chaos.probes.audit_trail import Message
from clinigate.chaos.probes.dependencies import _Look
from clinigate.chaos.probes.witnesses import WITNESSES
from clinigate.core.exhibit import Span
from clinigate.core.measurement import Measurement
from clinigate.core.observation import Finding
from clinigate.errors import ConfigError, TargetError
from clinigate.measure.timeline import Timeline


@pytest.fixture
def driver(tmp_path: Path) -> Driver:
    return on(tmp_path, url="http://127.0.0.1:1", storage=[])


def on(folder: Path, *, url: str, storage: list[dict[str, Any]]) -> Driver:
    said = {"schema": SCHEMA, "name": "s", "environment": "local", "entry": {"url": url}}
    path = folder / "topology.json"
    path.write_text(json.dumps({**said, "storage": storage}))
    return connect(DriverOptions(topology=str(path)))


@pytest.mark.parametrize(
    ("probe", "metric", "parameters", "says"),
    [
        ("certificates", "mood", {}, "neither expired_accepted nor expiry_noticed"),
        ("certificates", "expiry_noticed", {"notice": "soon"}, r"parameters\.notice"),
        ("certificates", "expiry_noticed", {"of": "api"}, r"parameters\.of: 'api' are no labels"),
        ("dependencies", "mood", {}, "neither retry_storm nor breaker_opened"),
        ("dependencies", "retry_storm", {"most": 0}, r"parameters\.most: 0 is no number above 0"),
        ("dependencies", "retry_storm", {"most": True}, r"parameters\.most: True"),
        ("dependencies", "retry_storm", {"colour": 1}, r"parameters\.colour"),
        ("audit-trail", "mood", {}, "it measures unaudited"),
        ("audit-trail", "unaudited", {"rate": 5}, r"parameters\.rate: '5' is no rate"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(driver, probe, metric, parameters, says):
    with pytest.raises(ConfigError, match=says):
        driver.witness(Invariant(probe, metric, success=1.0, parameters=parameters))


def test_an_audit_that_nobody_can_read_is_a_gap(driver):
    with pytest.raises(NotAvailableError, match="names no storage with the labels"):
        driver.witness(Invariant("audit-trail", "unaudited", lost=0))


@pytest.mark.parametrize("probe", sorted(set(WITNESSES) - {"audit-trail"}))
def test_a_witness_that_saw_nothing_measured_nothing(driver, probe):
    metrics = {"crisis-path": "crisis_path", "dependencies": "retry_storm"}
    invariant = Invariant(probe, metrics.get(probe, "expiry_noticed"), success=1.0)
    about = driver.witness(invariant).report("chaos.x").about
    assert about
    assert all(isinstance(each, Measurement) and each.n == 0 for each in about)


class _Answers(BaseHTTPRequestHandler):
    """Answers `answer-1`, `answer-2`, …"""

    protocol_version = "HTTP/1.1"
    given = 0

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        type(self).given += 1
        body = json.dumps({"id": f"answer-{type(self).given}"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


def audited_in_lines(folder: Path, answers: list[str]) -> None:
    lines = [json.dumps({"resource": answer}) for answer in answers]
    (folder / "audit.jsonl").write_text("\n".join(lines) + "\n")


def audited_in_sqlite(folder: Path, answers: list[str]) -> None:
    with closing(sqlite3.connect(folder / "records.db")) as database, database:
        database.execute("CREATE TABLE audit (resource TEXT)")
        rows = [(answer,) for answer in answers]
        database.executemany("INSERT INTO audit VALUES (?)", rows)


@pytest.mark.parametrize("write", [audited_in_lines, audited_in_sqlite])
@pytest.mark.parametrize("missing", [0, 2])
def test_answers_without_their_audit_row_are_counted_where_the_rows_lie(tmp_path, write, missing):
    records = tmp_path / "records"
    records.mkdir()
    write(records, [f"answer-{number}" for number in range(1 + missing, 2000)])
    storage = [{"name": "audit", "labels": {"store": "audit"}, "path": str(records)}]
    answers = type("_Fresh", (_Answers,), {"given": 0})
    invariant = Invariant("audit-trail", "unaudited", lost=0, parameters={"rate": "100/s"})
    timeline = Timeline()
    with ThreadingHTTPServer(("127.0.0.1", 0), answers) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        witness = on(tmp_path, url=url, storage=storage).witness(invariant)
        witness.start(1, timeline)
        while answers.given < 5:
            timeline.wait_for(lambda _: False, 0.01)
        witness.stop()
        server.shutdown()
    measured, *findings = witness.report("chaos.x").about
    assert isinstance(measured, Measurement)
    assert (measured.n >= 5, measured.events) == (True, missing)
    if missing:
        assert measured.unmeasurable is None
        (finding,) = findings
        assert isinstance(finding, Finding)
        assert "2 answers have no audit row; the first was given" in finding.message
    else:
        assert "did not reach the audit at all" in str(measured.unmeasurable)


def test_a_torn_line_is_no_row_and_hides_no_other(tmp_path):
    file = tmp_path / "audit.jsonl"
    file.write_bytes(b'{"resource": "a"}\n{"resour\n\xff\n[1]\n{"resource": "b"}\n')
    assert list(audit_trail._values(file, "resource")) == ["a", "b"]
    with pytest.raises(TargetError, match=r"audit rows in .*none\.jsonl cannot be read: No such"):
        list(audit_trail._values(tmp_path / "none.jsonl", "resource"))


def test_an_answer_whose_rows_could_not_be_read_is_not_left_out(tmp_path):
    storage = [{"name": "audit", "labels": {"store": "audit"}, "path": str(tmp_path)}]
    on_disk = on(tmp_path, url="http://127.0.0.1:1", storage=storage)
    witness = on_disk.witness(Invariant("audit-trail", "unaudited", lost=0))
    witness._made += [Message(1, 0.0, "ok", "a", rows=1), Message(1, 0.0, "ok", "b")]
    measured = witness.report("chaos.x").about[0]
    assert (measured.n, measured.events, measured.excluded) == (1, 0, 1)


def looks(process: str, *, attempts: float, repetition: int = 1) -> list[_Look]:
    return [
        _Look(
            repetition, at_s, process, calls=10 * at_s, refused=0, attempts=attempts * at_s, open=0
        )
        for at_s in (1.0, 2.0)
    ]


@pytest.mark.parametrize(
    ("seen", "beyond"),
    [
        ([*looks("api-1", attempts=60), *looks("api-2", attempts=0)], 30),
        ([*looks("api-1", attempts=60), *looks("api-1", attempts=0, repetition=2)], 30),
        ([*looks("api-1", attempts=60), *looks("api-2", attempts=40)], 40),
        ([*looks("api-1", attempts=30), *looks("api-2", attempts=10)], 0),
    ],
)
def test_a_storm_in_one_process_is_not_offset_by_a_quiet_one(driver, seen, beyond):
    witness = driver.witness(Invariant("dependencies", "retry_storm", success=1.0))
    witness._looks += seen
    witness._faults |= {repetition: Span("x", 0.5, 9.0) for repetition in (1, 2)}
    measured, *rest = witness.report("chaos.x").about
    assert measured.events == beyond
    storms = [
        each.message for each in rest if isinstance(each, Finding) and "asked" in each.message
    ]
    assert len(storms) == bool(beyond)
    assert all("api-1 asked database 60 times for 10 calls, more than 3" in each for each in storms)


def test_every_shipped_experiment_names_witnesses_that_there_are():
    of_local = [each for each in builtin_experiments() if "local" in each.drivers]
    assert len(of_local) >= 12
    for experiment in of_local:
        assert {each.probe for each in experiment.invariants} <= set(WITNESSES), experiment.name
        assert experiment_criteria(experiment)
        assert experiment.fault.target.selector["kind"]
