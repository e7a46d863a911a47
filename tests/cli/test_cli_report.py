"""`clinigate report` shows a bundle to a reader, with the gate's decision on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from clinigate.cli.exits import ExitCode


def test_a_page_is_written_beside_the_evidence(
    cli: Callable[..., Any], project: Callable[..., Any]
) -> None:
    """In `exports`, outside of what is sealed: the bundle verifies as before."""
    mine = project()
    said = cli("report")
    page = mine.bundle / "exports" / "report.html"
    assert (said.code, said.out, said.err) == (ExitCode.OK, f"report: {page}\n", "")
    text = page.read_text(encoding="utf-8")
    assert "<!doctype html>" in text.lower()
    assert mine.run in text
    assert str(mine.folder) not in text, "a page that is handed on names no place of one machine"
    assert cli("verify").code == ExitCode.OK


@pytest.mark.parametrize("form", ["html", "table", "markdown"])
def test_every_form_goes_where_it_is_wanted(
    cli: Callable[..., Any], project: Callable[..., Any], form: str
) -> None:
    mine = project()
    said = cli("report", "--format", form, "--out", "out/today/report.txt")
    assert (said.code, said.out) == (ExitCode.OK, "report: out/today/report.txt\n")
    written = (mine.folder / "out" / "today" / "report.txt").read_text(encoding="utf-8")
    assert "crisis.false_negative_rate" in written


@pytest.mark.parametrize("form", ["table", "markdown"])
def test_text_goes_to_standard_output(
    cli: Callable[..., Any], project: Callable[..., Any], form: str
) -> None:
    project()
    said = cli("report", "--format", form)
    assert (said.code, said.err) == (ExitCode.OK, "")
    assert "emotion.accuracy" in said.out
    assert "SAMPLE" in said.out


def test_the_decision_is_shown_and_does_not_decide_the_exit_code(
    cli: Callable[..., Any], project: Callable[..., Any]
) -> None:
    """A report of a shut gate is a report; `gate` is there to decide."""
    project("wrong-emotion")
    said = cli("report", "--format", "table")
    assert said.code == ExitCode.OK
    assert "GATE development, policy small: SHUT" in said.out
