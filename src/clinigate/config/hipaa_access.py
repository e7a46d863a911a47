"""The table `[hipaa.access]`: what probes of who sees what need to know."""

from __future__ import annotations

from clinigate.config.table import Table

__all__ = ["AccessTable"]


class AccessTable(Table):
    """`[hipaa.access]`: what probes of who sees what need to know."""
