"""`clinigate collect`: one run for the evidence of several commands."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from clinigate.cli.calling import call, environment_of_parts
from clinigate.cli.exits import ExitCode
from clinigate.cli.keys import passphrase_source
from clinigate.cli.naming import digests_option, naming_digests
from clinigate.cli.options import config_option, passphrase_option
from clinigate.cli.producing import screen
from clinigate.cli.troubles import complain
from clinigate.config.loader import load_config
from clinigate.core.plan import Profile
from clinigate.errors import UsageError
from clinigate.evidence.spool import RunStatus
from clinigate.pipeline.interrupts import undisturbed
from clinigate.pipeline.keys import configured_signer
from clinigate.pipeline.process_run import ProcessRun, run_from_outside
from clinigate.pipeline.setup import Overrides, prepare
from clinigate.pipeline.showing import table_of

__all__ = ["command"]


@click.command("collect", context_settings={"ignore_unknown_options": True})
@config_option
@click.option("--profile", type=click.Choice([str(each) for each in Profile]), default="full",
              show_default=True, help="pr: the run is a sample, and never certifies.")  # fmt: skip
@digests_option
@passphrase_option
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def command(
    config: Path | None,
    profile: str,
    digests: tuple[str, ...],
    passphrase_fd: int | None,
    command: tuple[str, ...],
) -> int:
    r"""Run COMMAND, and seal what pytest, chaos, load and bench record in it as one run.

    \b
    clinigate collect -- sh -c 'pytest tests/clinical; clinigate chaos run kill-replica'

    The exit code is the command's own; 2 when a part of the run never finished.
    """
    if run_from_outside():
        raise UsageError("this is called from within a run already; `collect` begins one")
    if shutil.which(command[0]) is None:
        raise UsageError(f"{command[0]}: no such program; give a command after --")
    loaded, variables = naming_digests(load_config(config), digests)
    setup = prepare(loaded, Overrides(profile=Profile(profile)))
    source = passphrase_source(passphrase_fd, confirm=False)
    signer = configured_signer(loaded, passphrase=source)
    environ = {**environment_of_parts(loaded, config), **variables}
    run = ProcessRun.begin(setup, producer="collect", signer=signer)
    stopped: str | None = "the run was interrupted"
    try:
        code = call(command, {**environ, **run.environ})
        stopped = None
    finally:
        with undisturbed():
            conclusion = run.end(stopped, allow_incomplete=True)
            assert conclusion is not None
            click.echo(table_of(conclusion, **screen()))
    if conclusion.bundle.status is not RunStatus.COMPLETE:
        said = f"run {run.id} is {conclusion.bundle.status}; no gate opens on it"
        return complain(said, ExitCode.UNFINISHED)
    return code
