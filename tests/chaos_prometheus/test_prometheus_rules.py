"""The generated rules are what Prometheus' own tool accepts, and they fire when they must."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from clinigate.chaos.prometheus_rules import rules_yaml
from clinigate.config.resilience import PrometheusTable
from clinigate.errors import ConfigError

AVAILABILITY = (
    'sum(increase(requests_total{code!~"5.."}[$window])) / sum(increase(requests_total[$window]))'
)
LATENCY = "sum by (le) (increase(latency_bucket[$window]))"
INDICATORS = {"api-availability": AVAILABILITY, "api-p95": LATENCY}

needs_promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="no promtool here")

#: For two hours all is well, then one request in ten fails, and then nothing is counted at all.
SCENARIO = """
rule_files: [rules.yml]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - {series: 'requests_total{code="200"}', values: "0+100x120 12000+90x60 _x60"}
      - {series: 'requests_total{code="500"}', values: "0+0x120 0+10x60 _x60"}
      - {series: 'latency_bucket{le="0.1"}', values: "0+100x120 12000+50x60 _x60"}
      - {series: 'latency_bucket{le="1"}', values: "0+100x120 12000+100x60 _x60"}
      - {series: 'latency_bucket{le="+Inf"}', values: "0+100x120 12000+100x60 _x60"}
    alert_rule_test:
      - {eval_time: 119m, alertname: ApiAvailabilityBurnsFast}
      - {eval_time: 119m, alertname: ApiAvailabilityUnknown}
      - {eval_time: 119m, alertname: ApiP95TooSlow}
      - eval_time: 150m
        alertname: ApiAvailabilityBurnsFast
        exp_alerts:
          - exp_labels: {severity: page, objective: api-availability}
            exp_annotations:
              summary: "API availability of at least 99.95%: the budget burns 14.4 times too fast
                over 1h"
      - eval_time: 150m
        alertname: ApiP95TooSlow
        exp_alerts:
          - exp_labels: {severity: page, objective: api-p95}
            exp_annotations:
              summary: "API latency: p95 below 100 ms: broken over 5 minutes"
      - eval_time: 200m
        alertname: ApiAvailabilityUnknown
        exp_alerts:
          - exp_labels: {severity: page, objective: api-availability}
            exp_annotations:
              summary: "API availability of at least 99.95%: nothing was measured for 5 minutes"
"""


def table(**indicators: str) -> PrometheusTable:
    named = {name.replace("_", "-"): text for name, text in indicators.items()}
    return PrometheusTable.model_validate({"url": "http://127.0.0.1:9090", "indicators": named})


@needs_promtool
def test_promtool_accepts_the_rules_and_they_fire_when_they_must(tmp_path: Path) -> None:
    found = PrometheusTable.model_validate({"url": "http://x", "indicators": INDICATORS})
    (tmp_path / "rules.yml").write_text(rules_yaml(found))
    (tmp_path / "test.yml").write_text(SCENARIO)
    for command in (["check", "rules", "rules.yml"], ["test", "rules", "test.yml"]):
        done = subprocess.run(
            ["promtool", *command], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_a_share_burns_over_two_pairs_of_windows() -> None:
    (group,) = yaml.safe_load(rules_yaml(table(api_availability=AVAILABILITY)))["groups"]
    alerts = {rule["alert"]: rule["expr"] for rule in group["rules"] if "alert" in rule}
    assert set(alerts) == {
        "ApiAvailabilityBurnsFast",
        "ApiAvailabilityBurnsSlowly",
        "ApiAvailabilityUnknown",
    }
    assert "> 0.0072" in alerts["ApiAvailabilityBurnsFast"]
    assert "> 0.003" in alerts["ApiAvailabilityBurnsSlowly"]


@pytest.mark.parametrize(
    ("indicators", "why"),
    [
        ({}, "there is none"),
        ({"api_speed": "x"}, "'api-speed' is no objective"),
        ({"api_availability": "avg(up)"}, "no single division"),
        ({"time_to_restore": "x / y"}, "is a time"),
    ],
)
def test_what_no_rule_can_be_made_of_is_refused(indicators: dict[str, str], why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        rules_yaml(table(**indicators))


def test_the_command_writes_them_or_says_what_is_missing(tmp_path: Path) -> None:
    def run() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "clinigate.chaos.prometheus_rules"]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    config = tmp_path / "clinigate.toml"
    config.write_text('[subject]\nname = "x"\nversion = "1"\n')
    done = run()
    assert (done.returncode, done.stdout) == (4, "")
    assert "no Prometheus is configured" in done.stderr
    expression = LATENCY.replace('"', '\\"')
    config.write_text(
        config.read_text()
        + '[chaos.prometheus]\nurl = "http://x"\n[chaos.prometheus.indicators]\n'
        + f'"api-p95" = "{expression}"\n'
    )
    done = run()
    assert done.returncode == 0, done.stderr
    assert "ApiP95TooSlow" in done.stdout
