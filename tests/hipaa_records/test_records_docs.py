"""The page of the probes of records tells them as they are, and its tables can be used."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from clinigate.config.hipaa_records import RecordsTable
from clinigate.hipaa.probe import Named
from clinigate.hipaa.probes.records import DECLARED
from clinigate.reference.lapses import records

PAGE = (Path(__file__).parents[2] / "docs" / "hipaa-records.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("named", DECLARED, ids=lambda each: each.name)
def test_each_probe_is_told_with_its_clauses_and_its_defect(named: Named) -> None:
    (defect,) = (each for each in records.LAPSES if named.metric in each.metrics)
    controls = ", ".join(named.controls).replace("Art.", "Art. ")
    row = f"| `{named.metric}` | `{named.check}` | {controls} | `{defect.name}` |"
    assert row in PAGE
    assert f"\n## {named.name}\n" in PAGE
    for text in (named.sends, named.looks_at, named.cannot_see):
        assert text.endswith(".")


def test_the_tables_that_it_shows_are_tables() -> None:
    shown = re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    # The table itself comes before those below it, as in a file.
    text = "".join(sorted(shown, key=lambda each: not each.startswith("[hipaa.records]\n")))
    table = RecordsTable.model_validate(tomllib.loads(text)["hipaa"]["records"])
    assert table.store is not None
    assert table.replay is not None
    assert table.backup.restore[-1] == "{into}"


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"store": {"sqlite": "a", "dsn_env": "B", "table": "c"}}, "give one of sqlite"),
        ({"backup": {"make": {"path": "/a"}, "make_command": ["b"]}}, "give one of make"),
        ({"backup": {"restore": ["a"]}}, "where the path of the backup belongs"),
        ({"sealing": {"file": "a", "command": ["b"]}}, "give one of told, file"),
    ],
)
def test_a_table_that_says_two_things_is_refused(table: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        RecordsTable.model_validate(table)
