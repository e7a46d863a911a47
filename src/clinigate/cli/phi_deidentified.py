"""`clinigate phi deidentified`."""

from __future__ import annotations

import click

__all__ = ["command"]


@click.command("deidentified")
def command() -> int:
    """Not built yet."""
    raise click.UsageError("phi deidentified is not built yet")
