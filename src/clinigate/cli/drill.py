"""`clinigate drill`: play through what must work on the worst day."""

from __future__ import annotations

import click

from clinigate.cli.lazy import LazyGroup

__all__ = ["command"]

_COMMANDS = {
    "breach": ("clinigate.cli.drill_breach", "Plant a leak, and find the affected by the log."),
    "restore": ("clinigate.cli.drill_restore", "Restore a backup, and compare every table."),
}


@click.group("drill", cls=LazyGroup, table=_COMMANDS)
def command() -> None:
    """Play through what must work on the worst day: a breach, a restore."""
