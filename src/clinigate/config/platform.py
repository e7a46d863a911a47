"""The table `[platform]`: manifests, cluster, policies of the platform."""

from __future__ import annotations

from clinigate.config.table import Table

__all__ = ["PlatformTable"]


class PlatformTable(Table):
    """`[platform]`: manifests and the cluster that the platform policies judge."""
