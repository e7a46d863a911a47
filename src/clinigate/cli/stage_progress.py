"""How a run of stages is shown: a live line on a terminal, plain lines in the log of a CI job."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from clinigate.evidence.stages import StageAttempt, StageOutcome
from clinigate.pipeline.stages.model import Stage
from clinigate.pipeline.stages.running import Hooks
from clinigate.reports.stages import duration

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

__all__ = ["StageLines", "shown_stages"]

Write = Callable[[bytes], None]


@contextmanager
def shown_stages(
    stages: Sequence[Stage], known: Mapping[str, float]
) -> Iterator[tuple[Hooks, Write | None]]:
    """Yield who is told while stages run, and what takes their output.

    Args:
        stages: those that are still to run.
        known: how long a stage takes, in seconds, where that is known.
    """
    # Rich takes longer to start than all of `clinigate --help`: it loads where it is shown.
    from rich.console import Console
    from rich.progress import (
        Progress,
        ProgressColumn,
        SpinnerColumn,
        Task,
        TextColumn,
        TimeElapsedColumn,
    )
    from rich.text import Text

    class TimeLeft(ProgressColumn):
        """Counts down what the stages are known to take."""

        def render(self, task: Task) -> Text:
            left: float | None = task.fields["left"]
            more: str = task.fields["more"]
            return Text("" if left is None else _left(left - (task.elapsed or 0.0), more))

    console = Console(stderr=True, highlight=False)
    live = console.is_terminal and sys.stdout.isatty()
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), TimeLeft())
    with Progress(*columns, console=console, disable=not live) as progress:
        shown = StageLines(stages, known, console, progress)
        yield Hooks(shown.begin, shown.end, shown.left_out), shown.write if live else None


class StageLines:
    """What stands on the screen."""

    def __init__(
        self,
        stages: Sequence[Stage],
        known: Mapping[str, float],
        console: Console,
        progress: Progress,
    ) -> None:
        self._open = [stage.name for stage in stages if stage.selected]
        self._count = len(self._open)
        self._known = known
        self._console = console
        self._progress = progress
        self._task: TaskID | None = None
        self._begun = b""

    def begin(self, stage: Stage) -> None:
        """Say which stage begins, and how long the rest may take."""
        number = self._count - len(self._open) + 1
        text = f"stage {number} of {self._count}: {stage.name}"
        left, more = self._left()
        self._task = self._progress.add_task(text, total=None, left=left, more=more)
        self._say(f"▶ {text}" if left is None else f"▶ {text}, {_left(left, more)}")
        for command in stage.commands:
            self._say(f"  $ {command.shown}")

    def end(self, stage: Stage, attempt: StageAttempt) -> None:
        """Say how it came out."""
        if self._task is not None:
            self._progress.remove_task(self._task)
        self._done(stage)
        if self._begun:
            self.write(b"\n")
        self._say(f"■ {stage.name}: {_told(attempt)} ({duration(attempt.seconds)})")

    def left_out(self, stage: Stage, why: str) -> None:
        """Say why a stage does not run."""
        self._done(stage)
        self._say(f"- {stage.name}: not run: {why}")

    def write(self, data: bytes) -> None:
        """Show a program's output above the live line, whole lines at a time."""
        *lines, self._begun = (self._begun + data).split(b"\n")
        if lines:
            self._say(b"\n".join(lines).decode("utf-8", "replace"))

    def _done(self, stage: Stage) -> None:
        if stage.name in self._open:
            self._open.remove(stage.name)

    def _left(self) -> tuple[float | None, str]:
        """Seconds that this stage and those after it take, as far as known, and how sure that is.

        None where nothing is known.
        """
        times = [self._known[name] for name in self._open if name in self._known]
        more = "more than" if len(times) < len(self._open) else "about"
        return (sum(times), more) if times else (None, more)

    def _say(self, text: str) -> None:
        self._console.out(text, highlight=False)


def _left(seconds: float, more: str) -> str:
    return f"{more} {duration(max(seconds, 0.0))} left"


def _told(attempt: StageAttempt) -> str:
    if attempt.shuts:
        return f"shuts the gate by {', '.join(attempt.shuts)}"
    if attempt.outcome is StageOutcome.RECORDED:
        plural = "" if attempt.observations == 1 else "s"
        return f"recorded {attempt.observations} observation{plural}"
    return f"{attempt.outcome}: {attempt.why}"
