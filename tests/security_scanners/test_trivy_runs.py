"""trivy as a program, played by a script that behaves like it: clean and flawed trees, images and
SBOMs, and all the ways in which such a program goes wrong.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from clinigate.core.flaw import FlawSeverity
from clinigate.core.verdict import Status
from clinigate.errors import UsageError
from clinigate.findings.programs import Program
from clinigate.findings.troubles import ScannerError
from clinigate.security.scanners import trivy
from clinigate.security.scanners.trivy_report import Class
from clinigate.security.scanners.trivy_run import (
    TrivyJob,
    TrivyKind,
    run_trivy,
    severities_from,
)

#: Answers `--version`, writes down how it was called, then does what the test says.
STUB = """\
#!/bin/sh
here=$(dirname "$0")
if [ "$1" = --version ]; then echo "Version: {version}"; exit 0; fi
echo "$@" >> "$here/calls"
pwd >> "$here/cwd"
while [ $# -gt 1 ]; do
  if [ "$1" = --output ]; then out=$2; fi
  if [ "$1" = --ignorefile ]; then wc -c < "$2" > "$here/ignored"; fi
  shift
done
{action}
"""
WRITE = 'cat "$here/report.json" > "$out"'
RESULTS = {
    "pip": {
        "Target": "requirements.txt", "Class": "lang-pkgs", "Type": "pip",
        "Packages": [{"Name": "jinja2", "Version": "2.4"}],
    },
    "docker": {
        "Target": "Dockerfile", "Class": "config", "Type": "dockerfile",
        "MisconfSummary": {"Successes": 27, "Failures": 0},
    },
}  # fmt: skip
JINJA = {
    "VulnerabilityID": "CVE-2019-10906", "PkgName": "jinja2", "InstalledVersion": "2.4",
    "FixedVersion": "2.10.1", "Severity": "HIGH", "Title": "sandbox escape",
}  # fmt: skip


@pytest.fixture
def stub(tmp_path: Path) -> Any:
    """Write a trivy that takes this action, and return its folder."""

    def write(action: str = WRITE, *, version: str = "0.58.1", results: Any = ()) -> Path:
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        document = {"SchemaVersion": 2, "ArtifactName": ".", "Results": list(results)}
        (folder / "report.json").write_text(json.dumps(document))
        script = folder / "trivy"
        script.write_text(STUB.format(version=version, action=action))
        script.chmod(0o755)
        return folder

    return write


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    folder.mkdir()
    (folder / "requirements.txt").write_text("jinja2==2.4\n")
    (folder / "Dockerfile").write_text("FROM scratch\n")
    (folder / ".trivyignore").write_text("CVE-2019-10906\n")
    return folder


def table(folder: Path, more: str = "") -> str:
    return f'[security]\ntrivy = "{folder / "trivy"}"\n{more}\n'


def program(folder: Path, version: str = "0.58.1") -> Program:
    return Program("trivy", (str(folder / "trivy"),), version)


def test_a_clean_tree_passes_by_each_class(stub: Any, tree: Path, scanned: Any) -> None:
    folder = stub(results=RESULTS.values())
    vulnerable, misconfigured, secret = scanned(trivy.SCANNER, tree, table(folder))
    assert [each.status for each in (vulnerable, misconfigured, secret)] == [Status.PASS] * 3
    assert (vulnerable.measurement.n, misconfigured.measurement.n) == (1, 1)
    assert secret.measurement.n == 4


def test_a_lock_file_that_trivy_passes_over_forbids_a_pass(
    stub: Any, tree: Path, scanned: Any
) -> None:
    (tree / "web").mkdir()
    (tree / "web/yarn.lock").write_text("garbled")
    outcome = scanned(trivy.SCANNER, tree, table(stub(results=RESULTS.values())))[0]
    assert outcome.status is Status.INCONCLUSIVE
    [excluded] = outcome.scan.looked[0].result.excluded
    assert excluded.unit == "web/yarn.lock"


def test_files_of_one_name_in_two_folders_are_two_findings(
    stub: Any, tree: Path, scanned: Any
) -> None:
    for name in ("one", "two"):
        (tree / name).mkdir()
        (tree / name / "requirements.txt").write_text("jinja2==2.4\n")
    folder = stub(results=[RESULTS["pip"] | {"Vulnerabilities": [JINJA]}])
    outcome = scanned(trivy.SCANNER, tree, table(folder, 'paths = ["one", "two"]'))[0]
    flaws = [found.flaw for _, found in outcome.scan.merged]
    assert [flaw.place.uri for flaw in flaws] == ["one/requirements.txt", "two/requirements.txt"]
    assert len({flaw.fingerprint for flaw in flaws}) == 2, "to accept one is to accept both"


def test_a_planted_flaw_fails_and_says_why(stub: Any, tree: Path, scanned: Any) -> None:
    leak = {
        "Target": "deploy.sh", "Class": "secret",
        "Secrets": [{"RuleID": "aws-access-key-id", "Severity": "CRITICAL", "StartLine": 1,
                     "Title": "AWS Access Key ID", "Match": "KEY=AKIAZZZZ"}],
    }  # fmt: skip
    root = {
        "ID": "DS-0002", "Title": "root", "Severity": "HIGH", "Status": "FAIL",
        "Message": "Specify at least 1 USER",
    }  # fmt: skip
    results = [
        RESULTS["pip"] | {"Vulnerabilities": [JINJA]},
        RESULTS["docker"] | {"Misconfigurations": [root]},
        leak,
    ]
    outcomes = scanned(trivy.SCANNER, tree, table(stub(results=results)))
    assert [each.status for each in outcomes] == [Status.FAIL] * 3
    assert [each.messages for each in outcomes] == [
        ["jinja2 2.4 has CVE-2019-10906: sandbox escape"],
        ["Specify at least 1 USER"],
        ["a secret lies open: AWS Access Key ID"],
    ]


def test_the_call_is_the_one_that_the_pipeline_asked_for(
    stub: Any, tree: Path, scanned: Any
) -> None:
    folder = stub()
    scanned(trivy.SCANNER, tree, table(folder))
    [call] = (folder / "calls").read_text().splitlines()
    assert call.startswith("fs --format json --output ")
    assert "--scanners vuln,misconfig,secret" in call
    assert "--severity CRITICAL,HIGH" in call
    assert "--exit-code 0" in call
    assert call.endswith(f" {tree}")
    # It runs elsewhere, with an empty list of what to ignore: the tree cannot gag it.
    assert (folder / "cwd").read_text().strip() != str(tree)
    assert (folder / "ignored").read_text().strip() == "0"


def test_older_releases_know_config_and_newer_ones_misconfig(stub: Any, tree: Path) -> None:
    for version, word in (("0.47.0", "vuln,config,secret"), ("0.48.0", "vuln,misconfig,secret")):
        folder = stub(version=version)
        job = TrivyJob(TrivyKind.FILES, str(tree), scanners=("vuln", "config", "secret"))
        run_trivy(program(folder, version), job, timeout_s=30)
        assert f"--scanners {word} " in (folder / "calls").read_text().splitlines()[-1]


def test_images_and_sboms_are_looked_into(stub: Any, tree: Path, scanned: Any) -> None:
    more = 'images = ["registry.example/chat:1.2.3"]\nsboms = ["sbom.cdx.json"]'
    (tree / "sbom.cdx.json").write_text("{}")
    folder = stub(results=[RESULTS["pip"] | {"Vulnerabilities": [JINJA]}])
    vulnerable, _, _ = scanned(trivy.SCANNER, tree, table(folder, more))
    calls = [line.split() for line in (folder / "calls").read_text().splitlines()]
    assert [(call[0], call[-1]) for call in calls] == [
        ("fs", str(tree)),
        ("image", "registry.example/chat:1.2.3"),
        ("sbom", str(tree / "sbom.cdx.json")),
    ]
    assert "--scanners" not in calls[2]
    places = sorted(each.flaw.place.uri for _, each in vulnerable.scan.merged)
    assert places == [
        "oci://registry.example/chat:1.2.3/requirements.txt",
        "requirements.txt",
        "sbom.cdx.json#requirements.txt",
    ]
    assert vulnerable.measurement.value == 3


def test_an_sbom_that_is_not_there_is_an_error(stub: Any, tree: Path, scanned: Any) -> None:
    outcomes = scanned(trivy.SCANNER, tree, table(stub(), 'sboms = ["none.json"]'))
    assert outcomes[0].status is Status.ERROR
    assert "none.json is not there" in outcomes[0].reason


def test_what_the_configuration_excludes_does_not_count(
    stub: Any, tree: Path, scanned: Any
) -> None:
    folder = stub(results=[RESULTS["pip"] | {"Vulnerabilities": [JINJA]}, RESULTS["docker"]])
    more = 'exclude = ["requirements.txt", "deploy/old"]'
    vulnerable, misconfigured, _ = scanned(trivy.SCANNER, tree, table(folder, more))
    assert vulnerable.status is Status.NOT_ASSESSED
    assert misconfigured.status is Status.PASS
    call = (folder / "calls").read_text()
    assert "--skip-dirs **/requirements.txt" in call
    assert "--skip-dirs deploy/old" in call


def test_a_missing_trivy_is_not_assessed_and_says_how_to_get_it(tree: Path, scanned: Any) -> None:
    outcomes = scanned(trivy.SCANNER, tree, '[security]\ntrivy = "./none"\n')
    assert {each.status for each in outcomes} == {Status.NOT_ASSESSED}
    assert "https://trivy.dev" in outcomes[0].reason


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ("exit 1", "ended with code 1 and no report"),
        ("echo 'FATAL failed to download vulnerability DB' >&2; exit 1", "its database"),
        ("kill -9 $$", "trivy"),
        (WRITE + "; exit 1", "ended with code 1"),
        ("exit 0", "printed nothing"),
        ('head -c 30 "$here/report.json" > "$out"', "no whole JSON report"),
        ('echo "{\\"SchemaVersion\\": 1}" > "$out"', "schema version 1"),
        ("echo WARN something; echo '[WARN] more'", "no whole JSON report"),
    ],
)
def test_a_trivy_that_breaks_is_an_error(
    stub: Any, tree: Path, scanned: Any, action: str, said: str
) -> None:
    outcomes = scanned(trivy.SCANNER, tree, table(stub(action)))
    assert {each.status for each in outcomes} == {Status.ERROR}
    assert said in outcomes[0].reason


def test_a_report_on_standard_output_with_warnings_before_it_is_read(stub: Any, tree: Path) -> None:
    folder = stub('echo "WARN old"; cat "$here/report.json"', results=RESULTS.values())
    report = run_trivy(program(folder), TrivyJob(TrivyKind.FILES, str(tree)), timeout_s=30)
    assert report.targets[Class.VULNERABILITY] == ("requirements.txt",)


def test_a_trivy_that_hangs_is_ended(stub: Any, tree: Path) -> None:
    folder = stub("sleep 600")
    with pytest.raises(ScannerError, match="trivy"):
        run_trivy(program(folder), TrivyJob(TrivyKind.FILES, str(tree)), timeout_s=0.2)


def test_a_release_that_nobody_knows_is_refused(stub: Any, tree: Path, scanned: Any) -> None:
    for version in ("0.36.1", "1.0.0"):
        outcomes = scanned(trivy.SCANNER, tree, table(stub(version=version)))
        assert outcomes[0].status is Status.ERROR
        assert f"trivy is version {version}" in outcomes[0].reason


def test_an_image_cannot_be_an_option(stub: Any) -> None:
    for name in ("--config=/tmp/x", ""):
        with pytest.raises(UsageError, match="hyphen"):
            run_trivy(program(stub()), TrivyJob(TrivyKind.IMAGE, name), timeout_s=30)


def test_settings_in_the_environment_do_not_reach_it(
    stub: Any, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRIVY_SEVERITY", "LOW")
    monkeypatch.setenv("TRIVY_CACHE_DIR", "/var/cache/trivy")
    folder = stub('env > "$here/env"; ' + WRITE)
    run_trivy(program(folder), TrivyJob(TrivyKind.FILES, str(tree)), timeout_s=30)
    seen = (folder / "env").read_text()
    assert "TRIVY_SEVERITY" not in seen
    assert "TRIVY_CACHE_DIR=/var/cache/trivy" in seen


def test_another_secret_is_another_finding_under_a_key(
    stub: Any, tree: Path, scanned: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    leak = {"RuleID": "aws-access-key-id", "Severity": "CRITICAL", "StartLine": 2, "Title": "key"}
    folder = stub(results=[{"Target": "deploy.sh", "Class": "secret", "Secrets": [leak]}])

    def identity(secret: str) -> str:
        (tree / "deploy.sh").write_text(f"#!/bin/sh\nKEY={secret}\n")
        *_, outcome = scanned(trivy.SCANNER, tree, table(folder))
        [found] = [f.flaw for _, f in outcome.scan.merged]
        return found.fingerprint

    assert identity("one") == identity("two")
    monkeypatch.setenv("CLINIGATE_FINDINGS_KEY", "of-the-team")
    assert identity("one") != identity("two")
    assert identity("one") == identity("one")


def test_severities_follow_the_demand() -> None:
    assert severities_from(FlawSeverity.HIGH) == ("CRITICAL", "HIGH")
    assert severities_from(FlawSeverity.LOW) == ("CRITICAL", "HIGH", "MEDIUM", "LOW", "UNKNOWN")
