"""The page of the HIPAA tests tells them as they are, and what it shows can be used."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from clinigate.cli.hipaa_parts import SCAN_TYPES
from clinigate.config.hipaa import HipaaTable
from clinigate.hipaa.attestations import read_attestations
from clinigate.hipaa.checks import PROBES
from clinigate.hipaa.named import NAMED
from clinigate.pytest_plugins.hipaa import SELECTORS

PAGE = (Path(__file__).parents[2] / "docs" / "hipaa.md").read_text(encoding="utf-8")
HIPAA, ATTESTATION = re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("name", NAMED)
def test_each_test_is_told(name: str) -> None:
    named = NAMED[name]
    clauses = [control.replace("Art.", "Art. ") for control in named.controls]
    assert f"| `{named.metric}` | `{named.check}` | {clauses[0]}" in PAGE
    assert all(clause in PAGE for clause in clauses)


def test_each_named_test_has_a_probe_and_no_other_is_there() -> None:
    assert list(PROBES) == list(NAMED)
    assert len({named.check for named in NAMED.values()}) == len(NAMED)


def test_the_options_are_told() -> None:
    assert set(re.findall(r"^\| `--([a-z-]+)` \| `test_", PAGE, re.MULTILINE)) == set(SELECTORS)
    for name in (*SCAN_TYPES, "strict", "standard", "advisory"):
        assert f"`{name}`" in PAGE


def test_the_table_that_it_shows_is_a_table() -> None:
    tables = tomllib.loads(HIPAA)
    assert set(tables) == {"hipaa"}
    shown = HipaaTable.model_validate(tables["hipaa"])
    assert shown.consent is not None
    assert shown.audit.verify[-1] == "{copy}"


def test_the_attestation_that_it_shows_is_one(tmp_path: Path) -> None:
    file = tmp_path / "hipaa-attestations.toml"
    file.write_text(ATTESTATION.replace('"…"', f'"{"a" * 64}"'), encoding="utf-8")
    (entry,) = read_attestations(file)
    assert entry.control == "164.308(a)(2)"
