"""An experiment's file is read strictly: what is missing or misspelt is named with its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from chaos_bench import YAML
from hypothesis import given, settings
from hypothesis import strategies as st

from clinigate.chaos.criteria import builtin_criteria, experiment_criteria
from clinigate.chaos.model import Arrival
from clinigate.chaos.parse import builtin_experiments, read_experiment
from clinigate.chaos.slo import SLOS
from clinigate.chaos.targets import experiment_digest
from clinigate.errors import ConfigError

FULL = """\
apiVersion: clinigate.io/v1
kind: ChaosExperiment
metadata: {name: db-failover, owner: sre, title: T, controls: ["164.308(a)(7)(ii)(D)", A1.3]}
spec:
  drivers: [postgres-local, kubernetes]
  slos: [api-availability, api-p95]
  objectives: {rto: 5m, rpo: 15m}
  invariants:
    - probe: crisis-path
      success: 1.0
      p99: 1s
      least: 300
      parameters: {rate: 5, deep: [1, {a: b}]}
    - {probe: crisis-path, metric: lost_escalations, lost: 0}
  load: {rate: 50/s, arrival: poisson, before: 3s, after: 1m, timeout: 2s, slow: 500ms, stable: 2s}
  fault:
    type: db.primary-kill
    target: {selector: {app: db, role: primary}, max: 2, maxShare: 60%, survivors: 2}
    parameters: {signal: KILL}
    duration: 30s
  abort:
    - {when: crisis-path.errors > 0}
    - {when: burn_rate(api-availability) > 500, for: 30s}
  safety:
    environments: [staging]
    window: Mon-Thu 03:00-05:00 UTC
    blackout: [{from: "2026-12-24T00:00Z", to: "2026-12-27T00:00Z", reason: holidays}]
    maxBudgetPct: 25
    leaseSeconds: 5
    maxDuration: 5m
    killFile: /run/halt
  undo: {verify: steady-state, within: 2m}
  alerts: [{name: DatabaseDown, within: 1m}]
  repeat: 3
"""


def read(tmp_path: Path, text: str) -> Any:
    path = tmp_path / "experiment.yaml"
    path.write_text(text, encoding="utf-8")
    return read_experiment(path)


def test_everything_that_a_file_can_say(tmp_path: Path) -> None:
    """Each field arrives, in seconds and shares."""
    found = read(tmp_path, FULL)
    assert found.prefix == "chaos.db_failover"
    assert found.check_id == "CG-CHAOS-DB-FAILOVER-001"
    assert (found.objectives.rto_s, found.objectives.rpo_s) == (300.0, 900.0)
    assert found.invariants[0].parameters == {"rate": 5, "deep": [1, {"a": "b"}]}
    assert found.invariants[1].metric == "lost_escalations"
    assert found.load.arrival is Arrival.POISSON
    assert (found.load.before_s, found.load.after_s, found.load.slow_s) == (3.0, 60.0, 0.5)
    assert found.load.stable_s == 2.0
    assert found.fault.target.max_share == pytest.approx(0.6)
    assert (found.fault.target.min_survivors, found.fault.duration_s) == (2, 30.0)
    assert found.fault.parameters == {"signal": "KILL"}
    assert [rule.for_s for rule in found.abort] == [0.0, 30.0]
    assert found.safety.blackout[0].reason == "holidays"
    assert (found.safety.lease_s, found.safety.max_duration_s) == (5.0, 300.0)
    assert found.undo.within_s == 120.0
    assert found.alerts[0].within_s == 60.0
    assert found.repeat == 3


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("selector: {app: api}", "max: 1", "spec.fault.target: key 'selector' is missing"),
        ("selector: {app: api}", "selector: {}", "spec.fault.target.selector: it is empty"),
        ("  undo: {verify: steps, within: 10s}\n", "", "key 'undo' is missing"),
        (", duration: 500ms", "", "spec.fault: key 'duration' is missing"),
        ('  drivers: ["flag_driver:connect"]\n', "", "key 'drivers' is missing"),
        ('drivers: ["flag_driver:connect"]', "drivers: []", "spec.drivers: the list is empty"),
        ("duration: 500ms", "duration: 500", "500"),
        ("duration: 500ms", "duration: 5m", "the fault alone lasts 300 s"),
        ("within: 10s", "inside: 10s", "unknown key; known are verify, within"),
        ("verify: steps", "verify: hope", "unknown verification 'hope'"),
        ("objectives: {rto: 5s}", "repeat: 1", "nothing is judged"),
        ("environments: [local]", "environments: []", "the list is empty"),
        ('controls: ["A1.3"]', "controls: [A9.9]", "no catalogue knows the control 'A9.9'"),
        ("{app: api}", "{app: api}, survivors: 0", "nobody survives"),
        ("{app: api}", "{app: api}, max: 0", "no number of at least 1"),
        ("clinigate.io/v1", "clinigate.io/v2", "unknown version"),
        ("name: raise-flag", "name: Raise_Flag", "no name here"),
        ("load:", "abort: [{when: other.errors > 0}]\n  load:", "not watched here"),
        ("load:", "invariants: [{probe: x, success: 1, lost: 0}]\n  load:", "not both"),
        ("load:", "invariants: [{probe: x, lost: 3}]\n  load:", "write 0"),
        ("load:", "slos: [api-avail]\n  load:", "nearest known is 'api-availability'"),
        ("{app: api}}", "{app: api}}, parameters: {at: 2026-01-01}", "put it in quotes"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, old: str, new: str, named: str) -> None:
    """One sentence with file, line, field and what to do."""
    assert old in YAML
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, YAML.replace(old, new, 1))
    assert named in str(caught.value)
    assert "experiment.yaml" in str(caught.value)


@pytest.mark.parametrize("text", ["", "]", "a: *b", "- 1", "\x00", "a: 2026-99-99T00:00:00Z"])
def test_no_experiment_at_all(tmp_path: Path, text: str) -> None:
    """What is no YAML or no mapping is refused in one sentence too."""
    with pytest.raises(ConfigError, match=r"experiment\.yaml"):
        read(tmp_path, text)


def _paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for key, each in inner:
        found.append((*at, key))
        if isinstance(each, dict | list):
            found += _paths(each, (*at, key))
    return found


PLAIN = yaml.safe_load(FULL)


@settings(max_examples=60)
@given(
    place=st.sampled_from(_paths(PLAIN)),
    value=st.none() | st.integers() | st.text(max_size=8) | st.lists(st.integers(), max_size=2),
)
def test_any_other_value_is_read_or_refused_in_one_sentence(
    tmp_path_factory: pytest.TempPathFactory, place: tuple[Any, ...], value: Any
) -> None:
    """Nothing but `ConfigError` ever comes of a file, whatever stands in it."""
    plain = yaml.safe_load(FULL)
    parent = plain
    for key in place[:-1]:
        parent = parent[key]
    parent[place[-1]] = value
    path = tmp_path_factory.mktemp("files") / "x.yaml"
    path.write_text(yaml.safe_dump(plain), encoding="utf-8")
    try:
        found = read_experiment(path)
    except ConfigError:
        return
    assert experiment_criteria(found)
    assert experiment_digest(found)


def test_the_digest_tells_any_change_but_not_the_files_name(tmp_path: Path) -> None:
    """An approval is of what the file states, wherever it lies."""
    first = read(tmp_path, FULL)
    (tmp_path / "other").mkdir()
    assert experiment_digest(read(tmp_path / "other", FULL)) == experiment_digest(first)
    changed = read(tmp_path, FULL.replace("duration: 30s", "duration: 31s"))
    assert experiment_digest(changed) != experiment_digest(first)


def test_criteria_of_a_full_experiment(tmp_path: Path) -> None:
    """Objectives, budget, undo, SLOs with their sample sizes, invariants and alerts: one each."""
    found = {each.metric.removeprefix("chaos.db_failover."): each for each in
             experiment_criteria(read(tmp_path, FULL))}  # fmt: skip
    assert {name: (str(c.relation), c.limit, c.min_n) for name, c in found.items()} == {
        "rto": ("<=", 300.0, 3),
        "rpo": ("<=", 900.0, 3),
        "undo": ("<=", 120.0, 3),
        "budget_spent": ("<=", 324.0, 3),
        "availability": (">=", 0.9995, 5990),
        "p95": ("<", 0.1, 59),
        "crisis_path": (">=", 1.0, 300),
        "crisis_path_p99": ("<", 1.0, 1),
        "lost_escalations": ("<=", 0.0, 1),
        "alert.databasedown": ("<=", 60.0, 3),
    }
    assert found["crisis_path"].zero_tolerance
    assert found["lost_escalations"].zero_tolerance


def test_sample_sizes_and_budgets_of_the_objectives() -> None:
    """The figures of the exact binomial bound at 95%, and 30 days' seconds."""
    needs = {name: slo.need_n for name, slo in SLOS.items()}
    assert needs["api-availability"] == 5990
    assert needs["inference-availability"] == 2995
    assert needs["data-freshness"] == 598
    assert (needs["api-p95"], needs["inference-p99"]) == (59, 299)
    budgets = [SLOS[n].budget_s for n in ("api-availability", "inference-availability")]
    assert budgets == pytest.approx([1296.0, 2592.0])
    assert SLOS["data-freshness"].budget_s == pytest.approx(12_960.0)


def test_every_experiment_that_ships_can_be_judged() -> None:
    """Each has an undo, an owner and known controls, and no metric is judged twice."""
    experiments = builtin_experiments()
    metrics = [criterion.metric for criterion in builtin_criteria()]
    assert len(metrics) == len(set(metrics))
    assert [each.name for each in experiments] == sorted({each.name for each in experiments})
    for each in experiments:
        assert each.owner
        assert each.controls
        assert f"{each.prefix}.undo" in metrics
