"""The part of the demo beside the clinical one: experiments, load and a benchmark join its run."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence

import click

from clinigate.cli.calling import call
from clinigate.cli.exits import ExitCode

__all__ = ["PRODUCERS", "run_producers"]

#: What joins: few commands, each as a user would type it, and each over in about a minute.
PRODUCERS: tuple[tuple[str, ...], ...] = (
    ("chaos", "run", "kill-replica", "--reference"),
    ("chaos", "run", "crisis-path", "--reference"),
    ("load", "run", "--profile", "smoke", "--reference"),
    ("bench", "ai", "--allow-cpu", "--no-sweep"),
)

#: Ends of a command after which its verdicts stand in the run.
_SPOKEN = (ExitCode.OK, ExitCode.NOT_PASSED)


def run_producers(
    joining: Mapping[str, str], commands: Sequence[tuple[str, ...]] = PRODUCERS
) -> str | None:
    """Run the commands one after the other as parts of a run.

    Args:
        joining: the variables that name the run.
        commands: arguments of `clinigate`.

    Returns:
        Why the run ended early, None when every command came to its verdicts.
    """
    for command in commands:
        click.echo(f"\n$ clinigate {' '.join(command)}")
        code = call([sys.executable, "-m", "clinigate", *command], {**os.environ, **joining})
        if code not in _SPOKEN:
            return f"clinigate {' '.join(command)} ended with exit code {code}"
    return None
