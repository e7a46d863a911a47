"""The table `[model_gate]`: what a release of a model is held against."""

from __future__ import annotations

from clinigate.config.table import Table

__all__ = ["ModelGateTable"]


class ModelGateTable(Table):
    """`[model_gate]`: what a release of a model is held against."""
