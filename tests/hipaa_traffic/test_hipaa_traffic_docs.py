"""The page of the probes of traffic tells them as they are, and what it shows can be used."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from clinigate.config.hipaa import HipaaTable
from clinigate.hipaa.probe import Named
from clinigate.hipaa.probes.traffic import DECLARED
from clinigate.reference.lapses.traffic import LAPSES

PAGE = (Path(__file__).parents[2] / "docs" / "hipaa-traffic.md").read_text(encoding="utf-8")
TABLES = re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("named", DECLARED, ids=lambda each: each.name)
def test_each_probe_is_told(named: Named) -> None:
    (row,) = (line for line in PAGE.splitlines() if line.startswith(f"| `{named.metric}` |"))
    assert f"`{named.check}`" in row
    assert all(control in row for control in named.controls)
    assert f"| {named.effect} |" in row
    (defect,) = (each for each in LAPSES if named.metric in each.metrics)
    assert f"`{defect.name}`" in row


@pytest.mark.parametrize("text", TABLES)
def test_each_table_that_it_shows_is_one(text: str) -> None:
    shown = tomllib.loads(text)
    assert set(shown) == {"hipaa"}
    assert HipaaTable.model_validate(shown["hipaa"]).traffic
