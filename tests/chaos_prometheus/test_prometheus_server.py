"""Against a real Prometheus that scrapes a real process: it tells, it is silent, it has gaps."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from clinigate.chaos.criteria import alert_metric, experiment_criteria
from clinigate.chaos.model import AlertSpec, Experiment
from clinigate.chaos.parse import find_experiment
from clinigate.chaos.prometheus import prometheus_criteria, watchers
from clinigate.chaos.prometheus_api import Prometheus
from clinigate.config.resilience import PrometheusTable
from clinigate.core.measurement import Measurement
from clinigate.core.observation import Finding, Gap
from clinigate.core.verdict import Status
from clinigate.errors import ConfigError, TargetError
from clinigate.measure.prober import Timeline

pytestmark = pytest.mark.skipif(shutil.which("prometheus") is None, reason="no Prometheus here")

#: Counts 10,000 requests a second, all of them failed and slow while the file `bad` exists.
EXPORTER = """
import http.server, pathlib, sys, time
port, bad = int(sys.argv[1]), pathlib.Path(sys.argv[2])
counts = {"good": 0.0, "all": 0.0, "last": time.monotonic()}
def grow():
    now = time.monotonic()
    more = (now - counts["last"]) * 10000
    counts["last"] = now
    counts["all"] += more
    if not bad.exists():
        counts["good"] += more
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        grow()
        text = (
            f'requests_total{{code="200"}} {counts["good"]}\\n'
            f'requests_total{{code="500"}} {counts["all"] - counts["good"]}\\n'
            f'latency_bucket{{le="0.1"}} {counts["good"]}\\n'
            f'latency_bucket{{le="1"}} {counts["all"]}\\n'
            f'latency_bucket{{le="+Inf"}} {counts["all"]}\\n'
            f'failing {int(bad.exists())}\\n'
        )
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *args):
        pass
http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""

CONFIG = """
global: {{scrape_interval: 200ms, evaluation_interval: 200ms, scrape_timeout: 200ms}}
rule_files: [rules.yml]
scrape_configs:
  - job_name: service
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""

RULES = """
groups:
  - name: service
    rules:
      - {alert: Failing, expr: failing == 1}
      - {alert: NeverFires, expr: failing == 2}
      - {alert: AlwaysFires, expr: failing >= 0}
"""

AVAILABILITY = (
    'sum(increase(requests_total{code!~"5.."}[$window])) / sum(increase(requests_total[$window]))'
)
LATENCY = "sum by (le) (increase(latency_bucket[$window]))"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(holds: Callable[[], object], within_s: float = 30.0) -> Any:
    deadline = time.monotonic() + within_s
    while not (found := holds()):
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.05)
    return found


@dataclass
class Watched:
    """A service, and a Prometheus that scrapes it."""

    url: str
    folder: Path
    port: int
    exporter: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-I", "-S", "-c", EXPORTER, str(self.port), str(self.bad)]
        self.exporter = subprocess.Popen(command)

    def stop(self) -> None:
        if self.exporter is not None:
            self.exporter.kill()
            self.exporter.wait()

    @property
    def bad(self) -> Path:
        return self.folder / "bad"

    def table(self, **details: Any) -> PrometheusTable:
        return PrometheusTable.model_validate({"url": self.url, **details})

    def value(self, expression: str) -> float | None:
        with Prometheus(self.table(), self.folder) as server:
            lines = server.query(expression)
        return lines[0].points[-1][1] if lines else None


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    folder = tmp_path_factory.mktemp("prometheus")
    port, own = free_port(), free_port()
    (folder / "prometheus.yml").write_text(CONFIG.format(port=port))
    (folder / "rules.yml").write_text(RULES)
    command = [
        "prometheus",
        f"--config.file={folder}/prometheus.yml",
        f"--storage.tsdb.path={folder}/data",
        f"--web.listen-address=127.0.0.1:{own}",
        "--log.level=error",
    ]
    service = Watched(f"http://127.0.0.1:{own}", folder, port)
    service.start()
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def ready() -> bool:
        try:
            return httpx.get(f"{service.url}/-/ready", trust_env=False).status_code == 200
        except httpx.TransportError:
            return False

    try:
        until(ready)
        until(lambda: service.value("up") == 1)
        yield service
    finally:
        server.kill()
        server.wait()
        service.stop()


@pytest.fixture
def healthy(watched: Watched) -> Iterator[Watched]:
    """The service is up and good, and no alert of a test before still fires."""
    until(lambda: watched.value("failing") == 0 and watched.value("up") == 1)
    until(lambda: watched.value('ALERTS{alertname="Failing"}') is None)
    yield watched
    watched.bad.unlink(missing_ok=True)


def experiment(*alerts: AlertSpec, slos: tuple[str, ...] = ()) -> Experiment:
    return replace(find_experiment("k8s-kill-pod"), alerts=alerts, slos=slos, repeat=1)


def run(
    spec: Experiment, table: PrometheusTable | None, root: Path, during: Callable[[], object]
) -> list[Any]:
    """What the witnesses report of one repetition, with a fault that is marked before `during`."""
    timeline = Timeline()
    found = watchers(spec, table, root)
    for witness in found.values():
        witness.start(1, timeline)
    timeline.mark("fault")
    during()
    for witness in found.values():
        witness.stop()
    return [about for witness in found.values() for about in witness.report(spec.prefix).about]


def verdict(spec: Experiment, table: PrometheusTable, about: list[Any], metric: str) -> Any:
    criteria = (*experiment_criteria(spec), *prometheus_criteria(spec, table))
    criterion = next(each for each in criteria if each.metric == metric)
    seen = next(each for each in about if isinstance(each, Measurement) and each.metric == metric)
    return criterion.judge(seen)


def test_an_alert_that_fires_in_time_passes_and_says_when(healthy: Watched) -> None:
    alert = AlertSpec("Failing", within_s=20)
    spec = experiment(alert)
    about = run(spec, healthy.table(), healthy.folder, healthy.bad.touch)
    found = verdict(spec, healthy.table(), about, alert_metric(spec, alert))
    assert found.status is Status.PASS
    assert 0 < found.value < 20


def test_an_alert_that_stays_silent_fails_with_a_finding(healthy: Watched) -> None:
    silent, missing = AlertSpec("NeverFires", within_s=1), AlertSpec("Forgotten", within_s=1)
    spec = experiment(silent, missing)
    about = run(spec, healthy.table(), healthy.folder, lambda: None)
    for alert in (silent, missing):
        found = verdict(spec, healthy.table(), about, alert_metric(spec, alert))
        assert found.status is Status.FAIL
    texts = [each.message for each in about if isinstance(each, Finding)]
    assert "stayed silent" in texts[0]
    assert "no such alerting rule" in texts[1]


def test_an_alert_that_fired_before_the_fault_proves_nothing(healthy: Watched) -> None:
    until(lambda: healthy.value('ALERTS{alertname="AlwaysFires",alertstate="firing"}') == 1)
    alert = AlertSpec("AlwaysFires", within_s=1)
    spec, timeline = experiment(alert), Timeline()
    watch = watchers(spec, healthy.table(), healthy.folder)["alerts"]
    watch.start(1, timeline)
    before = healthy.value("time()")
    assert before is not None
    until(lambda: (healthy.value("time()") or 0) > before + 0.5)
    timeline.mark("fault")
    watch.stop()
    about = list(watch.report(spec.prefix).about)
    found = verdict(spec, healthy.table(), about, alert_metric(spec, alert))
    assert found.status is Status.INCONCLUSIVE
    assert "before the fault already" in found.reason


def test_indicators_pass_and_fail_by_what_prometheus_counted(healthy: Watched) -> None:
    table = healthy.table(indicators={"api-availability": AVAILABILITY, "api-p95": LATENCY})
    spec = experiment(slos=("api-availability", "api-p95"))

    def asked() -> None:
        begun = healthy.value("sum(requests_total)") or 0
        until(lambda: (healthy.value("sum(requests_total)") or 0) > begun + 7000)

    about = run(spec, table, healthy.folder, asked)
    for metric in ("availability", "p95"):
        found = verdict(spec, table, about, f"{spec.prefix}.observed.{metric}")
        assert found.status is Status.PASS, found.reason

    def broken() -> None:
        healthy.bad.touch()
        asked()

    about = run(spec, table, healthy.folder, broken)
    for metric in ("availability", "p95"):
        found = verdict(spec, table, about, f"{spec.prefix}.observed.{metric}")
        assert found.status is Status.FAIL, found.reason


def test_a_service_that_is_down_is_a_gap_and_no_pass(healthy: Watched) -> None:
    table = healthy.table(indicators={"api-availability": AVAILABILITY})
    spec = experiment(slos=("api-availability",))

    def down() -> None:
        begun = healthy.value("time()") or 0
        until(lambda: (healthy.value("time()") or 0) > begun + 1)
        healthy.stop()
        begun = healthy.value("time()") or 0
        until(lambda: (healthy.value("time()") or 0) > begun + 1.5)

    about = run(spec, table, healthy.folder, down)
    healthy.start()
    found = verdict(spec, table, about, f"{spec.prefix}.observed.availability")
    assert found.status is Status.INCONCLUSIVE
    assert "went stale" in found.reason


def test_a_series_that_is_not_there_is_no_pass(healthy: Watched) -> None:
    nothing = "sum(increase(nothing[$window])) / sum(increase(nothing[$window]))"
    table = healthy.table(indicators={"api-availability": nothing})
    spec = experiment(slos=("api-availability",))
    about = run(spec, table, healthy.folder, lambda: None)
    found = verdict(spec, table, about, f"{spec.prefix}.observed.availability")
    assert found.status is Status.INCONCLUSIVE
    assert "too few to tell" in found.reason


def test_a_server_that_is_not_there_is_a_gap_with_the_reason(tmp_path: Path) -> None:
    alert = AlertSpec("Failing", within_s=1)
    spec = experiment(alert, slos=("api-availability",))
    table = PrometheusTable.model_validate(
        {"url": f"http://127.0.0.1:{free_port()}", "indicators": {"api-availability": AVAILABILITY}}
    )
    about = run(spec, table, tmp_path, lambda: None)
    assert [type(each) for each in about] == [Gap, Gap]
    assert all("Prometheus is not reached" in each.reason for each in about)
    without = run(spec, None, tmp_path, lambda: None)
    assert [each.metric for each in without] == [alert_metric(spec, alert)]
    assert "no Prometheus is configured" in without[0].reason


def test_what_cannot_be_asked_is_said_plainly(
    healthy: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Prometheus(healthy.table(), healthy.folder) as server:
        with pytest.raises(TargetError, match=r"refused \(400\): .*parse error"):
            server.query("sum(")
        with pytest.raises(TargetError, match="series are wanted"):
            server.query('"text"')
        assert abs(server.ahead_s()) < 60
    monkeypatch.delenv("PROMETHEUS_TOKEN", raising=False)
    with pytest.raises(ConfigError, match="PROMETHEUS_TOKEN, which is not set"):
        Prometheus(healthy.table(token_env="PROMETHEUS_TOKEN"), healthy.folder)
    with pytest.raises(ConfigError, match="cannot be used"):
        Prometheus(healthy.table(ca_file="none.pem"), healthy.folder)
    with pytest.raises(ConfigError, match="'api-speed' is no objective"):
        watchers(experiment(), healthy.table(indicators={"api-speed": "x"}), healthy.folder)
