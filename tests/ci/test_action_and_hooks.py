"""The GitHub Action and the pre-commit hooks at the repository's root are valid and work."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import check_jsonschema
import pytest
import yaml
from click.testing import CliRunner

from clinigate.cli.app import run

ROOT = Path(__file__).parents[2]
PROGRAMS = Path(sys.executable).parent
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
HOOKS: list[dict[str, Any]] = yaml.safe_load(
    (ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
)
STEPS = {each["name"]: each for each in ACTION["runs"]["steps"] if "name" in each}


def test_the_action_is_one_by_github_s_schema() -> None:
    arguments = ["--builtin-schema", "vendor.github-actions", str(ROOT / "action.yml")]
    said = CliRunner().invoke(check_jsonschema.main, arguments)
    assert said.exit_code == 0, said.output


def test_zizmor_finds_nothing_in_it() -> None:
    said = subprocess.run(
        [str(PROGRAMS / "zizmor"), "--offline", "--no-progress", "action.yml"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert said.returncode == 0, said.stdout


def test_inputs_are_data_and_actions_are_pinned() -> None:
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step.get("run", "")
        if "uses" in step:
            assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", step["uses"])
    assert not any("key" in name or "token" in name for name in ACTION["inputs"])


def step(name: str, folder: Path, code: int, **inputs: str) -> tuple[int, str]:
    """Run one step's script with a `clinigate` that writes down how it was called."""
    program = folder / "clinigate"
    program.write_text(
        '#!/bin/sh\nfor each; do printf "<%s>" "$each"; done >>calls\necho >>calls\n'
        f'test "$2" = last && {{ echo made >"$(eval echo \\$$#)" 2>/dev/null; }}\nexit {code}\n'
    )
    program.chmod(0o755)
    environ = {
        "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
        "GITHUB_OUTPUT": str(folder / "output"),
        "GITHUB_STEP_SUMMARY": str(folder / "summary"),
        **inputs,
    }
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", STEPS[name]["run"]],
        cwd=folder, env=environ, capture_output=True, check=False,
    )  # fmt: skip
    return done.returncode, (folder / "calls").read_text()


@pytest.mark.parametrize("code", [0, 1, 2, 3])
def test_the_gate_s_code_is_the_step_s(tmp_path: Path, code: int) -> None:
    given = {"STAGES": "", "PROFILE": "full", "POLICY": "", "ENVIRONMENT": ""}
    assert step("Evaluate and decide", tmp_path, code, **given) == (
        code,
        "<run><--keep-going><--profile><full>\n",
    )


def test_stages_are_words_and_the_rest_is_taken_as_it_is(tmp_path: Path) -> None:
    given = {
        "STAGES": "phi clinical",
        "PROFILE": "pr",
        "POLICY": "a b.toml; id",
        "ENVIRONMENT": "staging",
    }
    assert step("Evaluate and decide", tmp_path, 0, **given)[1] == (
        "<run><--keep-going><--profile><pr><--stage><phi><--stage><clinical>"
        "<--policy><a b.toml; id><--environment><staging>\n"
    )


def test_evidence_that_was_not_sealed_is_no_output(tmp_path: Path) -> None:
    code, _ = step("Evidence", tmp_path, 2, FOLDER=".")
    assert code == 0
    assert not (tmp_path / "output").exists()


def test_findings_are_of_the_bundle_and_of_no_file_that_lies_about(tmp_path: Path) -> None:
    exports = tmp_path / "planted" / "exports"
    exports.mkdir(parents=True)
    (exports / "results.sarif").write_text("nothing found")
    _, calls = step("Evidence", tmp_path, 0, FOLDER="app")
    assert "<report><last><--format><sarif><--out><clinigate-out/results.sarif>" in calls
    assert (tmp_path / "clinigate-out" / "results.sarif").read_text() == "made\n"
    assert (tmp_path / "output").read_text().splitlines() == [
        "bundle=app/clinigate-out/bundle.zip",
        "sarif=app/clinigate-out",
    ]


def test_hooks_install_what_the_extras_do() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = project["project"]["optional-dependencies"]
    wanted = {requirement for extra in ("phi", "security") for requirement in extras[extra]}
    for hook in HOOKS:
        assert set(hook["additional_dependencies"]) <= wanted
        assert hook["language"] == "python"
        assert hook["require_serial"] is True  # one run for all files, not one for each


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_a_hook_calls_a_command_that_there_is(hook: dict[str, Any]) -> None:
    program, *words = hook["entry"].split()
    assert program == "clinigate"
    assert run([*words, "--help"]) == 0


def test_the_security_hook_stops_a_weakness(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.py").write_text("import subprocess\nsubprocess.run(input(), shell=True)\n")
    words = next(hook for hook in HOOKS if hook["id"] == "clinigate-security")["entry"].split()[1:]
    assert run([*words, "bad.py"]) == 1
    assert "B602" in capsys.readouterr().out
