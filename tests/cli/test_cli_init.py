"""`clinigate init` writes what a team needs, byte for byte as it ships; it overwrites nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from clinigate.cli.exits import ExitCode
from clinigate.cli.init import FILES, IGNORED
from clinigate.config.loader import load_config


def test_what_is_written_is_what_ships(cli: Callable[..., Any], tmp_path: Path) -> None:
    said = cli("init", tmp_path / "project")
    assert (said.code, said.err) == (ExitCode.OK, "")
    for name, (package, resource) in FILES.items():
        written = (tmp_path / "project" / name).read_bytes()
        assert written == files(package).joinpath(*resource.split("/")).read_bytes()
        assert f"wrote {tmp_path / 'project' / name}" in said.out


def test_the_written_configuration_is_one(cli: Callable[..., Any], tmp_path: Path) -> None:
    """It loads as it stands, and names no secret."""
    cli("init", tmp_path)
    loaded = load_config(tmp_path / "clinigate.toml")
    assert loaded.config.target is not None
    assert loaded.config.target.kind == "http"
    assert loaded.config.signing.key == "env:CLINIGATE_KEY"


def test_what_the_written_configuration_says_of_hipaa_is_one_once_it_counts(tmp_path: Path) -> None:
    """Whoever takes the comment signs away has tables that load, people and patients among them."""
    text = files("clinigate.cli").joinpath("templates/clinigate.toml").read_text(encoding="utf-8")
    begin, end = text.index("# [hipaa]"), text.index("# [quality]")
    held = re.sub(r"^# (?=\[|[a-z_]+ = )", "", text[begin:end], flags=re.MULTILINE)
    written = tmp_path / "clinigate.toml"
    written.write_text(text[:begin] + held + text[end:], encoding="utf-8")
    hipaa = load_config(written).config.hipaa
    assert hipaa.test_environment
    assert hipaa.roles["clinician"].password_env == "CLINICIAN_PASSWORD"
    assert hipaa.patients is not None
    assert not hipaa.safety.allow_destructive
    left = [line for line in held.splitlines() if line.startswith("# ")]
    assert not [line for line in left if "=" in line or "[" in line], (
        "comments that are left explain"
    )


def test_what_the_written_configuration_says_of_evidence_is_one_once_it_counts(
    tmp_path: Path,
) -> None:
    text = files("clinigate.cli").joinpath("templates/clinigate.toml").read_text(encoding="utf-8")
    begin, end = text.index("# tsa_roots"), text.index("# What `clinigate chaos`")
    held = re.sub(r'^# (?=\[|"|[a-z_]+ = )', "", text[begin:end], flags=re.MULTILINE)
    written = tmp_path / "clinigate.toml"
    written.write_text(text[:begin] + held + text[end:], encoding="utf-8")
    config = load_config(written).config
    assert config.gate.tsa_roots == "tsa-roots.pem"
    assert config.signing.tsa is not None
    assert (config.retention.years, len(config.retention.hold)) == (6, 1)
    assert config.evidence.unscanned_because
    assert set(config.inputs) == {"prompt", "manifests"}
    assert config.risks.controls == {"crisis.*": ["RC-7"]}
    assert config.portal.port == 8642


def test_doctor_says_what_the_written_configuration_lacks(
    cli: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    cli("init")
    said = cli("doctor", "--offline")
    assert said.code == ExitCode.NOT_PASSED
    assert "trust.toml: no such trust file" in said.sentence


def test_keys_and_evidence_stay_out_of_the_repository(
    cli: Callable[..., Any], tmp_path: Path
) -> None:
    """What the file held before stays; what is there already is not added again."""
    ignore = tmp_path / ".gitignore"
    ignore.write_text("build/\n.clinigate/", encoding="utf-8")
    assert "added" in cli("init", tmp_path).out
    assert ignore.read_text(encoding="utf-8").splitlines() == ["build/", *IGNORED]
    assert "added" not in cli("init", tmp_path, "--force").out
    assert ignore.read_text(encoding="utf-8").splitlines() == ["build/", *IGNORED]


def test_nothing_is_overwritten_unless_asked_for(cli: Callable[..., Any], tmp_path: Path) -> None:
    """One file in the way and nothing at all is written."""
    mine = tmp_path / "clinigate.toml"
    mine.write_text("# mine\n", encoding="utf-8")
    said = cli("init", tmp_path)
    assert said.code == ExitCode.USAGE
    assert str(mine) in said.sentence
    assert "--force" in said.sentence
    assert [path.name for path in tmp_path.iterdir()] == ["clinigate.toml"]
    assert mine.read_text(encoding="utf-8") == "# mine\n"

    assert cli("init", tmp_path, "--force").code == ExitCode.OK
    assert mine.read_bytes() != b"# mine\n"


def test_a_folder_that_cannot_be_written_is_named(cli: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "tests").write_text("a file where a folder belongs", encoding="utf-8")
    said = cli("init", tmp_path)
    assert said.code == ExitCode.UNFINISHED
    assert f"{tmp_path / 'tests'}" in said.sentence
