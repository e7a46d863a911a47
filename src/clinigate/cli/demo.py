"""`clinigate demo`: evaluate the embedded reference service, seal, verify, gate, report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from clinigate.cli.exits import ExitCode

if TYPE_CHECKING:
    pass

__all__ = ["command"]


@click.command("demo")
@click.option("--defect", metavar="NAME", help="Switch on one defect of the service.")
@click.option("--list-defects", is_flag=True, help="List the defects and exit.")
@click.option("--model", type=click.Choice(["calibrator", "baseline"]), default="calibrator",
              show_default=True, help="calibrator: fitted to the published packs; baseline: an "
              "honest small model, trained on the dev split and judged on the rest.")  # fmt: skip
@click.option("--profile", type=click.Choice(["full", "pr"]), default="full", show_default=True,
              help="pr: a sample in seconds; the gate then judges by the policy `pr`.")  # fmt: skip
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of case generation.")
@click.option("--root", type=click.Path(file_okay=False, path_type=Path), default=Path(".clinigate"),
              show_default=True, help="Where the evidence goes.")  # fmt: skip
def command(
    defect: str | None, list_defects: bool, model: str, profile: str, seed: int, root: Path
) -> int:
    """Evaluate the embedded reference service, end to end, and return the gate's exit code.

    The service runs on the loopback interface over TLS. It is no clinical model: it calibrates
    Clinigate. Clean, everything that the demo's policy requires passes; with a defect, the gate
    shuts on the criterion that exists to find it.
    """
    if list_defects:
        return _list_defects()
    from clinigate.reference.launch import running

    with running(model=model, defect=defect) as connection:
        ...
    return ExitCode.OK


def _list_defects() -> int:
    from clinigate.reference.defects import DEFECTS

    width = max(map(len, DEFECTS))
    for name, defect in DEFECTS.items():
        click.echo(f"{name:<{width}}  {defect.summary} (caught by {', '.join(defect.metrics)})")
    return ExitCode.OK
