"""`clinigate run`."""

from __future__ import annotations

import click

__all__ = ["command"]


@click.command("run")
def command() -> int:
    """Nothing yet."""
    raise click.UsageError("not built yet")
