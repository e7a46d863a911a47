"""What a user does with a sealed run next: verify it, sign it, hand it on."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

__all__ = ["next_steps"]


def next_steps(bundle: Path, trust: Path | None = None) -> str:
    """Return the commands that come after a seal, one a line.

    Args:
        bundle: the sealed run.
        trust: file of the keys that count, where the configuration names none.
    """
    place = os.path.relpath(bundle)
    trusted = [] if trust is None else ["--trust", os.path.relpath(trust)]
    why = ["--meaning", "review", "--reason", "WHY", "--key", "YOUR.key"]
    steps = (
        ("verify", ["verify", place, *trusted]),
        ("sign", ["sign", place, *why]),
        ("pdf", ["report", place, "--format", "pdf", "--view", "officer", *trusted]),
    )
    told = ((f"{name}:", shlex.join(["clinigate", *words])) for name, words in steps)
    return "\n".join(f"{name:<8} {words}" for name, words in told)
