"""Say where foreign code broke without repeating what it said."""

from __future__ import annotations

import traceback
from pathlib import Path

__all__ = ["blame"]


def blame(error: BaseException) -> str:
    """Return the type and place of an exception that foreign code raised.

    Its message is left out: it may quote what was said.
    """
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"
