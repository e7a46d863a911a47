"""The page of the probes of who sees what tells them as they are, and its tables can be used."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from clinigate.config.hipaa import HipaaTable
from clinigate.hipaa.probe import Named
from clinigate.hipaa.probes.access import DECLARED
from clinigate.reference.defects import DEFECTS

PAGE = (Path(__file__).parents[2] / "docs" / "hipaa-access.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("named", DECLARED, ids=lambda each: each.name)
def test_each_probe_is_told_with_its_clauses_and_its_defects(named: Named) -> None:
    found = sorted(name for name, each in DEFECTS.items() if named.metric in each.metrics)
    defects = ", ".join(f"`{name}`" for name in found)
    row = f"| `{named.metric}` | `{named.check}` | {', '.join(named.controls)} | {defects} |"
    assert row in PAGE
    assert f"\n## {named.name}\n" in PAGE
    for text in (named.sends, named.looks_at, named.cannot_see):
        assert text.endswith(".")


def _merged(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    for name, value in second.items():
        known = first.get(name)
        first[name] = _merged(known, value) if isinstance(known, dict) else value
    return first


def test_the_tables_that_it_shows_are_tables() -> None:
    whole: dict[str, Any] = {}
    for text in re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL):
        _merged(whole, tomllib.loads(text))
    table = HipaaTable.model_validate(whole["hipaa"])
    assert set(table.roles) == {"nurse", "patient"}
    assert set(table.access.limits) == {"partner", "batch"}
    unsaid = type(table.access).model_fields.keys() - whole["hipaa"]["access"].keys()
    assert unsaid == set()
