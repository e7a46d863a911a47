"""The table `[quality]`: reports of the own build, as its coverage."""

from __future__ import annotations

from clinigate.config.table import Table

__all__ = ["QualityTable"]


class QualityTable(Table):
    """`[quality]`: reports of the own build that count as evidence."""
