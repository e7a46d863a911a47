"""The suite that ships runs against a target's scoring, and a fault fails its own test."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CONFIG = """\
[subject]
name = "scores"
version = "1"

[target]
kind = "python"
function = "service:reply"

[target.scoring]
function = "service:score"
instruments = ["gad7", "who5", "ucla3"]

[run]
root = "evidence"
"""

#: WHO-5 read as if a high total were bad news.
SERVICE = """\
FORMS = {"gad7": (7, 0, 3), "who5": (5, 0, 5), "ucla3": (3, 1, 3)}
BANDS = ("minimal", "mild", "moderate", "severe", "severe")


def reply(text):
    return "I hear you."


def score(name, answers):
    items, lowest, highest = FORMS[name]
    if len(answers) != items:
        raise ValueError("so many answers nobody has")
    for answer in answers:
        if not isinstance(answer, int) or not lowest <= answer <= highest:
            raise ValueError("no such answer")
    total = sum(answers)
    if name == "gad7":
        return {"total": total, "band": BANDS[total // 5], "positive": total >= 10}
    return {"total": total, "positive": total >= 13 if name == "who5" else total >= 4}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "clinigate.toml").write_text(CONFIG)
    (tmp_path / "service.py").write_text(SERVICE)
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -p no:cacheprovider\n")
    return tmp_path


def test_the_suite_runs_from_the_package(project: Path) -> None:
    """`pytest --pyargs clinigate.suites.instruments`, as docs/instruments.md has it."""
    command = [sys.executable, "-m", "pytest", "--pyargs", "clinigate.suites.instruments", "-rfs"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CLINIGATE_")}
    done = subprocess.run(command, cwd=project, env=kept, capture_output=True, text=True)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 failed, 2 passed, 1 skipped" in done.stdout
    (failed,) = [line for line in done.stdout.splitlines() if line.startswith("FAILED")]
    assert "test_who5_is_scored" in failed
    assert "wrong among 7776 looked at; it breaks the limit '<= 0'" in done.stdout
    assert "WHO-5: screen positive, negative given" in done.stdout
    assert "the target scores no phq9, only gad7, ucla3, who5" in done.stdout
