"""One line a check while an evaluation runs: a live one on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from clinigate.core.check import Check
from clinigate.pipeline.evaluation import CheckResult

__all__ = ["shown_progress"]

Hooks = tuple[Callable[[Check], None], Callable[[CheckResult], None]]


@contextmanager
def shown_progress() -> Iterator[Hooks]:
    """Yield what to call before and after each check."""
    # Rich takes longer to start than all of `clinigate --help`: it loads where it is shown.
    from rich.console import Console

    console = Console(stderr=True, highlight=False)
    with console.status("starting") as status:

        def begin(check: Check) -> None:
            status.update(check.summary)
            if not console.is_terminal:
                console.print(f"running {check.summary}", soft_wrap=True)

        def end(result: CheckResult) -> None:
            console.print(f"{result.status:<13} {result.check.summary}", soft_wrap=True)

        yield begin, end
