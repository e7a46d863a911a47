"""The table `[hipaa.records]`: what probes of how records are kept need to know."""

from __future__ import annotations

from clinigate.config.table import Table

__all__ = ["RecordsTable"]


class RecordsTable(Table):
    """`[hipaa.records]`: what probes of how records are kept need to know."""
