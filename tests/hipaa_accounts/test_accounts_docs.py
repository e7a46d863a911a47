"""The page of the probes of accounts tells them as they are, and what it shows can be used."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from clinigate.config.hipaa import HipaaTable
from clinigate.config.hipaa_accounts import AccountsTable
from clinigate.hipaa.probes.accounts import DECLARED
from clinigate.reference.lapses.accounts import LAPSES

PAGE = (Path(__file__).parents[2] / "docs" / "hipaa-accounts.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("named", DECLARED, ids=lambda each: each.name)
def test_each_probe_is_told(named: Any) -> None:
    (defect,) = (each.name for each in LAPSES if named.metric in each.metrics)
    clauses = ", ".join(named.controls)
    assert f"| `{named.metric}` | `{named.check}` | {clauses} | `{defect}` |" in PAGE
    section = PAGE.partition(f"\n## {named.name}\n")[2].partition("\n## ")[0]
    for part in ("**Sends**", "**Looks at**", "**Cannot see**", f"**Proved by** `{defect}`"):
        assert part in section


def test_the_tables_that_it_shows_are_tables() -> None:
    shown: dict[str, Any] = {}
    for text in re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL):
        hipaa = tomllib.loads(text)["hipaa"]
        shown["login"] = hipaa.get("login", shown.get("login"))
        shown["accounts"] = {**shown.get("accounts", {}), **hipaa["accounts"]}
    table = HipaaTable.model_validate(shown).accounts
    # Every key of the table is shown, but for one that is told in words.
    assert set(AccountsTable.model_fields) - table.model_fields_set == {"locked_after"}
    assert "`locked_after`" in PAGE
