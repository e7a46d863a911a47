"""What `clinigate init` writes for pipelines works under the names and spellings that they use."""

from __future__ import annotations

import os
import re
import runpy
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from clinigate.ci.options import Options
from clinigate.ci.pipeline import pipeline
from clinigate.cli.app import run
from clinigate.config.model import Config

SHIMS = {
    "benchmark/ai_performance.py": "bench ai",
    "benchmark/database_performance.py": "bench database",
    "scripts/production_validation.py": "validate-production",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("team")
    assert run(["init", str(made)]) == 0
    return made


@pytest.mark.parametrize(("name", "command"), SHIMS.items())
def test_a_shim_is_the_command(
    folder: Path, name: str, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the arguments that it was given."""
    called: list[list[str]] = []
    monkeypatch.setattr(sys, "argv", [name, "--one=1", "two"])
    monkeypatch.setattr("clinigate.cli.main", lambda: called.append(sys.argv[1:]))
    runpy.run_path(str(folder / name), run_name="__main__")
    assert called == [[*command.split(), "--one=1", "two"]]


def test_a_shim_starts_as_a_file(folder: Path) -> None:
    environ = {key: value for key, value in os.environ.items() if "CLINIGATE" not in key}
    said = subprocess.run(
        [sys.executable, "scripts/production_validation.py", "--help"],
        cwd=folder, env=environ, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "Usage: clinigate validate-production [OPTIONS]" in said.stdout


def test_pipelines_call_nothing_that_init_does_not_write(folder: Path) -> None:
    """Or that `clinigate ci --write` writes beside them."""
    lines = [line for job in pipeline(Options()).jobs for step in job.steps for line in step.lines]
    called = set(re.findall(r"(?:benchmark|scripts)/\w+\.py|tests/\w+", "\n".join(lines)))
    assert called
    assert not {name for name in called if not (folder / name).exists()}


def test_options_take_the_spelling_of_pipelines() -> None:
    (tests,) = [job for job in pipeline(Options()).jobs if job.id == "tests"]
    text = "\n".join(line for step in tests.steps for line in step.lines)
    for spelling in ("--latency-threshold=100ms", "--throughput-threshold=100rps"):
        assert spelling in text
        assert run(["bench", "ai", spelling, "--help"]) == 0


def test_the_tables_that_wait_behind_a_sign_are_tables(folder: Path) -> None:
    """Each `# [table]` of the written configuration can be switched on as it stands."""
    lines = (folder / "clinigate.toml").read_text(encoding="utf-8").splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("# [[stage]]"))
    tables = "\n".join(
        line.removeprefix("# ") for line in lines[start:] if re.match(r"# (\[|\w+ = )", line)
    )
    config = Config.model_validate(tomllib.loads(tables))
    assert [stage.name for stage in config.stage] == ["security", "clinical", "reference"]
    assert config.production.diversion is not None
