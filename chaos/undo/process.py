"""Start the fresh process that undoes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

__all__ = ["undo_in_fresh_process"]


def undo_in_fresh_process(ledger: Path, *, by: str, reason: str) -> str | None:
    """Undo a ledger in a new interpreter, in a session of its own; what failed, None if nothing.

    The process is not killed when it takes long: its own patience (the experiment's limit for an
    undo) ends it.
    """
    # The interpreter is our own, and every argument is ours.
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "clinigate.chaos.undo", str(ledger), "--by", by, "--reason", reason],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
        check=False,
    )
    if done.returncode == 0:
        return None
    said = done.stderr.decode("utf-8", "replace").strip()
    return said.splitlines()[-1] if said else f"the undo ended with code {done.returncode}"
