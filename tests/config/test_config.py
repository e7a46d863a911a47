"""A configuration is found, read strictly, and refused in one sentence that names the field."""

from __future__ import annotations

from pathlib import Path

import pytest

from clinigate.config.loader import find_config, load_config
from clinigate.errors import ConfigError


def write(folder: Path, text: str, name: str = "clinigate.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_without_a_file_the_defaults_stand(tmp_path: Path) -> None:
    loaded = load_config(start=tmp_path)
    assert loaded.config.target is None
    assert loaded.root == tmp_path / ".clinigate"


def test_the_nearest_file_above_is_taken(tmp_path: Path) -> None:
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    write(tmp_path, '[subject]\nname = "outer"')
    assert load_config(start=below).config.subject.name == "outer"
    write(tmp_path / "a", '[tool.clinigate.subject]\nname = "inner"', "pyproject.toml")
    assert load_config(start=below).config.subject.name == "inner"


def test_a_project_without_our_table_is_passed_over(tmp_path: Path) -> None:
    write(tmp_path, "[tool.other]\nx = 1", "pyproject.toml")
    assert find_config(tmp_path) is None


def test_the_environment_names_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = write(tmp_path, '[subject]\nname = "named"', "other.toml")
    monkeypatch.setenv("CLINIGATE_CONFIG", str(elsewhere))
    assert load_config(start=Path("/")).config.subject.name == "named"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[subjekt]\nname = "x"', "clinigate.toml: unknown key 'subjekt'; did you mean 'subject'?"),
        (
            '[subject]\nname = "x"\nintended_us = "y"',
            "unknown key 'subject.intended_us'; did you mean 'intended_use'?",
        ),
        ("[subject]\nversion = '1'", "'subject.name' is missing; add it"),
        (
            '[target]\nkind = "http"\nbase_url = "https://x"\n[target.chat]\npth = "/v1"',
            "unknown key 'target.chat.pth'; did you mean 'path'?",
        ),
        ('[target]\nkind = "htp"', "'target'"),
        ("[run]\nseed = -1", "'run.seed': input should be greater than or equal to 0"),
        ("[signing]\nkey = 'hunter2'", "'signing.key': must say where the key is"),
        ("[subject]\nname = 'x'\ndigests = {image = 'latest'}", "'subject.digests.image'"),
        ("[run\n", "is not TOML"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert message in str(caught.value)
    assert "hunter2" not in str(caught.value), "a misplaced secret is never echoed"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"clinigate\.toml: no such file"):
        load_config(tmp_path / "clinigate.toml")
