"""The table `[hipaa]`: what of the service the HIPAA checks may see."""

from __future__ import annotations

from clinigate.config.table import Table

__all__ = ["HipaaTable"]


class HipaaTable(Table):
    """`[hipaa]`: what of the service the HIPAA checks may see."""
