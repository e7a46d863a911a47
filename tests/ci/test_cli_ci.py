"""`clinigate ci` prints a pipeline or writes it where the runner looks for it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from clinigate.ci.render import PLACES, PLATFORMS
from clinigate.cli.app import run
from clinigate.cli.exits import ExitCode


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CLINIGATE_CONFIG", raising=False)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_it_is_printed_and_nothing_is_written(
    platform: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["ci", platform]) == ExitCode.OK
    assert f"`clinigate ci {platform}`" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("platform", PLATFORMS)
def test_it_is_written_to_its_place_with_the_script_it_calls(platform: str, tmp_path: Path) -> None:
    assert run(["ci", platform, "--write", "--out", str(tmp_path / "repo")]) == ExitCode.OK
    assert (tmp_path / "repo" / PLACES[platform]).is_file()
    assert os.access(tmp_path / "repo" / "deploy" / "clinigate-rollout.sh", os.X_OK)


def test_nothing_is_overwritten_unless_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "Jenkinsfile").write_text("mine")
    assert run(["ci", "jenkins", "--write"]) == ExitCode.USAGE
    assert "Jenkinsfile exist(s) already" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["Jenkinsfile"]
    assert run(["ci", "jenkins", "--write", "--force"]) == ExitCode.OK
    assert (tmp_path / "Jenkinsfile").read_text() != "mine"


def test_what_the_configuration_says_is_taken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "clinigate.toml").write_text('[gate]\npolicy = "ours.toml"\n')
    run(["ci", "github"])
    said = capsys.readouterr().out
    assert "&& 'ours.toml'" in said
    run(["ci", "github", "--policy", "default"])
    assert "&& 'default'" in capsys.readouterr().out


def test_a_team_s_own_stages_are_what_the_jobs_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stages = [("scan", "security"), ("care", "clinical"), ("data", "phi"), ("speed", "performance")]
    (tmp_path / "clinigate.toml").write_text(
        "\n".join(f'[[stage]]\nname = "{name}"\nuses = "{uses}"' for name, uses in stages)
    )
    run(["ci", "gitlab"])
    said = capsys.readouterr().out
    assert "set -- --stage scan --stage data\n" in said
    assert "set -- --stage care --stage speed\n" in said
    assert said.count("clinigate run --keep-going") == 2
    assert "pytest" not in said


def test_a_stage_goes_to_the_job_of_what_it_needs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "clinigate.toml").write_text(
        '[[stage]]\nname = "scan"\nuses = "security"\n'
        '[[stage]]\nname = "tests"\nrun = ["make", "test"]\n'
        '[[stage]]\nname = "coverage"\nuses = "quality"\nneeds = ["tests"]\n'
        '[[stage]]\nname = "files"\nuses = "phi"\nneeds = ["scan"]\n'
    )
    run(["ci", "gitlab"])
    said = capsys.readouterr().out
    assert "set -- --stage scan --stage files\n" in said
    assert "set -- --stage tests --stage coverage\n" in said


def test_a_choice_that_could_be_code_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ci", "github", "--branch", "main; id"]) == ExitCode.USAGE
    assert "branch: got 'main; id'" in capsys.readouterr().err
