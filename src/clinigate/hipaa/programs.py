"""Programs that the configuration or a command names: run to their end, without a shell."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from clinigate.errors import ConfigError

__all__ = ["run_program"]


def run_program(
    words: Sequence[str],
    field: str,
    *,
    cwd: Path,
    environ: Mapping[str, str],
    longest_s: float,
) -> subprocess.CompletedProcess[bytes] | None:
    """Run a program and return what it printed and how it ended; None where it does not end.

    Nothing stands on its standard input. What it prints may hold what patients said: it is the
    caller's to keep, and stands in no message.

    Args:
        words: the program, looked for in the PATH of `environ`, and its arguments.
        field: where the words come from, as messages name it.
        cwd: the folder that it runs in.
        environ: all of its variables.
        longest_s: seconds until it is ended.

    Raises:
        ConfigError: there is no such program, or it cannot be started.
    """
    program = shutil.which(words[0], path=environ.get("PATH"))
    if program is None:
        raise ConfigError(f"{field}: no program {words[0]!r}; install it or give its path")
    try:
        return subprocess.run(  # noqa: S603 - the user's own words, and no shell
            [program, *words[1:]],
            cwd=cwd,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=longest_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    except OSError as error:
        raise ConfigError(f"{field}: {words[0]} does not run ({type(error).__name__})") from None
