"""`clinigate phi watch`."""

from __future__ import annotations

import click

__all__ = ["command"]


@click.command("watch")
def command() -> int:
    """Not built yet."""
    raise click.UsageError("phi watch is not built yet")
