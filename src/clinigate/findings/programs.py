"""Scanners that are programs: found, told apart by version, run within bounds, never left behind.

A program gets a process group of its own, a time and a size within which it must be done, and none
of our own secrets in its environment. What it leaves running when it ends, or is ended, is killed.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from clinigate.findings.process_group import Bounds, watched
from clinigate.findings.troubles import ScannerError

__all__ = [
    "MAX_OUTPUT",
    "Program",
    "Ran",
    "identified",
    "located",
    "python_module",
    "run_program",
    "scanner_environment",
]

#: Bytes of output beyond which a program is stopped: a report of a large project has a few MB.
MAX_OUTPUT = 128 * 2**20
_VERSION_TIMEOUT_S = 60.0
_VERSION = re.compile(rb"(?<![\w.])v?(\d+\.\d+(?:\.\d+)*(?:[-+.]?[A-Za-z][\w.+-]*)?)")
_OURS = "CLINIGATE_"


@dataclass(frozen=True, slots=True)
class Program:
    """A program that was found and said which release it is.

    Attributes:
        name: as messages call it.
        command: how it is called, before its arguments.
        version: as it says itself.
    """

    name: str
    command: tuple[str, ...]
    version: str


@dataclass(frozen=True, slots=True)
class Ran:
    """How a program ended by itself.

    Attributes:
        code: its exit code.
        stdout: all that it wrote.
        stderr: the end of it. Never put it into a message as it is: it may hold secrets.
    """

    code: int
    stdout: bytes
    stderr: bytes


def located(name: str, *, configured: str | None, base_dir: Path) -> tuple[str, ...] | None:
    """Return how a program is called, or None where there is none.

    Args:
        name: its name on PATH, and beside the Python that runs us.
        configured: what the configuration says instead: a path relative to `base_dir` where it
            holds a `/`, else another name.
        base_dir: the folder of the configuration.
    """
    wanted = configured or name
    if "/" in wanted:
        path = base_dir / Path(wanted).expanduser()
        return (str(path),) if path.is_file() and os.access(path, os.X_OK) else None
    # A relative entry of PATH would let the project that is scanned bring its own scanner.
    folders = [str(Path(sys.executable).parent), *os.environ.get("PATH", "").split(os.pathsep)]
    found = shutil.which(wanted, path=os.pathsep.join(f for f in folders if os.path.isabs(f)))  # noqa: PTH117 - text
    return None if found is None else (found,)


def python_module(module: str) -> tuple[str, ...] | None:
    """Return how a module of our own environment is run as a program, or None without it.

    `-P`: the folder that is scanned must not be where modules are looked for.
    """
    from importlib.util import find_spec

    return None if find_spec(module) is None else (sys.executable, "-P", "-m", module)


def identified(
    name: str,
    command: Sequence[str],
    *,
    arguments: Sequence[str] = ("--version",),
    timeout_s: float = _VERSION_TIMEOUT_S,
    stop: threading.Event | None = None,
) -> Program:
    """Ask a program for its version.

    Raises:
        ScannerError: it does not run, does not answer in time, or says no version.
    """
    unknown = Program(name, tuple(command), "")
    ran = run_program(unknown, arguments, cwd=Path("/"), timeout_s=timeout_s, stop=stop)
    said = _VERSION.search(ran.stdout) or _VERSION.search(ran.stderr)
    if ran.code != 0 or said is None:
        raise ScannerError(
            f"{name}: does not say its version (exit code {ran.code} on {' '.join(arguments)}); "
            "is this the program that is meant?"
        )
    return Program(name, tuple(command), said[1].decode("ascii"))


def run_program(
    program: Program,
    arguments: Sequence[str],
    *,
    cwd: Path,
    timeout_s: float,
    environ: Mapping[str, str] | None = None,
    max_output: int = MAX_OUTPUT,
    stop: threading.Event | None = None,
) -> Ran:
    """Run a program to its end.

    Args:
        program: what runs.
        arguments: no secrets: everybody on the machine can read them.
        cwd: where it runs.
        timeout_s: seconds after which it is stopped, with all that it started.
        environ: its environment; `scanner_environment()` where none is given.
        max_output: bytes of stdout beyond which it is stopped.
        stop: set by another thread, ends it early.

    Raises:
        ScannerError: it does not start, takes too long, writes too much, or is killed; the message
            names the program and holds nothing of what it wrote.
    """
    env = scanner_environment() if environ is None else dict(environ)
    try:
        process = subprocess.Popen(  # noqa: S603 - a list, no shell
            [*program.command, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=cwd,
            env=env,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "its arguments are no text"
        raise ScannerError(f"{program.name}: does not start ({reason})") from None
    bounds = Bounds(program.name, time.monotonic() + timeout_s, timeout_s, max_output, stop)
    code, stdout, stderr = watched(process, bounds)
    return Ran(code, stdout, stderr)


def scanner_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return our environment without our own variables, some of which are keys.

    Colours and questions are off, and text is UTF-8.
    """
    own = {key: value for key, value in os.environ.items() if not key.startswith(_OURS)}
    return {**own, "NO_COLOR": "1", "TERM": "dumb", "PYTHONUTF8": "1", **(extra or {})}
