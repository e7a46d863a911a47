"""Datasets of nobody for the tests of de-identification."""

from __future__ import annotations

import csv
import io
import random

__all__ = ["COLUMNS", "clean_rows", "csv_text"]

COLUMNS = ("age_band", "sex", "zip3", "visit_year", "phq9", "note")
_NOTES = (
    "Reports low mood and poor sleep since spring.",
    "Anxiety improved with therapy; continues weekly sessions.",
    "Appetite fair, energy low. Sleep diary reviewed.",
)


def clean_rows(count: int, seed: int = 3) -> list[list[str]]:
    """Rows without an identifier."""
    chance = random.Random(seed)
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


def csv_text(rows: list[list[str]], columns: tuple[str, ...] = COLUMNS) -> str:
    """The rows as CSV with a header."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue()
