"""Call other commands as parts of a run, and let them end in their own way."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress

from clinigate.pipeline.interrupts import undisturbed

__all__ = ["call"]


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
