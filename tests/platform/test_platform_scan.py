"""A scan judges by topics, accepts what people accepted, and never passes what it could not see."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from clinigate.cli.app import run as clinigate
from clinigate.config.loader import LoadedConfig, load_config
from clinigate.controls import load_catalogue
from clinigate.core.measurement import Measurement
from clinigate.core.observation import Gap
from clinigate.core.verdict import Status
from clinigate.errors import ConfigError, UsageError
from clinigate.findings.sarif import read_sarif, write_sarif
from clinigate.platform.criteria import builtin_criteria
from clinigate.platform.outcome import PlatformScan
from clinigate.platform.scan import Request, scan_platform

MANIFESTS = Path(__file__).parent / "manifests"
TODAY = date(2026, 11, 22)
PROBES = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: chat, namespace: clinic}
spec:
  template:
    spec:
      containers:
        - name: api
          readinessProbe: {httpGet: {port: 80}}
          livenessProbe: {httpGet: {port: 80}, initialDelaySeconds: 60}
        - name: helper
          readinessProbe: {httpGet: {port: 81}}
"""
RULE = "CG-PLAT-LIVENESS-001"
PROBE_RULES = ("platform.probes",)


@pytest.fixture
def config(tmp_path: Path) -> LoadedConfig:
    (tmp_path / "clinigate.toml").write_text("")
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "chat.yaml").write_text(PROBES)
    return load_config(tmp_path / "clinigate.toml")


def scanned(config: LoadedConfig, *rules: str, **given: Any) -> PlatformScan:
    return scan_platform(config, Request(rules=rules, **given), today=TODAY)


def statuses(scan: PlatformScan) -> dict[str, Status]:
    criteria = {each.metric: each for each in builtin_criteria()}
    return {
        each.about.metric: criteria[each.about.metric].judge(each.about).status
        for each in scan.observations()
        if isinstance(each.about, Measurement)
    }


def gaps(scan: PlatformScan) -> dict[str, str]:
    return {
        each.about.metric: each.about.reason
        for each in scan.observations()
        if isinstance(each.about, Gap)
    }


def edit(config: LoadedConfig, old: str, new: str) -> None:
    path = config.base_dir / "deploy" / "chat.yaml"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def test_every_criterion_is_a_census_that_tolerates_no_open_finding() -> None:
    for each in builtin_criteria():
        assert (each.limit, str(each.relation)) == (0.0, "<=")
        assert each.title
        assert each.id.startswith("platform.")


def test_criteria_name_only_controls_that_exist() -> None:
    known = load_catalogue()
    for criterion in builtin_criteria():
        assert [known.get(control).id for control in criterion.controls] == list(criterion.controls)


def test_a_finding_fails_its_topic_and_its_mending_passes_it(config: LoadedConfig) -> None:
    assert statuses(scanned(config, *PROBE_RULES)) == {"platform.probes": Status.FAIL}
    edit(config, "{httpGet: {port: 81}}", "&p {httpGet: {port: 81}}\n          livenessProbe: *p"
         "\n          startupProbe: *p")  # fmt: skip
    assert statuses(scanned(config, *PROBE_RULES)) == {"platform.probes": Status.PASS}


def test_a_manifest_that_cannot_be_read_forbids_every_pass(config: LoadedConfig) -> None:
    (config.base_dir / "deploy" / "good.yaml").write_bytes((MANIFESTS / "good.yaml").read_bytes())
    (config.base_dir / "deploy" / "chat.yaml").unlink()
    assert set(statuses(scanned(config)).values()) == {Status.PASS}
    (config.base_dir / "deploy" / "broken.yaml").write_text("apiVersion: v1\nkind: [\n")
    assert set(statuses(scanned(config)).values()) == {Status.INCONCLUSIVE}


def test_nothing_to_look_at_is_no_pass_and_says_why(config: LoadedConfig) -> None:
    (config.base_dir / "deploy" / "chat.yaml").unlink()
    scan = scanned(config)
    assert statuses(scan) == {}
    assert set(gaps(scan)) == {each.metric for each in builtin_criteria()}
    assert "no manifest was found at deploy/**/*.yaml" in gaps(scan)["platform.probes"]
    assert {each.metric for each in scan.criteria} == set(gaps(scan))


def test_topics_with_nothing_of_theirs_are_gaps_and_not_judged(config: LoadedConfig) -> None:
    scan = scanned(config)
    assert "nothing of its kinds is there" in gaps(scan)["platform.gpu"]
    judged = {each.metric for each in scan.criteria}
    assert "platform.probes" in judged
    assert not judged & set(gaps(scan))


def test_kinds_that_no_rule_knows_are_listed(config: LoadedConfig) -> None:
    edit(config, PROBES, PROBES + "---\napiVersion: x.example/v1\nkind: Widget\n"
         "metadata: {name: w}\n")  # fmt: skip
    scan = scanned(config)
    assert scan.not_judged == {"x.example/Widget": 1}
    (remark,) = scan.remarks
    assert remark.message == "x.example/Widget: none of 1 was judged; no rule knows the kind"
    assert remark.flaw.place.line == 14


def test_a_rule_that_is_not_there_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean CG-PLAT-PDB-001"):
        scan_platform(
            load_config(start=MANIFESTS), Request(rules=("CG-PLAT-PBD-001",)), today=TODAY
        )


def test_one_rule_alone_is_no_pass_of_its_topic(config: LoadedConfig) -> None:
    scan = scanned(config, "CG-PLAT-READINESS-001")
    assert open_findings(scan) == []
    assert statuses(scan) == {"platform.probes": Status.INCONCLUSIVE}
    assert [each.unit for each in scan.excluded] == ["CG-PLAT-LIVENESS-001", "CG-PLAT-STARTUP-001"]


def test_a_part_of_what_is_configured_is_no_pass(config: LoadedConfig) -> None:
    (config.base_dir / "clinigate.toml").write_text('[platform]\nmanifests = ["deploy"]\n')
    (config.base_dir / "good.yaml").write_bytes((MANIFESTS / "good.yaml").read_bytes())
    whole = load_config(config.base_dir / "clinigate.toml")
    scan = scanned(whole, *PROBE_RULES, paths=("good.yaml",))
    assert statuses(scan) == {"platform.probes": Status.INCONCLUSIVE}
    assert scan.unread[0].reason == "was not asked for"
    assert scan.unread[0].unit == "1 file of [platform] manifests, as deploy/chat.yaml,"
    both = scanned(whole, *PROBE_RULES, paths=("good.yaml", "deploy"))
    assert not both.unread


def open_findings(scan: PlatformScan) -> list[str]:
    return [each.flaw.rule for each in scan.findings if each.is_open]


def test_a_comment_accepts_until_its_day(config: LoadedConfig) -> None:
    comment = f"# clinigate: accept {RULE} until 2026-12-31: moves out next month"
    edit(config, "        - name: helper", f"        {comment}\n        - name: helper")
    scan = scanned(config, *PROBE_RULES)
    assert open_findings(scan) == []
    assert statuses(scan) == {"platform.probes": Status.PASS}
    later = scan_platform(config, Request(rules=PROBE_RULES), today=date(2027, 1, 1))
    assert open_findings(later) == [RULE]
    assert "has expired" in later.findings[0].message


def test_a_comment_without_a_reason_is_refused(config: LoadedConfig) -> None:
    edit(config, "- name: helper", f"- name: helper  # clinigate: accept {RULE} until 2026-12-31")
    with pytest.raises(ConfigError, match=r"deploy/chat\.yaml: line 11.*reason"):
        scanned(config)


def test_a_baseline_outlives_shifted_lines_and_names_what_went(config: LoadedConfig) -> None:
    (config.base_dir / "platform-baseline.toml").write_text(
        "[[finding]]\n"
        f'fingerprint = "{scanned(config, RULE).findings[0].flaw.fingerprint}"\n'
        f'rule = "{RULE}"\npath = "deploy/chat.yaml"\nreason = "old"\nuntil = 2027-01-31\n'
    )
    edit(config, "apiVersion", "# a line\n# and another\napiVersion")
    assert open_findings(scanned(config, *PROBE_RULES)) == []
    edit(config, "{httpGet: {port: 81}}", "&p {httpGet: {port: 81}}\n          livenessProbe: *p"
         "\n          startupProbe: *p")  # fmt: skip
    (stale,) = scanned(config, *PROBE_RULES).remarks
    assert "accepts nothing that was found" in stale.message
    assert statuses(scanned(config, *PROBE_RULES)) == {"platform.probes": Status.PASS}


def test_a_waiver_needs_two_people(config: LoadedConfig) -> None:
    waiver = (
        f'[[waiver]]\nrule = "{RULE}"\npath = "deploy/**"\nreason = "r"\nuntil = 2027-01-31\n'
        'requested_by = "kim"\napproved_by = "{}"\n'
    )
    path = config.base_dir / "platform-waivers.toml"
    path.write_text(waiver.format("ada"))
    assert open_findings(scanned(config, *PROBE_RULES)) == []
    path.write_text(waiver.format("kim"))
    with pytest.raises(ConfigError, match="approved_by"):
        scanned(config)


def test_two_scans_give_byte_equal_sarif_that_is_read_back(config: LoadedConfig) -> None:
    first, second = (write_sarif([scanned(config).result()]) for _ in range(2))
    assert first == second
    found = read_sarif(first).findings
    assert {(each.flaw.rule, each.flaw.place.line) for each in found} >= {(RULE, 11)}


def test_the_recovery_objective_is_the_configuration_s(config: LoadedConfig) -> None:
    rule = "CG-PLAT-NODELOSS-001"
    assert open_findings(scanned(config, rule)) == [rule]
    (config.base_dir / "clinigate.toml").write_text("[platform]\nrto_s = 400\n")
    relaxed = load_config(config.base_dir / "clinigate.toml")
    assert open_findings(scanned(relaxed, rule)) == []


# The command, as users call it.


def call(
    config: LoadedConfig, capsys: pytest.CaptureFixture[str], *words: str
) -> tuple[int, str, str]:
    file = str(config.base_dir / "clinigate.toml")
    code = clinigate(["platform", "scan", "--config", file, *words])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_the_command_ends_with_1_on_a_finding_and_0_without(
    config: LoadedConfig, capsys: pytest.CaptureFixture[str]
) -> None:
    sarif = config.base_dir / "out.sarif"
    code, out, _ = call(config, capsys, "--rule", RULE, "--sarif", str(sarif))
    assert code == 1
    assert f"deploy/chat.yaml:11: medium {RULE}: Deployment clinic/chat container helper" in out
    assert len(json.loads(sarif.read_text())["runs"][0]["results"]) == 1
    good = str(MANIFESTS / "good.yaml")
    code, out, _ = call(config, capsys, good, "--rule", "platform.probes")
    assert code == 0, out
    assert "PASS" in out
    assert "judged 1 file, 14 resources" in out


def test_a_pattern_that_no_shell_opened_is_opened_here(
    config: LoadedConfig, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(config.base_dir)
    code, out, _ = call(config, capsys, "deploy/*.yaml", "--rule", RULE)
    assert code == 1
    assert "judged 1 file, 1 resource\n" in out


def test_what_lies_outside_is_named_from_here_and_says_nothing_of_the_machine(
    config: LoadedConfig, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    inside = tmp_path / "project"
    inside.mkdir()
    (inside / "clinigate.toml").write_text("")
    sarif = inside / "out.sarif"
    for outside in (tmp_path / "deploy", tmp_path / "deploy" / "chat.yaml", tmp_path / "*/*.yaml"):
        words = ("--rule", RULE, "--config", str(inside / "clinigate.toml"))
        assert clinigate(["platform", "scan", str(outside), *words, "--sarif", str(sarif)]) == 1
        out, _ = capsys.readouterr()
        assert f"../deploy/chat.yaml:11: medium {RULE}" in out
        (result,) = json.loads(sarif.read_text())["runs"][0]["results"]
        (location,) = result["locations"]
        assert location["physicalLocation"]["artifactLocation"]["uri"] == "../deploy/chat.yaml"


def test_what_holds_nothing_is_named_from_here_too(config: LoadedConfig, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    reasons = gaps(scanned(config, paths=(str(tmp_path / "empty"),))).values()
    assert {each.partition("; ")[0] for each in reasons if "drift" not in each} >= {
        "no manifest was found at empty"
    }
    assert not any(str(tmp_path) in each for each in reasons)


def test_the_file_of_kong_is_judged_where_it_stands(config: LoadedConfig) -> None:
    declared = (
        '_format_version: "3.0"\nservices:\n  - name: chat\n    routes:\n'
        "      - {name: v1, paths: [/v1]}\n"
    )
    (config.base_dir / "deploy" / "kong.yml").write_text(declared)
    (config.base_dir / "kong.json").write_text(
        '{"_format_version": "3.0", "routes": [{"name": "v2"}]}'
    )
    scan = scanned(config, "platform.gateway", paths=("deploy/kong.yml", "."))
    assert not scan.excluded
    assert {(each.flaw.place.uri, each.flaw.place.line) for each in scan.findings} == {
        ("deploy/kong.yml", 5),
        ("kong.json", 1),
    }
    assert "KongConfiguration kong.yml route v1: " in scan.findings[0].message
    assert scan.not_judged == {}


def test_what_another_program_renders_comes_by_the_pipe(
    config: LoadedConfig, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    piped = config.base_dir / "rendered"
    piped.write_text("---\n# Source: chat/templates/deployment.yaml\n" + PROBES)
    with piped.open() as stream:
        monkeypatch.setattr("sys.stdin", stream)
        code, out, _ = call(config, capsys, "-", "--rule", RULE)
    assert code == 1
    assert f"stdin:13: medium {RULE}" in out
    assert "(rendered from chat/templates/deployment.yaml)" in out


def test_a_baseline_is_written_for_a_reason_until_a_day(
    config: LoadedConfig, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("--rule", "platform.probes", "--write-baseline")
    code, _, err = call(config, capsys, *words)
    assert (code, "--until" in err) == (4, True)
    from datetime import timedelta

    # A remark is nothing to accept.
    edit(config, PROBES, PROBES + "---\napiVersion: x.example/v1\nkind: Widget\n"
         "metadata: {name: w}\n")  # fmt: skip
    until = (date.today() + timedelta(days=30)).isoformat()  # noqa: DTZ011 - as the command
    code, out, _ = call(config, capsys, *words, "--reason", "old", "--until", until)
    assert (code, "1 finding accepted" in out) == (0, True)
    code, out, _ = call(config, capsys, "--rule", "platform.probes")
    assert code == 0, out
    assert "[accepted]" in out


def test_rules_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert clinigate(["platform", "rules"]) == 0
    assert "CG-PLAT-PDB-001" in capsys.readouterr().out
