"""`clinigate phi trace`."""

from __future__ import annotations

import click

__all__ = ["command"]


@click.command("trace")
def command() -> int:
    """Not built yet."""
    raise click.UsageError("phi trace is not built yet")
