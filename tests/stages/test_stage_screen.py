"""What stands on the screen while stages run."""

from __future__ import annotations

import io

from rich.console import Console
from rich.progress import Progress

from clinigate.cli.stage_progress import StageLines
from clinigate.evidence.stages import StageAttempt, StageOutcome
from clinigate.pipeline.stages.model import Stage, user_command


def test_output_stands_in_whole_lines_above_the_live_one() -> None:
    """A program writes when it likes; half a line would be torn by what is drawn below it."""
    screen = io.StringIO()
    console = Console(file=screen, width=100)
    stage = Stage("one", (user_command(["make"]),), 60)
    with Progress(console=console, disable=True) as progress:
        shown = StageLines([stage], {"one": 30.0}, console, progress)
        shown.begin(stage)
        shown.write(b"half a ")
        shown.write("line: [red]é\nno end".encode())
        assert "no end" not in screen.getvalue()
        shown.end(stage, StageAttempt("one", 1, StageOutcome.RECORDED, "", 2.0, 0, (), 1))
    assert screen.getvalue().splitlines() == [
        "▶ stage 1 of 1: one, about 30 s left",
        "  $ make",
        "half a line: [red]é",
        "no end",
        "■ one: recorded 1 observation (2.0 s)",
    ]


def test_what_is_not_run_no_longer_counts_for_the_time_that_is_left() -> None:
    screen = io.StringIO()
    console = Console(file=screen, width=100)
    stages = [Stage(name, (user_command(["make"]),), 60) for name in ("one", "two", "three")]
    with Progress(console=console, disable=True) as progress:
        shown = StageLines(stages, {"one": 30.0, "two": 60.0}, console, progress)
        shown.left_out(stages[0], "stage 'zero' died")
        shown.begin(stages[1])
    assert screen.getvalue().splitlines()[:2] == [
        "- one: not run: stage 'zero' died",
        "▶ stage 2 of 3: two, more than 1 min 0 s left",
    ]
