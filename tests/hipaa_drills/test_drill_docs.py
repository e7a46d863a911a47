"""What the pages on drills and attestations show can be done as it stands."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import click
import pytest
import yaml

from clinigate.cli import attest, drill_breach, drill_restore
from clinigate.cli.keys import trust_entry
from clinigate.evidence.signing import generate_signer
from clinigate.hipaa.attested_words import Attestation
from clinigate.hipaa.drills.record import signed_record

DOCS = Path(__file__).parents[2] / "docs"
DRILLS = (DOCS / "hipaa-drills.md").read_text(encoding="utf-8")
ATTESTED = (DOCS / "hipaa-attestations.md").read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def test_the_attestations_that_it_shows_are_some() -> None:
    (toml,) = blocks(ATTESTED, "toml")
    (page,) = blocks(ATTESTED, "markdown")
    (decision,) = blocks(ATTESTED, "yaml")
    (table,) = tomllib.loads(toml)["attestation"]
    kinds = [
        Attestation.model_validate(each).kind
        for each in (table, yaml.safe_load(page.split("---\n")[1]), yaml.safe_load(decision))
    ]
    assert kinds == ["officer", "training", "decision"]


def test_every_kind_is_told() -> None:
    kinds = Attestation.model_json_schema()["properties"]["kind"]["enum"]
    assert [kind for kind in kinds if f"`{kind}`" not in ATTESTED] == []


@pytest.mark.parametrize("command", [drill_breach.command, drill_restore.command, attest.command])
def test_the_options_that_it_names_exist(command: click.Command) -> None:
    known = {name for each in command.params for name in (*each.opts, *each.secondary_opts)}
    name = "attest" if command is attest.command else f"drill {command.name}"
    lines = re.findall(rf"^\$ clinigate {name} (.*?[^\\])$", DRILLS + ATTESTED, re.M | re.S)
    assert lines
    used = {word for line in lines for word in re.findall(r"(?<!\S)--[a-z-]+", line)}
    assert used <= known


def test_every_option_of_an_exercise_is_told() -> None:
    told = ("--affected", "--residents", "--discovered", "--by", "--told", "--delay-until",
            "--delay-oral", "--no-gdpr", "--skip", "--most-s")  # fmt: skip
    assert [each for each in told if each not in DRILLS] == []


def test_a_record_is_read_as_it_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (code,) = blocks(DRILLS, "python")
    signer = generate_signer()
    monkeypatch.chdir(tmp_path)
    entry = trust_entry(signer.public, name="Ann Example", role="chief executive")
    (tmp_path / "trust.toml").write_text(entry)
    (tmp_path / "drills").mkdir()
    (tmp_path / "drills" / "one.json").write_bytes(signed_record({"kind": "restore"}, [signer]))
    exec(compile(code, "docs/hipaa-drills.md", "exec"), {})
    assert '"kind":"restore"' in capsys.readouterr().out
