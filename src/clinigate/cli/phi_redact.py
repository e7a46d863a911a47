"""`clinigate phi redact`."""

from __future__ import annotations

import click

__all__ = ["command"]


@click.command("redact")
def command() -> int:
    """Not built yet."""
    raise click.UsageError("phi redact is not built yet")
