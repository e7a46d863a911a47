"""Options of all our plugins stand in one group, and never stop another plugin from loading."""

from __future__ import annotations

from typing import Any

import pytest

__all__ = ["GROUP", "add_option"]

GROUP = "clinigate"


def add_option(parser: pytest.Parser, name: str, **attributes: Any) -> None:
    """Add `--name`; where another plugin has taken it, add `--clinigate-name` instead."""
    group = parser.getgroup(GROUP, "Clinigate: clinical-grade evaluation with signed evidence")
    try:
        group.addoption(f"--{name}", **attributes)
    except ValueError:
        group.addoption(f"--clinigate-{name}", **attributes)
