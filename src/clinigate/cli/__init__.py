"""The command line: one file a command group; parse, one call, exit code."""

from __future__ import annotations

__all__ = ["main"]


def main() -> None:
    """Entry point of the `clinigate` program."""
    from clinigate.cli.app import run
    from clinigate.cli.exits import ExitCode
    from clinigate.cli.streams import end_as_interrupted, leave_quietly, outlive_readers

    outlive_readers()
    end_as_interrupted()
    code = run()
    if code == ExitCode.UNFINISHED:
        leave_quietly()
    raise SystemExit(code)
