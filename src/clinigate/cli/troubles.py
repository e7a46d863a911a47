"""Whatever ends a command early, as one sentence and an exit code."""

from __future__ import annotations

import os
from pathlib import Path

import click

from clinigate.cli.exits import ExitCode, code_for
from clinigate.errors import ClinigateError

__all__ = ["DEBUG_VARIABLE", "complain", "told"]

#: Set, it shows the traceback of an error that nobody foresaw.
DEBUG_VARIABLE = "CLINIGATE_DEBUG"

_PACKAGE = Path(__file__).parents[1]


def complain(sentence: str, code: ExitCode) -> ExitCode:
    """Say on standard error why a command does not end with 0; return its exit code."""
    # Loaded here because most commands end well, and it would slow `--help`.
    from clinigate.reports.text import one_line

    click.echo(f"clinigate: {one_line(sentence)}", err=True)
    return code


def told(error: Exception | KeyboardInterrupt) -> tuple[str, ExitCode]:
    """Return what to say of an error, and the exit code that goes with it.

    The text of an error that is none of ours is not shown: it may quote what a patient said or
    what a service answered.
    """
    match error:
        case ClinigateError():
            return str(error), code_for(error)
        case click.ClickException():
            return _usage(error), ExitCode.USAGE
        case click.Abort() | KeyboardInterrupt():
            return "interrupted", ExitCode.UNFINISHED
        case OSError(strerror=str()):
            return _refused(error), ExitCode.UNFINISHED
        case _:
            return _bug(error), ExitCode.UNFINISHED


def _usage(error: click.ClickException) -> str:
    message = _without_shouting(error)
    context = getattr(error, "ctx", None)
    if context is None:
        return message
    see = f"`{context.command_path} --help` says what there is"
    return f"{message}{'' if message.endswith('?') else ';'} {see}"


def _without_shouting(error: click.ClickException) -> str:
    """Click's words as the beginning of a sentence of ours."""
    if isinstance(error, click.NoSuchOption):
        near = " or ".join(sorted(error.possibilities or ()))
        return f"no such option {error.option_name}" + (f"; did you mean {near}?" if near else "")
    message = " ".join(error.format_message().split()).rstrip(".")
    return message[:1].lower() + message[1:]


def _refused(error: OSError) -> str:
    """What the operating system does not allow: a full disk, a file of somebody else."""
    place = "" if error.filename is None else f"{os.fspath(error.filename)!s}: "
    return f"{place}{error.strerror}; mend that and run the command again"


def _bug(error: BaseException) -> str:
    """An error that nobody foresaw; the place in our code helps whoever mends it."""
    # Loaded here because hardly anybody ever comes here.
    import traceback

    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if _PACKAGE in Path(frame.filename).parents]
    where = ""
    if ours:
        file = Path(ours[-1].filename).relative_to(_PACKAGE.parent)
        where = f" at {file} line {ours[-1].lineno}"
    return (
        f"{type(error).__name__}{where}, which is a mistake of Clinigate: please report it. "
        f"What was recorded is kept. {DEBUG_VARIABLE}=1 shows the traceback; read it before you "
        "pass it on, since it may quote your service"
    )
