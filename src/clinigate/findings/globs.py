"""Patterns over paths with `/`: `*` and `?` within a part, `**` over any number of parts."""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["matches"]


def matches(pattern: str, path: str) -> bool:
    """Whether a path is one that the pattern names.

    A pattern matches a path as a whole, and all that lies below it where it names a folder:
    `vendor` and `vendor/**` are the same. A pattern without `/` names a part anywhere: `*.lock`,
    `node_modules`. `./x` is `x`; `/x` is the `x` at the top.
    """
    return _compiled(pattern).fullmatch(path.removeprefix("./")) is not None


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    pattern = pattern.removeprefix("./").removesuffix("/")
    anywhere = "/" not in pattern
    parts = [part for part in pattern.split("/") if part]
    steps = "".join("(?:[^/]+/)*" if part == "**" else f"{_part(part)}/" for part in parts)
    # The last step's slash is there when something lies below, and only then.
    whole = f"{steps.removesuffix('/')}(?:/.*)?" if not steps.endswith(")*") else f"{steps}.+"
    return re.compile(f"(?:.*/)?{whole}" if anywhere else whole, re.DOTALL)


def _part(part: str) -> str:
    return "".join({"*": "[^/]*", "?": "[^/]"}.get(char, re.escape(char)) for char in part)
