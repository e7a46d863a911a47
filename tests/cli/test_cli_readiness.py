"""The doctor says of each producer beside pytest whether it can run here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from clinigate.cli import readiness as module
from clinigate.cli.readiness import readiness
from clinigate.config.loader import LoadedConfig
from clinigate.config.model import Config
from clinigate.config.resilience import ChaosTable, EnvironmentTable


def lines(
    chaos: ChaosTable | None = None, *, folder: Path = Path(), **tables: Any
) -> dict[str, tuple[bool, str]]:
    config = Config.model_validate(tables)
    if chaos is not None:
        config = config.model_copy(update={"chaos": chaos})
    found = readiness(LoadedConfig(config, folder, "clinigate.toml"))
    return {topic: (ready, text) for topic, ready, text in found}


def test_each_producer_is_named() -> None:
    named = list(lines(security={"scanners": ["bandit", "trivy"]}))
    assert named[:2] == ["security bandit", "security trivy"]
    assert named[2:] == ["platform", "phi", "hipaa", "chaos", "load", "bench ai", "bench database"]


def test_a_scanner_that_is_missing_says_how_to_get_it(tmp_path: Path) -> None:
    table = {"scanners": ["trivy"], "trivy": "no-such-program"}
    ready, text = lines(folder=tmp_path, security=table)["security trivy"]
    assert not ready
    assert text.startswith("will be NOT_ASSESSED: ")


def test_what_of_the_service_nobody_described_is_named(tmp_path: Path) -> None:
    """Where a probe would have nothing to look at, and where nobody attests."""
    ready, text = lines(folder=tmp_path)["hipaa"]
    assert not ready
    assert text.startswith("0 attestation(s); [hipaa] says nothing of stores, logs, audit")
    (tmp_path / "hipaa-attestations.toml").write_text("[[attestation]]\ncontrol = 1\n")
    assert "hipaa-attestations.toml" in lines(folder=tmp_path)["hipaa"][1]


def test_manifests_are_counted(tmp_path: Path) -> None:
    assert lines(folder=tmp_path)["platform"][1].startswith("will be NOT_ASSESSED: no manifest")
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "a.yaml").write_text("{}")
    assert lines(folder=tmp_path)["platform"] == (
        True,
        "1 file(s) at deploy/**/*.yaml, deploy/**/*.yml",
    )


def test_what_is_not_installed_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_spec", lambda _name: None)
    ready, text = lines()["load"]
    assert not ready
    assert "pip install 'clinigate[load]'" in text


def test_an_environment_that_is_not_described_is_said_so() -> None:
    ready, text = lines(ChaosTable(environment="prod"))["chaos"]
    assert not ready
    assert "'prod' is not among [chaos.environments] (local)" in text


def test_production_is_told_to_need_an_approval() -> None:
    table = ChaosTable(
        environment="live",
        environments={"live": EnvironmentTable(driver="kubernetes", production=True)},
    )
    assert "signed approval by two" in lines(table)["chaos"][1]


def test_no_address_of_a_database_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTGRES_DSN", "postgresql://u:secret@db/x")
    text = lines()["bench database"][1]
    assert "POSTGRES_DSN is set" in text
    assert "secret" not in text
