"""How a flag is taken back: light, as undo steps are called in a fresh process."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any


def lower(args: Mapping[str, Any]) -> None:
    Path(args["flag"]).unlink(missing_ok=True)


def is_lowered(args: Mapping[str, Any]) -> bool:
    return not Path(args["flag"]).exists()


def never(args: Mapping[str, Any]) -> bool:
    return False
