"""The table `[hipaa.traffic]`: what probes of what comes in and goes out need to know."""

from __future__ import annotations

from clinigate.config.table import Table

__all__ = ["TrafficTable"]


class TrafficTable(Table):
    """`[hipaa.traffic]`: what probes of what comes in and goes out need to know."""
