"""What pytest tells of a failing test holds no identifier: in the terminal and in `--junitxml`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

CONFIG = '[subject]\nname = "tiny"\nversion = "1"\n\n[gate]\npolicy = "policy.toml"\n'
POLICY = """\
schema = "clinigate.policy/1"
name = "tiny"

[[criteria]]
id = "emotion.accuracy"
demand = "required"

[environments.development]
certifies = true
require_signed = false
"""
#: Each test lets an identifier out by another way.
TESTS = """\
import base64
import logging
import sys

import pytest

WHO = "jane.doe" + "@" + "example.org"
SSN = "-".join(["219", "09", "9999"])


def test_sides():
    assert {"mail": WHO, "ssn": SSN} == {}


def test_printed():
    print("patient", WHO)
    print("social", SSN, file=sys.stderr)
    logging.getLogger().warning("seen %s", WHO)
    assert base64.b64encode(("mail " + WHO).encode()).decode() == ""


def called(who, password="hunter2hunter2"):
    local = {"mrn": "MRN: 4471234"}
    raise ValueError(f"no consent of {who}")


def test_raised():
    try:
        called(WHO)
    except ValueError as error:
        raise RuntimeError(f"while asking {SSN}") from error


@pytest.fixture
def broken():
    raise KeyError(WHO)


def test_fixture(broken):
    pass


def test_skipped():
    pytest.skip(f"{WHO} is away")


def test_properties(record_property):
    record_property("who", WHO)
    record_property("ssn", 219_099_000 + 999)
    print("crisis line 988, 800-273-8255")
    assert False, "it answered in 250 ms"
"""
CODED = "bWFpbCBqYW5lLmRvZUBleGFtcGxlLm9yZw=="
LEAKS = ("jane.doe@", "219-09-9999", "219099999", "hunter2", "4471234", CODED)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "clinigate.toml").write_text(CONFIG)
    (tmp_path / "policy.toml").write_text(POLICY)
    (tmp_path / "test_leaking.py").write_text(TESTS)
    return tmp_path


def shown(project: Path, *options: str) -> str:
    """All that pytest writes, and the file that it writes for CI."""
    found = subprocess.run(
        [sys.executable, "-m", "pytest", "--junitxml=junit.xml", "-ra", *options],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "internal error" not in found.stdout.lower() + found.stderr.lower(), found.stderr
    return found.stdout + found.stderr + (project / "junit.xml").read_text()


@pytest.mark.parametrize(
    "style", [[], ["--showlocals"], ["--tb=short"], ["--tb=native"], ["-n", "1"]], ids=" ".join
)
def test_nothing_gets_out_in_an_evaluation(project: Path, style: list[str]) -> None:
    told = shown(project, "--clinical-grade", *style)
    assert "5 failed" in told or "4 failed" in told, told
    for leak in LEAKS:
        assert leak not in told, leak
    assert "[PHI:" in told
    assert "[SECRET:" in told or "--showlocals" not in style
    assert "it answered in 250 ms" in told
    assert "800-273-8255" in told


def test_a_collection_that_fails_is_redacted_too(project: Path) -> None:
    (project / "test_broken.py").write_text('raise ValueError("-".join(["219", "09", "9999"]))\n')
    told = shown(project, "--clinical-grade")
    assert "219-09-9999" not in told
    assert "ValueError: [PHI:" in told


def test_a_session_that_evaluates_nothing_is_left_alone(project: Path) -> None:
    """Unless one of our options or fixtures is used, the plugin touches nothing."""
    assert "219-09-9999" in shown(project)
