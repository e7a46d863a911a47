"""docs/instruments.md: its tables load, its Python runs, and its numbers are those of the code."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from clinigate.clinical.instruments import DEFINITIONS
from clinigate.clinical.instruments.criteria import METRICS, MIN_N
from clinigate.clinical.instruments.inquiry import MOST_REQUESTS, MOST_SECONDS
from clinigate.clinical.instruments.sheets import unfit
from clinigate.config.target import TargetSpec
from clinigate.core.scoring import Instrument

PAGE = (Path(__file__).parents[2] / "docs" / "instruments.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.M | re.S)


@pytest.mark.parametrize("block", blocks("toml"))
def test_an_example_loads(block: str) -> None:
    spec: TypeAdapter[object] = TypeAdapter(TargetSpec)
    spec.validate_python(tomllib.loads(block)["target"])


def test_the_python_runs() -> None:
    names: dict[str, object] = {}
    for block in blocks("python"):
        exec(compile(block, "docs/instruments.md", "exec"), names)
    assert callable(names["test_an_unfit_sheet_is_refused"])


@pytest.mark.parametrize("instrument", list(Instrument))
def test_rules_and_numbers_are_those_of_the_code(instrument: Instrument) -> None:
    definition = DEFINITIONS[instrument]
    form = definition.form
    (row,) = re.findall(rf"^\| {definition.title} \| (\d of .*)$", PAGE, re.M)
    assert row.startswith(f"{form.items} of {form.lowest}–{form.highest} | ")
    assert f"{definition.totals[0]}–{definition.totals[-1]}" in row
    for band in definition.bands[1:]:
        assert f"{band.lowest} {band.name}" in row
    assert re.findall(r"`([a-z0-9-]+)`", row) == [each.name for each in definition.screens]
    assert f"| {definition.title} | {form.sheets:,} |" in PAGE
    for metric in METRICS[instrument]:
        assert f"`{metric}`" in PAGE
    assert f"CG-INST-{instrument.upper()}-001" in PAGE
    assert len(unfit(definition)) == 8 + 3 * form.items


def test_limits_are_those_of_the_code() -> None:
    assert f"at most {MOST_REQUESTS:,} requests" in PAGE
    assert f"at most {MOST_SECONDS:.0f}\nseconds" in PAGE
    assert f"{MIN_N} sheets drawn at random" in PAGE
