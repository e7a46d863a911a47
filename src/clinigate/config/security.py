"""The table `[security]`: what is scanned, by which programs."""

from __future__ import annotations

from clinigate.config.table import Table

__all__ = ["SecurityTable"]


class SecurityTable(Table):
    """`[security]`: scanners, where their programs are, and what they look at."""
