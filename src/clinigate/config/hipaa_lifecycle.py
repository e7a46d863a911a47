"""The table `[hipaa.lifecycle]`: what probes of the life of a record need to know."""

from __future__ import annotations

from clinigate.config.table import Table

__all__ = ["LifecycleTable"]


class LifecycleTable(Table):
    """`[hipaa.lifecycle]`: what probes of the life of a record need to know."""
