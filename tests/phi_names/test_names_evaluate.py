"""Recall counts what is covered to four fifths; precision what touches no mark at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from clinigate.phi.names.building.evaluate import Tally, _main, measure

TEXT = "Yesterday Maria Delgado moved to Dayton."


def mark(value: str, label: str, text: str = TEXT) -> tuple[int, int, str]:
    return text.index(value), text.index(value) + len(value), label


def test_marks_that_are_found_and_finds_that_are_right() -> None:
    tallies = measure([(TEXT, [mark("Maria Delgado", "PERSON"), mark("Dayton", "GPE")])])
    assert tallies == {"names": Tally(1, 1, 1, 0), "places": Tally(1, 1, 1, 0)}


def test_a_mark_that_is_covered_in_part_is_not_found() -> None:
    tallies = measure([(TEXT, [mark("Yesterday Maria Delgado", "PERSON")])])
    assert (tallies["names"].covered, tallies["names"].right) == (0, 1)


def test_a_find_without_a_mark_is_wrong_and_one_in_another_kind_is_neither() -> None:
    tallies = measure([(TEXT, [mark("Dayton", "ORGANIZATION")])])
    assert (tallies["names"].wrong, tallies["places"].wrong) == (1, 0)


@pytest.mark.parametrize("figure", ["recall", "precision"])
def test_of_nothing_nothing_is_claimed(figure: str) -> None:
    assert getattr(Tally(), figure) == 0


def test_the_command_says_recall_of_marked_texts_and_finds_of_others(tmp_path: Path) -> None:
    gold, log = tmp_path / "gold.jsonl", tmp_path / "app.log"
    spans = [{"start": 10, "end": 23, "label": "PERSON"}]
    gold.write_text(json.dumps({"text": TEXT, "spans": spans}) + "\n")
    log.write_text("started\n" + TEXT)
    outputs = [CliRunner().invoke(_main, [str(file)]).output for file in (gold, log)]
    assert "names: 1 marked, 1.000 found, P 1.000" in outputs[0]
    assert f"2 finds in {len(log.read_text())} bytes" in outputs[1]
