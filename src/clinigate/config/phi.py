"""The table `[phi]`: where identifiers of patients are looked for."""

from __future__ import annotations

from clinigate.config.table import Table

__all__ = ["PhiTable"]


class PhiTable(Table):
    """`[phi]`: what is searched for identifiers of patients."""
