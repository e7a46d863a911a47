"""Call other commands as parts of a run, and let them end in their own way."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from clinigate.config.loader import CONFIG_VARIABLE, LoadedConfig, find_config
from clinigate.pipeline.interrupts import undisturbed
from clinigate.pipeline.keys import unlocking_variables

__all__ = ["call", "environment_of_parts"]


def call(command: Sequence[str], environ: Mapping[str, str]) -> int:
    """Call a command to its end and return its exit code, 128 + N where signal N ended it.

    The command has a process group of its own: Ctrl-C reaches it through us, once, and it is waited
    for however often it is pressed. Its undo and its seal take the time that they take.

    Raises:
        KeyboardInterrupt: we were interrupted; the command has ended.
    """
    process = subprocess.Popen(command, env=dict(environ), process_group=0)  # noqa: S603 - ours, or the user's own
    try:
        code = process.wait()
    except KeyboardInterrupt:
        with undisturbed():
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGINT)
            process.wait()
        raise
    return code if code >= 0 else 128 - code


def environment_of_parts(loaded: LoadedConfig, config: Path | None) -> dict[str, str]:
    """Return the variables of a run's programs: ours, without what unlocks the key.

    Whoever begins a run seals it, and no part has a use for the key.
    """
    hidden = unlocking_variables(loaded)
    environ = {name: value for name, value in os.environ.items() if name not in hidden}
    found = config or find_config(Path.cwd())
    if found is not None:
        environ[CONFIG_VARIABLE] = str(found.resolve())
    return environ
