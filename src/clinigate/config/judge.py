"""The table `[judge]`: who judges conversations beside the rules."""

from __future__ import annotations

from clinigate.config.table import Table

__all__ = ["JudgeTable"]


class JudgeTable(Table):
    """`[judge]`: who judges conversations beside the rules."""
