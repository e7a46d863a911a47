"""checkov itself: a clean tree passes, a planted flaw fails and says why, and what it would not
have said (a broken manifest, a chart without helm) forbids a pass.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clinigate.core.flaw import FlawSeverity
from clinigate.core.verdict import Status
from clinigate.errors import ConfigError
from clinigate.findings.model import ScanResult
from clinigate.findings.observe import census
from clinigate.findings.programs import Program
from clinigate.findings.troubles import ScannerError
from clinigate.security.criteria import criterion_of
from clinigate.security.scanner import metric_of
from clinigate.security.scanners import checkov, dependencies
from clinigate.security.scanners.checkov import CheckovJob, scan_checkov

_BESIDE = Path(__file__).parents[2] / ".venv-iac" / "bin" / "checkov"
CHECKOV = str(_BESIDE) if _BESIDE.exists() else shutil.which("checkov")

CLEAN_DOCKERFILE = """\
FROM python:3.11.9-slim
RUN useradd --create-home app
USER app
HEALTHCHECK CMD ["python", "-c", "print()"]
"""
CLEAN_POD = """\
apiVersion: v1
kind: Pod
metadata: {name: chat, namespace: therapy, labels: {owner: us}}
spec:
  automountServiceAccountToken: false
  securityContext: {runAsNonRoot: true, runAsUser: 10001, seccompProfile: {type: RuntimeDefault}}
  containers:
    - name: chat
      image: registry.example/chat:1.2.3@sha256:%s
      imagePullPolicy: Always
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities: {drop: [ALL]}
      resources: {requests: {cpu: 1, memory: 1Gi}, limits: {cpu: 1, memory: 1Gi}}
      livenessProbe: {httpGet: {path: /health, port: 8443}}
      readinessProbe: {httpGet: {path: /ready, port: 8443}}
""" % ("0" * 64)
PRIVILEGED_POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: chat
  namespace: therapy
  annotations: {checkov.io/skip1: "CKV_K8S_22=later"}
spec:
  containers:
    - name: chat
      image: registry.example/chat:1.2.3
      securityContext: {privileged: true}
"""
OWNER_POLICY = """\
metadata:
  id: CKV2_OWN_1
  name: Pods carry an owner
  category: GENERAL_SECURITY
  severity: HIGH
  guideline: https://example.org/owner
definition: {cond_type: attribute, resource_types: [Pod], attribute: metadata.labels.owner, operator: exists}
"""  # noqa: E501 - one line of YAML

needs_checkov = pytest.mark.skipif(CHECKOV is None, reason="checkov is not installed (extra iac)")


def files_of(base: Path) -> list[tuple[Path, str]]:
    return [(p, p.relative_to(base).as_posix()) for p in sorted(base.rglob("*")) if p.is_file()]


@pytest.fixture(scope="module")
def flawed(tmp_path_factory: pytest.TempPathFactory) -> ScanResult:
    base = tmp_path_factory.mktemp("flawed")
    for name, text in {
        "clean/Dockerfile": CLEAN_DOCKERFILE,
        "clean/pod.yaml": CLEAN_POD,
        "clean/variables.tf": 'variable "region" {}\n',
        "docker/Dockerfile": "FROM python:latest\nUSER root\n",
        "docker/Containerfile": "FROM python:latest\nUSER root\n",
        "deploy/pod.yaml": PRIVILEGED_POD,
        "deploy/broken.yaml": "apiVersion: v1\nkind: Pod\nspec: [\n",
        "infra/bucket.tf": 'resource "aws_s3_bucket" "records" {\n  bucket = "records"\n}\n',
        "infra/broken.tf": 'resource "aws_s3_bucket" {{{\n',
        ".checkov.yaml": "skip-check: [CKV_K8S_16]\n",
        "policies/owner.yaml": OWNER_POLICY,
    }.items():
        path = base / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    job = CheckovJob(files_of(base), policies=[base / "policies"])
    return scan_checkov(Program("checkov", (CHECKOV,), ""), job, timeout_s=120)


def part_of(scan: ScanResult, folder: str) -> Status:
    """What the criterion says of the files below a folder: checkov starts for seconds, so once."""

    def below(uri: str) -> bool:
        return uri.startswith(folder)

    part = replace(
        scan,
        units=tuple(filter(below, scan.units)),
        excluded=tuple(each for each in scan.excluded if below(each.unit)),
        findings=tuple(each for each in scan.findings if below(each.flaw.place.uri)),
    )
    [topic] = checkov.SCANNER.topics
    metric = metric_of(topic, FlawSeverity.HIGH)
    measured = census(metric, part, at_least=FlawSeverity.HIGH)
    return criterion_of(topic, FlawSeverity.HIGH).judge(measured).status


@needs_checkov
def test_a_clean_tree_passes_and_each_flawed_one_fails(flawed: ScanResult) -> None:
    assert {
        name: part_of(flawed, f"{name}/") for name in ("clean", "docker", "deploy", "infra")
    } == {
        "clean": Status.PASS,
        "docker": Status.FAIL,
        "deploy": Status.FAIL,
        "infra": Status.FAIL,
    }


@needs_checkov
def test_planted_flaws_are_found_where_they_are(flawed: Any) -> None:
    grave = {
        (each.flaw.rule, str(each.flaw.place.uri))
        for each in flawed.findings
        if each.flaw.severity.at_least(FlawSeverity.HIGH)
    }
    assert {
        ("CKV_DOCKER_8", "docker/Dockerfile"),
        ("CKV_K8S_16", "deploy/pod.yaml"),
        ("CKV2_AWS_6", "infra/bucket.tf"),
        ("CKV2_OWN_1", "deploy/pod.yaml"),
    } <= grave
    assert flawed.version.startswith("3.")
    assert {unit for unit in flawed.units if not unit.startswith("clean/")} == {
        "docker/Dockerfile",
        "docker/Containerfile",
        "deploy/pod.yaml",
        "infra/bucket.tf",
    }


@needs_checkov
def test_what_checkov_cannot_read_is_excluded(flawed: Any) -> None:
    assert {each.unit: each.reason for each in flawed.excluded} == {
        "deploy/broken.yaml": "no YAML at line 4",
        "infra/broken.tf": "checkov cannot parse it as terraform",
    }


@needs_checkov
def test_a_skip_annotation_accepts_nothing_for_ever(flawed: Any) -> None:
    [skipped] = [each for each in flawed.findings if "checkov:skip" in each.message]
    assert skipped.flaw.rule == "CKV_K8S_22"
    assert skipped.is_open


@needs_checkov
def test_the_file_that_a_finding_names_is_the_one_in_the_project(flawed: ScanResult) -> None:
    found = [each for each in flawed.findings if each.flaw.rule == "CKV_DOCKER_8"]
    assert [(str(each.flaw.place), each.message) for each in found] == [
        (f"{name}:2 (USER)", f"{name}: Ensure the last USER is not root")
        for name in ("docker/Containerfile", "docker/Dockerfile")
    ]
    assert all(each.flaw.help_uri.startswith("https://") for each in found)


def test_a_missing_checkov_is_not_assessed_and_says_how_to_get_it(
    project: Any, scanned: Any
) -> None:
    base = project({"Dockerfile": CLEAN_DOCKERFILE})
    [outcome] = scanned(checkov.SCANNER, base, '[security]\ncheckov = "./no/checkov"\n')
    assert outcome.status is Status.NOT_ASSESSED
    assert "pipx install 'checkov>=3.3,<4'" in outcome.reason


def test_without_infrastructure_nothing_is_run_and_nothing_passes(
    project: Any, scanned: Any
) -> None:
    base = project({"app.py": "print()", "checkov": "#!/bin/sh\nexit 7\n"})
    (base / "checkov").chmod(0o755)
    [outcome] = scanned(checkov.SCANNER, base, '[security]\ncheckov = "./checkov"\n')
    assert outcome.status is Status.NOT_ASSESSED
    assert "no Terraform" in outcome.reason


def test_policies_that_would_not_load_are_refused(project: Any, scanned: Any) -> None:
    base = project({"Dockerfile": CLEAN_DOCKERFILE, "own/x.py": "", "checkov": "#!/bin/sh\n"})
    (base / "checkov").chmod(0o755)
    table = '[security]\ncheckov = "./checkov"\ncheckov_policies = ["own"]\n'
    with pytest.raises(ConfigError, match="no __init__"):
        scanned(checkov.SCANNER, base, table)


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("exit 2", "ended with code 2"),
        ("exit 0", "printed nothing"),
        ('echo "[{"; exit 0', "no whole JSON report"),
        ("kill -9 $$", "checkov"),
        (
            """echo '{"passed": 0, "checkov_version": "2.5.20"}'""",
            "checkov is version 2.5.20; 3 and later are known here",
        ),
    ],
)
def test_a_checkov_that_breaks_is_an_error(
    project: Any, scanned: Any, script: str, said: str
) -> None:
    base = project({"Dockerfile": CLEAN_DOCKERFILE, "checkov": f"#!/bin/sh\n{script}\n"})
    (base / "checkov").chmod(0o755)
    [outcome] = scanned(checkov.SCANNER, base, '[security]\ncheckov = "./checkov"\n')
    assert outcome.status is Status.ERROR
    assert said in outcome.reason


def test_it_runs_without_account_or_settings(project: Any, monkeypatch: Any) -> None:
    stub = '#!/bin/sh\nenv > "$OUT"\npwd >> "$OUT"\necho "$@" >> "$OUT"\necho \'{"checkov_version": "3.3.0"}\'\n'  # noqa: E501 - a script
    base = project({"Dockerfile": CLEAN_DOCKERFILE, "checkov": stub})
    (base / "checkov").chmod(0o755)
    monkeypatch.setenv("BC_API_KEY", "key-of-an-account")
    monkeypatch.setenv("OUT", str(base / "seen"))
    program = Program("checkov", (str(base / "checkov"),), "")
    scan = scan_checkov(program, CheckovJob([(base / "Dockerfile", "Dockerfile")]), timeout_s=30)
    seen = (base / "seen").read_text()
    assert "key-of-an-account" not in seen
    assert f"\n{base}\n" not in seen
    assert "--skip-download" in seen
    # The stub said nothing of the Dockerfile: it was not looked at.
    assert [each.unit for each in scan.excluded] == ["Dockerfile"]


def test_a_file_whose_name_is_no_text_is_excluded(project: Any, scanned: Any) -> None:
    script = """echo '{"checkov_version": "3.3.0"}'"""
    base = project({"main.tf": "", "requirements.txt": "", "checkov": f"#!/bin/sh\n{script}\n"})
    (base / "checkov").chmod(0o755)
    for name in (b"\xff.tf", b"\xff-requirements.txt"):
        (Path(os.fsdecode(os.fsencode(base) + b"/" + name))).write_bytes(b"")
    for scanner, table in (
        (checkov.SCANNER, 'checkov = "./checkov"'),
        (dependencies.SCANNER, 'advisories = "clinigate.toml"'),
    ):
        [outcome] = scanned(scanner, base, f"[security]\n{table}\n")
        assert outcome.status is Status.INCONCLUSIVE
        assert "its name is no text" in " ".join(outcome.measurement.caveats)
        assert outcome.measurement.caveats[-1].isascii()


def test_a_checkov_that_hangs_is_ended(project: Any) -> None:
    base = project({"Dockerfile": CLEAN_DOCKERFILE, "checkov": "#!/bin/sh\nsleep 600\n"})
    (base / "checkov").chmod(0o755)
    program = Program("checkov", (str(base / "checkov"),), "")
    with pytest.raises(ScannerError, match="checkov"):
        scan_checkov(program, CheckovJob([(base / "Dockerfile", "Dockerfile")]), timeout_s=0.2)
