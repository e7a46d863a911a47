"""The table `[hipaa.accounts]`: what probes of people and their sessions need to know."""

from __future__ import annotations

from clinigate.config.table import Table

__all__ = ["AccountsTable"]


class AccountsTable(Table):
    """`[hipaa.accounts]`: what probes of people, their sessions and passwords need to know."""
