"""The table `[[stage]]`: one stage of `clinigate run`."""

from __future__ import annotations

from clinigate.config.table import Table

__all__ = ["StageTable"]


class StageTable(Table):
    """`[[stage]]`: one stage of `clinigate run`."""
