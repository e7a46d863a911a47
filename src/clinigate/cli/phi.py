"""`clinigate phi`."""

from __future__ import annotations

import click

__all__ = ["command"]


@click.command("phi")
def command() -> int:
    """Nothing yet."""
    raise click.UsageError("not built yet")
