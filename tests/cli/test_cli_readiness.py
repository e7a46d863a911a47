"""The doctor says of each producer beside pytest whether it can run here."""

from __future__ import annotations

import pytest

from clinigate.cli import readiness as module
from clinigate.cli.readiness import readiness
from clinigate.config.resilience import BenchTable, ChaosTable, EnvironmentTable


def lines(chaos: ChaosTable | None = None) -> dict[str, tuple[bool, str]]:
    found = readiness(chaos or ChaosTable(), BenchTable())
    return {topic: (ready, text) for topic, ready, text in found}


def test_each_producer_is_named() -> None:
    assert list(lines()) == ["chaos", "load", "bench ai", "bench database"]


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
