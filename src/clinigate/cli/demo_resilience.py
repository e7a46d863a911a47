"""What joins the demo beside its checks: a hunt for leaks; experiments, load, a benchmark."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence

import click

from clinigate.cli.calling import call
from clinigate.cli.exits import ExitCode

__all__ = ["PRODUCERS", "commands_beside", "run_producers", "trace_words"]

#: What joins: few commands, each as a user would type it, and each over in about a minute.
PRODUCERS: tuple[tuple[str, ...], ...] = (
    ("chaos", "run", "kill-replica", "--reference"),
    ("chaos", "run", "crisis-path", "--reference"),
    ("load", "run", "--profile", "smoke", "--reference"),
    ("bench", "ai", "--allow-cpu", "--no-sweep"),
)

#: Ends of a command after which its verdicts stand in the run.
_SPOKEN = (ExitCode.OK, ExitCode.NOT_PASSED)


def trace_words(defect: str | None) -> tuple[str, ...]:
    """Return the command that hunts for leaks: in a service of its own, with the same defect."""
    return ("phi", "trace", "--reference", *(() if defect is None else ("--defect", defect)))


def commands_beside(
    defect: str | None, *, is_sample: bool, resilience: bool
) -> tuple[tuple[str, ...], ...]:
    """Return what joins a demo.

    Args:
        defect: of the service.
        is_sample: whether it is to be over in seconds; then leaks are hunted for a defect that
            shows in no other way.
        resilience: whether experiments, load and a benchmark join as well.
    """
    from clinigate.reference.defects import DEFECTS

    leaks = defect is not None and DEFECTS[defect].spill is not None
    traced = (trace_words(defect),) if leaks or not is_sample else ()
    return (*traced, *(PRODUCERS if resilience else ()))


def run_producers(joining: Mapping[str, str], commands: Sequence[tuple[str, ...]]) -> str | None:
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
