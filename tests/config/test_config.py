"""A configuration is found, read strictly, and refused in one sentence that names the field."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from clinigate.config.loader import find_config, load_config
from clinigate.config.model import check_digest
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


def test_a_project_file_that_is_named_needs_our_table(tmp_path: Path) -> None:
    """Rather than be read as a configuration in which nothing stands."""
    path = write(tmp_path, "[project]\nname = 'x'", "pyproject.toml")
    with pytest.raises(ConfigError, match=r"pyproject\.toml: has no table \[tool\.clinigate\]"):
        load_config(path)
    assert load_config(write(tmp_path, "[tool.clinigate]", "pyproject.toml")).config.run.seed == 0


def test_messages_name_the_file_so_that_it_is_found(tmp_path: Path) -> None:
    """By its name here, by its path where it was found further up."""
    below = tmp_path / "a"
    below.mkdir()
    path = write(tmp_path, "")
    assert load_config(start=tmp_path).source == "clinigate.toml"
    assert load_config(start=below).source == str(path)
    assert load_config(start=Path("/")).source == "no clinigate.toml here or above"


def test_what_is_not_utf_8_is_told(tmp_path: Path) -> None:
    path = tmp_path / "clinigate.toml"
    path.write_bytes(b"[subject]\nname = '\xff'")
    with pytest.raises(ConfigError, match="is not UTF-8 text"):
        load_config(path)


def refusal(path: Path) -> str | None:
    """What is said of a file; None where it is a configuration."""
    try:
        load_config(path)
    except ConfigError as error:
        return str(error)
    return None


@given(data=st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
@example(data=b"a = " + b"[" * 5000)
@example(data=b"[gate]\npolicy = 1979-05-27")
@example(data=b"target = []\nrun = 3")
def test_any_file_is_a_configuration_or_one_sentence(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    """Nothing that stands in a file brings another exception than ours."""
    path = tmp_path_factory.mktemp("any") / "clinigate.toml"
    path.write_bytes(data)
    sentence = refusal(path)
    assert sentence is None or str(path) in sentence


TABLES = ("subject", "target", "run", "packs", "gate", "signing", "other")
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=8),
    st.lists(st.text(max_size=4), max_size=2), st.just("secret-token"),
)  # fmt: skip


@given(
    tables=st.dictionaries(
        st.sampled_from(TABLES),
        st.dictionaries(st.sampled_from(["name", "kind", "seed", "policy", "key", "x"]), VALUES),
    )
)
def test_any_values_are_a_configuration_or_one_sentence(
    tmp_path_factory: pytest.TempPathFactory, tables: dict[str, dict[str, object]]
) -> None:
    """One line, which names the file and never a value: that may be a misplaced secret."""
    lines = [
        line
        for name, table in tables.items()
        for line in (
            f"[{name}]",
            *(f"{k} = {json.dumps(v)}" for k, v in table.items() if v is not None),
        )
    ]
    path = write(tmp_path_factory.mktemp("any"), "\n".join(lines))
    sentence = refusal(path) or ""
    assert "secret-token" not in sentence
    assert len(sentence.splitlines()) <= 1


@pytest.mark.parametrize(
    "text",
    [
        f"sha256:{'a' * 64}",
        f"sha384:{'b' * 96}",
        f"sha512:{'c' * 128}",
        f"gitCommit:{'0' * 40}",
        f"gitCommit:{'0' * 64}",
    ],
)
def test_a_digest_is_one(text: str) -> None:
    assert check_digest(text) == text
    for other in (text[:-1], text + "0", text.upper(), f" {text}", text.partition(":")[2]):
        with pytest.raises(ValueError, match="must be a digest"):
            check_digest(other)
