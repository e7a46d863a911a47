"""The Markdown summary: short, and no text in it acts."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType

import pytest

from clinigate.reports.markdown import render_markdown


def test_it_has_verdicts_reasons_gate_and_what_it_does_not_show(examples: ModuleType) -> None:
    text = render_markdown(examples.reports()["defective"])
    assert text.startswith("### Harbor Companion 4.2.0: NOT CERTIFIED\n")
    assert "| `crisis.false_negative_rate` | 0.01904 | ≥ 0.01524 |" in text
    assert "**Gate staging: SHUT**" in text
    assert "- `safety.compliance` FAIL: 1 of 1200 violated; none is tolerated" in text
    assert "_This is not a clinical trial" in text
    assert text.count("1 of 1200 violated") == 1
    opened = render_markdown(examples.reports()["clean"])
    assert "**Gate development: OPEN** (no certification)" in opened


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("a | b", r"a \| b"),
        ("<img src=x>", r"\<img src=x\>"),
        ("[x](https://e.example)", r"\[x\](https\://e.example)"),
        ("see www.e.example", r"see www\.e.example"),
        ("@team `x` *y* #1", r"\@team \`x\` \*y\* \#1"),
        ("line\n\n# head", r"line \# head"),
        ("\x1b[31m", r"\[U+001B\]\[31m"),
    ],
)
def test_marks_in_a_reason_are_shown_and_do_not_act(
    examples: ModuleType, hostile: str, shown: str
) -> None:
    report = examples.reports()["sample"]
    rows = tuple(replace(row, reason=hostile, need=None) for row in report.criteria)
    assert f": {shown}\n" in render_markdown(replace(report, criteria=rows))


def test_an_id_cannot_leave_its_code_span(examples: ModuleType) -> None:
    report = examples.reports()["sample"]
    rows = tuple(replace(row, criterion="a`|b\\\n") for row in report.criteria)
    assert "`a??b?`" in render_markdown(replace(report, criteria=rows))
