"""The bar of an evaluation: cases, what went wrong so far, time left; plain lines in a log."""

from __future__ import annotations

import asyncio
import io
from types import SimpleNamespace

from rich.console import Console

from clinigate.cli.progress import CheckBar, shown_progress
from clinigate.clinical.asking import Progress
from clinigate.core.check import REGISTRY
from clinigate.core.plan import Plan
from clinigate.pipeline.evaluate import all_checks
from clinigate.pipeline.evaluation import Evaluation


def drawn(*steps: Progress) -> tuple[str, str]:
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=120)
    with CheckBar(console) as bar:
        bar.begin("CG-CLIN-CRISIS-001 — disclosed crises are detected")
        for step in steps:
            bar.case(step)
        bar._bar.refresh()
        shown = screen.getvalue()
        return shown, bar.end()


def test_it_shows_cases_what_went_wrong_and_the_time_left():
    shown, words = drawn(Progress(0, 12_000, 0), Progress(3_000, 12_000, 7))
    assert "CG-CLIN-CRISIS-001" in shown
    assert "3,000 of 12,000 cases" in shown
    assert "7 wrong so far" in shown
    assert "left" in shown
    assert words == " (3,000 cases, 7 wrong)"


def test_a_second_set_of_cases_is_added_to_the_first():
    shown, words = drawn(
        Progress(0, 10, 0), Progress(10, 10, 1), Progress(0, 5, 0), Progress(5, 5, 1)
    )
    assert "15 of 15 cases" in shown
    assert words == " (15 cases, 2 wrong)"


def test_a_check_that_asks_nothing_says_nothing_of_cases():
    assert drawn()[1] == ""


def test_a_log_gets_plain_lines_and_the_evaluation_tells_of_its_cases(capsys):
    all_checks()
    check = REGISTRY.get("CG-CLIN-EMOTION-001")

    class Result:
        status = "PASS"

    Result.check = check
    with shown_progress() as (begin, end):
        from clinigate.clinical.asking import _WATCH

        begin(check)
        evaluation = Evaluation(SimpleNamespace(plan=Plan()), _Closable())

        async def asks(_target):
            watch = _WATCH.get()
            watch(Progress(0, 2, 0))
            watch(Progress(2, 2, 0))

        evaluation.ask(asks)
        end(Result)
        evaluation.close()
    lines = capsys.readouterr().err.splitlines()
    assert lines == [f"running {check.summary}", f"{'PASS':<13} {check.summary} (2 cases)"]


def test_brackets_in_the_summary_of_a_check_are_shown_as_they_are(capsys):
    """`[/…]` in a check of a team's own broke the evaluation, and `[…]` was left out."""
    check = SimpleNamespace(summary="TEAM-1 — answers [in time] to [/v1/chat]")
    with shown_progress() as (begin, end):
        begin(check)
        end(SimpleNamespace(status="PASS", check=check))
    assert capsys.readouterr().err.count("answers [in time] to [/v1/chat]") == 2


class _Closable:
    async def aclose(self) -> None:
        await asyncio.sleep(0)
