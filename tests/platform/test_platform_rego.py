"""The team's own policies in Rego are asked of every manifest, and what breaks is no pass."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from clinigate.config.loader import load_config
from clinigate.core.flaw import FlawSeverity
from clinigate.core.measurement import Measurement
from clinigate.core.observation import Fault, Gap
from clinigate.errors import ConfigError, UsageError
from clinigate.platform.judge import TopicScan
from clinigate.platform.load import Text, load
from clinigate.platform.observe import observations
from clinigate.platform.rego import HIDDEN, read_policies, run_policies
from clinigate.platform.scan import Request, scan_platform

MANIFESTS = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: chat, namespace: clinic}
---
apiVersion: v1
kind: Service
metadata: {name: chat, namespace: clinic, labels: {team: care}}
---
apiVersion: v1
kind: Secret
metadata: {name: key, namespace: clinic, labels: {team: care}}
data: {password: aHVudGVyMg==}
"""
MAIN = """\
package main

import data.lib

deny contains msg if {
    not input.metadata.labels.team
    msg := sprintf("%s states no team", [input.metadata.name])
}

violation contains {"msg": "services are named by their team", "severity": "low"} if {
    lib.is_service
}

warn contains "a Deployment" if input.kind == "Deployment"

deny_values contains msg if {
    some value in input.data
    msg := sprintf("it holds %s", [value])
}

deny_broken contains msg if {
    input.kind == "Service"
    msg := sprintf("%d", [1 / 0])
}
"""
LIB = 'package lib\n\nis_service if input.kind == "Service"\n'
OLD = 'package before.v1\n\ndeny[msg] {\n  input.kind == "Service"\n  msg := "as of old"\n}\n'
TESTS = "package main_test\n\ntest_nothing if { false }\n"


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> TopicScan:
    folder = tmp_path_factory.mktemp("policies")
    files = {"main": MAIN, "lib": LIB, "old": OLD, "main_test": TESTS}
    for name, text in files.items():
        (folder / f"{name}.rego").write_text(text)
    resources = load([Text("a.yaml", MANIFESTS.encode(), True)]).resources
    return run_policies(folder, ["."], resources)


def test_what_policies_say_becomes_findings_with_a_place(asked: TopicScan) -> None:
    found = {
        (each.flaw.rule, each.flaw.severity, each.flaw.place.line, each.message)
        for each in asked.findings
    }
    assert found == {
        ("main.deny", FlawSeverity.HIGH, 1, "Deployment clinic/chat: chat states no team"),
        ("main.warn", FlawSeverity.INFO, 1, "Deployment clinic/chat: a Deployment"),
        (
            "main.violation",
            FlawSeverity.LOW,
            5,
            "Service clinic/chat: services are named by their team",
        ),
        ("main.deny_values", FlawSeverity.HIGH, 9, f"Secret clinic/key: it holds {HIDDEN}"),
        ("before.v1.deny", FlawSeverity.HIGH, 5, "Service clinic/chat: as of old"),
    }
    assert not asked.faults


def test_a_policy_that_breaks_leaves_its_manifest_unjudged(asked: TopicScan) -> None:
    assert [(each.unit, each.reason) for each in asked.excluded] == [
        ("Service clinic/chat", "main.deny_broken breaks on it")
    ]


def test_a_warning_does_not_count_and_a_violation_does(asked: TopicScan) -> None:
    (census,) = [each.about for each in observations(asked) if isinstance(each.about, Measurement)]
    assert (census.value, census.n, census.events) == (4.0, 3, 3)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("deny contains 1 if true\n", "states no package"),
        ("package main\n\nallow := true\n", "no Rego rule named deny, violation or warn"),
        ("package main\n\ndeny contains msg if {\n", r"p\.rego: is no Rego"),
    ],
)
def test_rego_that_cannot_be_meant_is_refused(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "p.rego").write_text(text)
    resources = load([Text("a.yaml", MANIFESTS.encode(), True)]).resources
    with pytest.raises(ConfigError, match=words):
        run_policies(tmp_path, ["p.rego"], resources)


def test_a_path_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file or folder"):
        read_policies(tmp_path, ["policies"])


def test_an_interpreter_that_dies_is_an_error_and_no_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "clinigate.toml").write_text('[platform]\npolicies = ["main.rego"]\n')
    (tmp_path / "main.rego").write_text(MAIN.replace("import data.lib", ""))
    (tmp_path / "a.yaml").write_text(MANIFESTS)
    # As when its library crashes: the process is gone before it said that it is done.
    monkeypatch.setattr("clinigate.platform.rego._WORKER", ("-c", "import os; os.abort()"))
    scan = scan_platform(
        load_config(tmp_path / "clinigate.toml"),
        Request(paths=("a.yaml",), rules=("platform.policies",)),
        today=date(2026, 11, 22),
    )
    (fault,) = [each.about for each in scan.observations() if isinstance(each.about, Fault)]
    assert fault.metric == "platform.policies"
    assert "was killed (SIGABRT)" in fault.reason


def test_without_the_interpreter_the_topic_is_not_assessed_and_told_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "clinigate.toml").write_text('[platform]\npolicies = ["lib.rego"]\n')
    (tmp_path / "lib.rego").write_text(OLD)
    (tmp_path / "a.yaml").write_text(MANIFESTS)
    monkeypatch.setattr("clinigate.platform.rego.find_spec", lambda _name: None)
    config = load_config(tmp_path / "clinigate.toml")
    scan = scan_platform(config, Request(paths=("a.yaml",)), today=date(2026, 11, 22))
    (gap,) = [
        each.about
        for each in scan.observations()
        if isinstance(each.about, Gap) and each.about.metric == "platform.policies"
    ]
    assert "pip install 'clinigate[security]'" in gap.reason
    assert "platform.policies" in {each.metric for each in scan.criteria}
