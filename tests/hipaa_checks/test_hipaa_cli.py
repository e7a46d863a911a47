"""`clinigate hipaa scan`: what it composes, and what counts at each compliance level."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from clinigate.cli import hipaa_parts
from clinigate.cli.app import run as clinigate
from clinigate.cli.hipaa_parts import SCAN_TYPES
from clinigate.cli.reference_hipaa import reference_attestations
from clinigate.hipaa.named import NAMED
from clinigate.phi import engine

YESTERDAY = datetime.now(UTC).date() - timedelta(days=1)
ATTESTATIONS = reference_attestations(YESTERDAY)
OFFICER = ATTESTATIONS.partition('[[attestation]]\ncontrol = "164.308(a)(5)(i)"')[0]
POLICY = """\
schema = "clinigate.policy/1"
name = "own"

[[criteria]]
id = "hipaa.security_officer"
demand = "required"

[[criteria]]
id = "hipaa.{name}"
demand = "{demand}"

[environments.development]
certifies = true
require_signed = false
"""


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("CLINIGATE_RUN", "CLINIGATE_KEY", "CLINIGATE_CONFIG"):
        monkeypatch.delenv(name, raising=False)


def attest(text: str) -> None:
    Path("hipaa-attestations.toml").write_text(text)


def scan(*arguments: str, kind: str = "attestations", level: str = "strict") -> int:
    words = ["--scan-type", kind, "--compliance-level", level]
    return clinigate(["hipaa", "scan", *words, *arguments])


def own_policy(name: str, demand: str) -> None:
    Path("policy.toml").write_text(POLICY.format(name=name, demand=demand))
    Path("clinigate.toml").write_text('[gate]\npolicy = "policy.toml"\n')


def test_all_is_attested(capsys: pytest.CaptureFixture[str]) -> None:
    attest(ATTESTATIONS)
    assert scan() == 0
    said = capsys.readouterr().out
    assert "compliance level strict: nothing counts against it" in said
    assert said.count("✓ PASS") + said.count("ok PASS") == 7


@pytest.mark.parametrize(("level", "code"), [("strict", 1), ("standard", 1), ("advisory", 1)])
def test_where_nothing_is_shown_nothing_is_passed(level: str, code: int) -> None:
    assert scan(level=level) == code


@pytest.mark.parametrize(("level", "code"), [("strict", 1), ("standard", 0), ("advisory", 0)])
def test_what_nobody_attests_counts_where_all_must_be_shown(
    level: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    attest(OFFICER)
    assert scan(level=level) == code
    told = "against compliance level strict: hipaa.workforce_training (NOT_ASSESSED)"
    assert (told in capsys.readouterr().out) is bool(code)


@pytest.mark.parametrize(
    ("demand", "level", "code"),
    [
        ("required", "standard", 1),
        ("required", "advisory", 0),
        ("no-fail", "standard", 0),
        ("report", "strict", 1),
    ],
)
def test_what_the_policy_requires_counts(demand: str, level: str, code: int) -> None:
    attest(OFFICER)
    own_policy("device_controls", demand)
    assert scan(level=level) == code


@pytest.mark.parametrize(("level", "code"), [("strict", 1), ("standard", 1), ("advisory", 0)])
def test_a_changed_document_fails(level: str, code: int) -> None:
    Path("policy.txt").write_text("changed")
    digest = hashlib.sha256(b"attested").hexdigest()
    attest(ATTESTATIONS + f'document = "policy.txt"\nsha256 = "{digest}"\n')
    assert scan(level=level) == code


def test_a_malformed_file_is_no_pass_at_any_level(capsys: pytest.CaptureFixture[str]) -> None:
    attest("[[attestation]]\n")
    assert scan(level="advisory") == 1
    assert "'attestation.0.control' is missing" in " ".join(capsys.readouterr().out.split())


def test_the_service_is_looked_at_when_asked(capsys: pytest.CaptureFixture[str]) -> None:
    attest(ATTESTATIONS)
    assert scan(kind="service", level="standard") == 0
    said = " ".join(capsys.readouterr().out.split())
    assert all(named.metric in said for named in NAMED.values())
    assert "needs a service over HTTP" in said


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["gone"], "'gone' does not exist"),
        (["--scan-type", "all"], "'comprehensive'"),
        (["--compliance-level", "lax"], "'strict'"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert clinigate(["hipaa", "scan", *arguments]) == 4
    assert told in capsys.readouterr().err
    assert not Path(".clinigate").exists()


def test_the_tests_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert clinigate(["hipaa", "tests"]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in listed] == [
        [named.name, named.check] for named in NAMED.values()
    ]


def test_a_strict_scan_in_which_nobody_looked_for_identifiers_is_no_pass(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("clinigate.toml").write_text('[phi]\nengine = "presidio"\n')
    monkeypatch.setattr(engine, "presidio_version", lambda: None)
    parts = (hipaa_parts._phi, hipaa_parts._attestations)
    monkeypatch.setitem(hipaa_parts.SCAN_TYPES, "comprehensive", parts)
    attest(ATTESTATIONS)
    assert scan(".", kind="comprehensive", level="standard") == 0
    assert scan(".", kind="comprehensive") == 1
    assert "phi.files.identifiers (NOT_ASSESSED)" in " ".join(capsys.readouterr().out.split())


POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: chat
  namespace: therapy
spec:
  containers:
    - name: chat
      image: registry.example/chat:latest
      securityContext:
        privileged: true
"""


def test_a_comprehensive_scan_looks_everywhere(capsys: pytest.CaptureFixture[str]) -> None:
    """A flaw in each: code, manifest, identifier, attestation."""
    Path("clinigate.toml").write_text('[security]\nscanners = ["bandit"]\n')
    Path("deploy").mkdir()
    Path("deploy/pod.yaml").write_text(POD)
    Path("start.py").write_text(
        "import subprocess, sys\nsubprocess.call(sys.argv[1], shell=True)\n"
    )
    Path("notes.txt").write_text("Patient SSN: 536-22-8741\nmail a@example.com\n")
    Path("policy.txt").write_text("changed")
    digest = hashlib.sha256(b"attested").hexdigest()
    attest(ATTESTATIONS + f'document = "policy.txt"\nsha256 = "{digest}"\n')
    assert set(SCAN_TYPES) > {"security", "platform", "phi", "attestations"}
    assert scan(".", kind="comprehensive") == 1
    said = capsys.readouterr().out
    assert "536-22-8741" not in said
    # What is nobody's is not open.
    assert "INFO CG-PHI-EMAIL" not in said
    against = said[said.rindex("counts against compliance level strict") :]
    for criterion in (
        "security.sast.high (FAIL)",
        "platform.images (FAIL)",
        "platform.privileges (FAIL)",
        "phi.files.identifiers (FAIL)",
        "hipaa.device_controls (FAIL)",
    ):
        assert criterion in against
    assert "hipaa.security_officer" not in against
    assert "B602" in said
