"""What the tests of policy and de-identification share: datasets of nobody."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import pytest

from clinigate.config.phi_deidentification import DeidentificationTable
from clinigate.phi.deidentification.judging import Question

_COLUMNS = ("age_band", "sex", "zip3", "visit_year", "phq9", "note")
_NOTES = (
    "Reports low mood and poor sleep since spring.",
    "Anxiety improved with therapy; continues weekly sessions.",
    "Appetite fair, energy low. Sleep diary reviewed.",
)

Csv = Callable[..., Path]


def _rows(count: int) -> list[list[str]]:
    """Rows without an identifier."""
    chance = random.Random(3)
    return [
        [
            chance.choice(["18-29", "30-44", "45-64", "65-89", "90 and over"]),
            chance.choice(["F", "M"]),
            chance.choice(["100", "606", "941"]),
            str(chance.choice([2019, 2020, 2021])),
            str(chance.randint(0, 27)),
            chance.choice(_NOTES),
        ]
        for _ in range(count)
    ]


@pytest.fixture
def dataset(tmp_path: Path) -> Csv:
    """Writes a clean CSV, with further columns beside: header and values, one for each row."""

    def write(name: str = "visits.csv", rows: int = 40, **beside: Sequence[str]) -> Path:
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow([*_COLUMNS, *beside])
        for number, row in enumerate(_rows(rows)):
            writer.writerow([*row, *(values[number % len(values)] for values in beside.values())])
        (tmp_path / name).write_text(text.getvalue(), encoding="utf-8")
        return tmp_path / name

    return write


@pytest.fixture
def question(tmp_path: Path) -> Callable[..., Question]:
    """Makes a question about a dataset, with few plants."""

    def ask(dataset: Path, *, table: DeidentificationTable | None = None) -> Question:
        return Question(
            dataset, tmp_path, table or DeidentificationTable(plants=20), date(2026, 11, 22)
        )

    return ask
