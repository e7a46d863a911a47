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
    key = ["--out", "officer.key", "--name", "YOUR NAME", "--role", "compliance-officer"]
    steps = {
        "verify": ["verify", place, *trusted],
        "key": ["keys", "generate", *key, *trusted],
        "sign": ["sign", place, "--meaning", "review", "--reason", "WHY", "--key", "officer.key"],
        "pdf": ["report", place, "--format", "pdf", "--view", "officer", *trusted],
    }
    steps["sign"] += trusted
    if trust is None:  # whose key counts is settled where the trust file of the team is kept
        del steps["key"]
    told = ((f"{name}:", shlex.join(["clinigate", *words])) for name, words in steps.items())
    return "\n".join(f"{name:<8} {words}" for name, words in told)
