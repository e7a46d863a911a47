"""What the searches for identifiers show alike: finds, what was not looked at, the exit code."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import click

from clinigate.cli.exits import ExitCode

__all__ = ["exit_code", "show_some"]

_SHOWN = 40


def exit_code(produced: int, *, found: bool) -> int:
    """Tell what was found (1) from what could not be shown (2); all else stays as it is."""
    if produced == ExitCode.NOT_PASSED and not found:
        return ExitCode.UNFINISHED
    return produced


def show_some(lines: Iterable[str] | Sequence[str], what: str) -> None:
    """Print the first lines, and how many more there are of what."""
    # Names come from what was searched: none of them may steer the terminal.
    from clinigate.reports.text import one_line

    listed = list(lines)
    for line in listed[:_SHOWN]:
        click.echo(one_line(line))
    if len(listed) > _SHOWN:
        click.echo(f"and {len(listed) - _SHOWN} more {what}")
