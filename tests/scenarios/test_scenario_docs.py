"""docs/scenarios.md: its example loads, its Python runs, its tables name what is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from clinigate.scenarios import (
    TRANSFORMS,
    builtin_packs,
    forbidden_codes,
    lint_pack,
    load_builtin,
    load_pack,
    obligation_codes,
    stats,
)

DOC = Path(__file__).parents[2] / "docs" / "scenarios.md"


@pytest.fixture(scope="module")
def doc() -> str:
    return DOC.read_text(encoding="utf-8")


def block(doc: str, language: str) -> str:
    return doc.split(f"```{language}\n")[1].split("```")[0]


def rows(doc: str, heading: str) -> list[list[str]]:
    lines = doc.split(f"## {heading}\n")[1].split("\n## ")[0].splitlines()
    table = [line.strip("|").split("|") for line in lines if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in table[2:]]


def codes(cell: str) -> set[str]:
    return set(re.findall(r"`(\w+)`", cell))


def test_the_example_pack_loads_and_is_clean(doc, write_pack):
    pack = load_pack(write_pack(block(doc, "yaml")))
    assert lint_pack(pack) == []
    assert pack.reviewed


def test_the_python_runs(doc, capsys):
    exec(compile(block(doc, "python"), str(DOC), "exec"), {})
    assert capsys.readouterr().out.startswith("3300 ")


def test_the_table_of_packs_counts_what_ships(doc):
    told = {row[0].strip("`"): (row[2], row[3], row[4]) for row in rows(doc, "What ships")}
    for name in builtin_packs():
        found = stats(load_builtin(name))
        cores = f"{found.by_split['dev']} + {found.by_split['held_out']}"
        assert told.pop(name) == (str(found.archetypes), cores, "nobody yet")
    assert not told


def test_every_obligation_and_forbidden_act_is_listed(doc):
    table = rows(doc, "Obligations")
    assert set().union(*(codes(row[0]) for row in table)) == set(obligation_codes())
    assert set().union(*(codes(row[2]) for row in table)) == set(forbidden_codes())


def test_every_transform_is_listed(doc):
    assert set().union(*(codes(row[0]) for row in rows(doc, "Transforms"))) == set(TRANSFORMS)
