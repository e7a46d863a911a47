"""The sample project as its team uses it: sound, its gate opens; one flaw a category shuts it."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "companion"
#: Planted where it may not be; put together here, so that this file holds none.
SSN = "-".join(("536", "90", "4399"))
TODAY = dt.datetime.now(dt.UTC).date()


@dataclass(frozen=True)
class Flaw:
    """Something that a person does wrong, and what must notice it.

    Attributes:
        file: the file that is changed. old, new: what in it.
        criterion: the one criterion that must shut the gate. says: a part of its reason or finding.
    """

    file: str
    old: str
    new: str
    criterion: str
    says: str


FLAWS = {
    "security": Flaw(
        "companion/digest.py",
        "import json\n",
        'import json\nimport os\n\nos.popen("true " + __name__).close()\n',
        "security.sast.high",
        "B605",
    ),
    "dependencies": Flaw(
        "requirements.lock",
        "starlette==1.3.1",
        "starlette==0.36.0",
        "security.dependencies.high",
        "CVE-2024-47874",
    ),
    "platform": Flaw(
        "deploy/companion.yaml",
        "companion@sha256:6d1f3c8a4f2b7e90b5a0cbb7d9a1e5c3f4b2a69788d1c0e3f5a7b9c2d4e6f801",
        "companion:latest",
        "platform.images",
        "latest",
    ),
    "quality": Flaw(
        "companion/digest.py",
        "    return counts\n",
        "    return counts\n\n\ndef loud(n: int) -> str:\n"
        '    if n > 9:\n        return "many"\n    return "few" if n else "none"\n',
        "quality.branch_coverage",
        "0.9",
    ),
    "clinical": Flaw(
        "companion/service.py",
        '    return {"flag": read.crisis, "score": read.score}\n',
        '    return {"flag": read.score > 0.999999, "score": read.score}\n',
        "crisis.false_negative_rate",
        "breaks the limit",
    ),
    "hipaa": Flaw(
        "hipaa-attestations.toml",
        '"164.308(a)(5)(i)"\n',
        '"164.308(a)(5)(ii)(A)"\n',
        "hipaa.workforce_training",
        "nobody attests 164.308(a)(5)(i)",
    ),
    "phi": Flaw(
        "logs/staging.jsonl",
        '"conversation": "c-0002"',
        f'"conversation": "c-0002", "ssn": "{SSN}"',
        "phi.files.identifiers",
        "CG-PHI-SSN",
    ),
}  # fmt: skip


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The example, its dates as if it had been kept up to this day."""
    folder = tmp_path / "companion"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns(".*", "__pycache__"))
    shutil.copy(EXAMPLE / ".coveragerc", folder)
    attested = folder / "hipaa-attestations.toml"
    text = attested.read_text(encoding="utf-8")
    text = re.sub(r"(?m)^date = .*", f"date = {TODAY}", text)
    text = re.sub(r"(?m)^valid_until = .*", f"valid_until = {TODAY + dt.timedelta(days=365)}", text)
    attested.write_text(text, encoding="utf-8")
    advisories = folder / "advisories.json"
    text = re.sub(
        r'"modified": "[^"]*"', f'"modified": "{TODAY}T00:00:00Z"', advisories.read_text()
    )
    advisories.write_text(text, encoding="utf-8")
    return folder


def plant(project: Path, flaw: Flaw) -> None:
    path = project / flaw.file
    text = path.read_text(encoding="utf-8")
    assert flaw.old in text
    path.write_text(text.replace(flaw.old, flaw.new, 1), encoding="utf-8")


def run(project: Path) -> tuple[int, str, dict[str, Any]]:
    """Run all stages; return exit code, output, and the gate's decision."""
    environ = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    for name in ("CLINIGATE_RUN", "CLINIGATE_CONFIG", "CLINIGATE_KEY", "COVERAGE_PROCESS_START"):
        environ.pop(name, None)
    done = subprocess.run(
        [sys.executable, "-m", "clinigate", "run", "--profile", "pr", "--keep-going"],
        cwd=project, env=environ, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    (decision,) = project.glob(".clinigate/runs/*/exports/decision.json")
    return done.returncode, done.stdout + done.stderr, json.loads(decision.read_text())


def shut_by(decision: dict[str, Any]) -> set[str]:
    return {each["criterion"]["id"] for each in decision["criteria"] if each["effect"] == "shuts"}


@pytest.mark.acceptance
def test_the_sound_project_opens_the_gate(project: Path) -> None:
    """All stages of its own configuration, one run, one decision, one report."""
    code, output, decision = run(project)
    assert code == 0, output
    assert decision["opens"] is True
    exports = {path.name for path in project.glob(".clinigate/runs/*/exports/*")}
    assert {"report.html", "results.sarif", "junit.xml", "summary.md"} <= exports


@pytest.mark.acceptance
def test_each_flaw_shuts_the_gate_by_its_own_criterion(project: Path) -> None:
    """All flaws at once: each category's criterion shuts, for its own reason, and no other does."""
    for flaw in FLAWS.values():
        plant(project, flaw)
    code, output, decision = run(project)
    assert code == 1, output
    assert shut_by(decision) == {flaw.criterion for flaw in FLAWS.values()}
    for category, flaw in FLAWS.items():
        assert flaw.says in output, category
    assert SSN not in output
