"""Our own pipeline is held to what we ask of others."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))

_USES = re.compile(r"^\s*(?:- )?uses:\s*(\S+)", re.M)
_PINNED = re.compile(r"[\w./-]+@[0-9a-f]{40}")


def linted(workflow: Path) -> subprocess.CompletedProcess[str]:
    """What zizmor says of a workflow, without asking anybody."""
    command = [BIN / "zizmor", "--offline", "--no-progress", "--persona", "pedantic", workflow]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_are_sound(workflow: Path) -> None:
    """No finding of zizmor, a valid form, and every action by its commit."""
    found = linted(workflow)
    assert found.returncode == 0, found.stdout
    schema = [BIN / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", workflow]
    subprocess.run(schema, check=True, capture_output=True)
    used = _USES.findall(workflow.read_text(encoding="utf-8"))
    assert used
    assert all(_PINNED.fullmatch(action) for action in used)


def test_an_injected_title_is_found(tmp_path: Path) -> None:
    """The linter does find what it is there for: a pull request's title run as a shell command."""
    sound = WORKFLOWS[0].read_text(encoding="utf-8")
    flawed = sound.replace(
        "run: sudo --preserve-env=PATH .ci/run",
        'run: echo "${{ github.event.pull_request.title }}"',
    )
    assert flawed != sound
    workflow = tmp_path / "ci.yml"
    workflow.write_text(flawed, encoding="utf-8")
    found = linted(workflow)
    assert found.returncode != 0
    assert "template-injection" in found.stdout
