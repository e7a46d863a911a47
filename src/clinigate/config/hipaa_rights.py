"""The table `[hipaa.rights]`: what probes of what patients agreed to need to know."""

from __future__ import annotations

from clinigate.config.table import Table

__all__ = ["RightsTable"]


class RightsTable(Table):
    """`[hipaa.rights]`: what probes of what patients agreed to need to know."""
