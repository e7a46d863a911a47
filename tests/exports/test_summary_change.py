"""The summary of a pull request tells what changed, and no name in it acts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from clinigate.core.verdict import Status
from clinigate.pipeline.exports import Material
from clinigate.reports.change import ChangeKind, ChangeRow, ChangeView, LimitChange
from clinigate.reports.summary import render_summary

REGRESSED = ChangeRow(
    ChangeKind.REGRESSED, "audit.rows", "t", Status.PASS, Status.FAIL, "0.01", "0.2", "<b>"
)
CHANGE = ChangeView(
    since="20260820T100000000000Z-00000000",
    counts=((ChangeKind.REGRESSED, 1), (ChangeKind.HELD, 3), (ChangeKind.FIXED, 0)),
    rows=(REGRESSED,),
    limits=(LimitChange("audit.rows", "t", "< 0.05", "< 0.1", looser=True),),
)


def test_what_came_out_otherwise_is_counted_and_named(material: Callable[..., Material]) -> None:
    text = render_summary(replace(material().report, change=CHANGE))
    assert "**Change since the last run**" in text
    assert "since run `20260820T100000000000Z-00000000`: 1 regressed, 3 still passed" in text
    assert r"- `audit.rows` regressed: 0.01 → 0.2; \<b\>" in text
    assert r"- `audit.rows` limit looser: \< 0.05 → \< 0.1" in text


def test_without_an_earlier_run_it_says_so(material: Callable[..., Material]) -> None:
    text = render_summary(replace(material().report, change=ChangeView(since="")))
    assert "there is no earlier run of this system that can be compared with" in text
    assert "Change" not in render_summary(replace(material().report, change=None))
