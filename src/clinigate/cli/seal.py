"""`clinigate seal`: merge, judge, sign."""

from __future__ import annotations

from pathlib import Path

import click

from clinigate.cli.exits import ExitCode
from clinigate.cli.keys import passphrase_source
from clinigate.cli.options import config_option, passphrase_option
from clinigate.cli.places import run_directory
from clinigate.cli.troubles import complain
from clinigate.config.loader import LoadedConfig, load_config
from clinigate.errors import UsageError
from clinigate.evidence.bundle import open_bundle
from clinigate.evidence.names import PROOF, STAMP
from clinigate.evidence.spool import RunStatus
from clinigate.pipeline.conclude import conclude
from clinigate.pipeline.keys import configured_authority, configured_signer
from clinigate.pipeline.stamping import stamp, stamped_by

__all__ = ["command"]


@click.command("seal")
@click.argument("run", default="last")
@config_option
@click.option("--as-incomplete", is_flag=True,
              help="Seal a run that was killed as what it is: INCOMPLETE.")  # fmt: skip
@click.option("--unsigned", is_flag=True, help="Seal without a key; the bundle says UNSIGNED.")
@click.option("--stamp", "only_stamp", is_flag=True,
              help="Ask [signing] tsa for the time of a run that is sealed already.")  # fmt: skip
@passphrase_option
def command(
    run: str,
    config: Path | None,
    as_incomplete: bool,
    unsigned: bool,
    only_stamp: bool,
    passphrase_fd: int | None,
) -> int:
    """Seal RUN (an id, a path, or `last`): merge what its processes wrote, judge it, sign it.

    pytest and the demo seal by themselves; this is for a run that was killed, or that several
    jobs wrote. An INCOMPLETE run opens no gate, and the exit code is 2.
    """
    loaded = load_config(config)
    directory = run_directory(loaded, run)
    if only_stamp:
        return _stamp(loaded, directory)
    if (directory / PROOF).exists():
        said = f"{directory}: this run is sealed already; a seal is made once"
        return complain(said, ExitCode.NOT_PASSED)
    source = passphrase_source(passphrase_fd, confirm=False)
    signer = None if unsigned else configured_signer(loaded, passphrase=source)
    conclusion = conclude(directory, signer=signer, allow_incomplete=as_incomplete)
    click.echo(f"sealed: {conclusion.place}")
    status = conclusion.bundle.status
    if status is RunStatus.COMPLETE:
        return ExitCode.OK
    said = f"run {conclusion.bundle.run} is {status}; no gate opens on it"
    return complain(said, ExitCode.UNFINISHED)


def _stamp(loaded: LoadedConfig, directory: Path) -> int:
    authority = configured_authority(loaded)
    if authority is None:
        raise UsageError(
            f"{loaded.source}: [signing] tsa names no time-stamping authority; "
            'set it, as tsa = "https://tsa.example.org/tsr"'
        )
    bundle = open_bundle(directory)
    by = stamped_by(bundle)
    if by is not None:
        said = f"{directory / STAMP}: {by} stamped this seal already; a stamp is never replaced"
        return complain(said, ExitCode.NOT_PASSED)
    stamped = stamp(bundle, authority)
    click.echo(f"stamped by {authority.url}: {stamped.path / STAMP}")
    return ExitCode.OK
