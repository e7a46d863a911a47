"""`clinigate bundle`: hand a bundle on, as one file."""

from __future__ import annotations

from pathlib import Path

import click

from clinigate.cli.options import config_option
from clinigate.cli.places import bundle_path
from clinigate.config.loader import load_config
from clinigate.errors import IntegrityError, UsageError
from clinigate.evidence.bundle import export_zip
from clinigate.pipeline.examine import examine

__all__ = ["command"]


@click.group("bundle")
def command() -> None:
    """Hand a bundle on to another machine."""


@command.command("export")
@click.argument("bundle", default="last")
@click.argument("out", required=False, type=click.Path(dir_okay=False, path_type=Path))
@config_option
@click.option("--force", is_flag=True, help="Overwrite a file that exists.")
def export(bundle: str, out: Path | None, config: Path | None, force: bool) -> None:
    """Write BUNDLE (a run's id or directory, or `last`) into the zip OUT (default: RUN.zip).

    `clinigate verify`, `gate` and `report` take the zip as they take a directory. The same bundle
    gives the same bytes. A bundle that was damaged is refused.
    """
    examined = examine(bundle_path(load_config(config), bundle), trust=None)
    if examined.report.problems:
        raise IntegrityError(f"nothing was exported: {examined.report.problems[0]}")
    place = out or Path(f"{examined.bundle.run}.zip")
    if place.exists() and not force:
        raise UsageError(f"{place}: exists already; give another name, or --force to overwrite it")
    place.parent.mkdir(parents=True, exist_ok=True)
    click.echo(f"bundle: {export_zip(examined.bundle, place)}")
