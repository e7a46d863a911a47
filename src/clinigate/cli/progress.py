"""What an evaluation shows while it runs: a live bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from clinigate.clinical.asking import Progress, watching
from clinigate.core.check import Check
from clinigate.pipeline.evaluation import CheckResult

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["CheckBar", "shown_progress"]

Hooks = tuple[Callable[[Check], None], Callable[[CheckResult], None]]


@contextmanager
def shown_progress() -> Iterator[Hooks]:
    """Yield what to call before and after each check.

    An evaluation that is begun in the block tells of each case too.
    """
    # Rich takes longer to start than all of `clinigate --help`: it loads where it is shown.
    from rich.console import Console

    # A team's own check may have brackets in its summary: no markup.
    console = Console(stderr=True, highlight=False, markup=False)
    with CheckBar(console) as bar, watching(bar.case):

        def begin(check: Check) -> None:
            bar.begin(check.summary)
            if not console.is_terminal:
                console.print(f"running {check.summary}", soft_wrap=True)

        def end(result: CheckResult) -> None:
            asked = bar.end()
            console.print(f"{result.status:<13} {result.check.summary}{asked}", soft_wrap=True)

        yield begin, end


class CheckBar:
    """One bar for the check that runs: cases, how many went wrong so far, and the time left.

    A check that asks several sets of cases, one after the other, has one bar that grows.
    """

    def __init__(self, console: Console) -> None:
        from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        self._bar = Bar(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.completed:,.0f} of {task.total:,.0f} cases"),
            TextColumn("{task.fields[faults]:,} wrong so far"),
            TimeRemainingColumn(),
            TextColumn("left"),
            console=console,
            transient=True,
            disable=not console.is_terminal,
            refresh_per_second=4,
        )
        self._task = self._bar.add_task("", total=0, faults=0, visible=False)
        self._done = self._total = self._faults = 0
        self._base = (0, 0)

    def __enter__(self) -> CheckBar:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def begin(self, summary: str) -> None:
        """Start again for another check."""
        self._done = self._total = self._faults = 0
        self._base = (0, 0)
        name = summary.partition(" ")[0]
        self._bar.reset(self._task, description=name, total=0, faults=0, visible=True)

    def case(self, progress: Progress) -> None:
        """Take in that one more case is done, or, where none is, that another set begins."""
        if progress.asked == 0:
            self._base = (self._done, self._faults)
            self._total = self._done + progress.total
        self._done = self._base[0] + progress.asked
        self._faults = self._base[1] + progress.faults
        self._bar.update(self._task, completed=self._done, total=self._total, faults=self._faults)

    def end(self) -> str:
        """Return what the check asked, in words for its line; empty where it asked nothing."""
        self._bar.update(self._task, visible=False)
        if not self._done:
            return ""
        wrong = f", {self._faults:,} wrong" if self._faults else ""
        return f" ({self._done:,} cases{wrong})"
