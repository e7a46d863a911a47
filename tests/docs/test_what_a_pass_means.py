"""The page for clinicians holds the figures that the statistics give, in one screen."""

from __future__ import annotations

import re
from pathlib import Path

from clinigate.core.statistics import max_events, need_n, upper_bound
from clinigate.scenarios import load_builtin

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "what-a-pass-means.md").read_text("utf-8")


def test_the_table_of_cases_is_what_the_criterion_asks():
    missed, needed = (
        [int(cell.replace(",", "")) for cell in re.findall(r"\d[\d,]*", row)]
        for row in re.findall(
            r"^\| (?:missed|needed to show fewer than 1 in 1,000) (.*)$", PAGE, re.M
        )
    )
    assert missed == list(range(7))
    assert needed == [need_n(0.001, k, 0.95) for k in missed]


def test_the_bounds_of_the_example_are_those_of_its_cases():
    lines = re.findall(r"≤ (0\.\d+)   < 0\.001 +([\d,]+) / ([\d,]+)", PAGE)
    assert [f"{upper_bound(0, int(n.replace(',', '')), 0.95):.5f}" for _, n, _ in lines] == [
        bound for bound, _, _ in lines
    ]
    pack = load_builtin("crisis-en")
    assert int(lines[0][2].replace(",", "")) == sum(1 for _ in pack.cores())
    assert int(lines[1][1].replace(",", "")) == sum(1 for _ in pack.cores("held_out"))
    assert f"{len(pack.archetypes)} situations" in PAGE


def test_three_thousand_cores_allow_no_miss():
    assert max_events(0.001, 3000, 0.95) == 0


def test_it_is_one_screen():
    assert len(PAGE.split()) < 600
