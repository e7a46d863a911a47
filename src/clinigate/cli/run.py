"""`clinigate run`: all stages as one run, one decision, one report."""

from __future__ import annotations

from pathlib import Path

import click

from clinigate.cli.calling import environment_of_parts
from clinigate.cli.keys import passphrase_source
from clinigate.cli.naming import digests_option, naming_digests
from clinigate.cli.options import (
    config_option,
    demanded_policy,
    environment_option,
    passphrase_option,
    policy_option,
    record_option,
    trust_option,
    trusted_keys,
)
from clinigate.cli.places import run_directory
from clinigate.config.loader import load_config
from clinigate.core.plan import Profile
from clinigate.errors import UsageError
from clinigate.pipeline.gating import read_records
from clinigate.pipeline.keys import configured_signer, configured_stamp_roots
from clinigate.pipeline.process_run import run_from_outside

__all__ = ["command"]


@click.command("run")
@config_option
@click.option("--stage", "stages", multiple=True, metavar="NAME",
              help="Run this one, and what it needs; may be repeated (default: all).")  # fmt: skip
@click.option("--keep-going", is_flag=True,
              help="Run later stages after one that died or shut the gate.")  # fmt: skip
@click.option("--resume", metavar="RUN",
              help="Continue a run (its id, its path, or `last`): what died and what never "
              "ran.")  # fmt: skip
@click.option("--profile", type=click.Choice([str(each) for each in Profile]), default="full",
              show_default=True, help="pr: a sample, and never certifies.")  # fmt: skip
@digests_option
@policy_option
@environment_option
@trust_option
@record_option
@passphrase_option
def command(
    config: Path | None,
    stages: tuple[str, ...],
    keep_going: bool,
    resume: str | None,
    profile: str,
    digests: tuple[str, ...],
    policy: str | None,
    environment: str | None,
    trust: Path | None,
    records: tuple[Path, ...],
    passphrase_fd: int | None,
) -> int:
    """Run the stages of [[stage]] as one run, seal it, decide on it, and write the report.

    Without [[stage]] these are, as far as they are configured: security, clinical, hipaa, phi,
    performance, chaos. The first stage that dies or by which the gate is sure to stay shut is the
    last, unless --keep-going is given. A run that is not whole is left unsealed and can be
    continued. Exit codes: 0 the gate opens; 1 it is shut; 2 a required stage died or was
    interrupted; 3 the evidence's integrity is broken; 4 usage.
    """
    from clinigate.cli.stage_run import Asked, Court, carry_out

    if run_from_outside():
        raise UsageError("this is called from within a run already; `clinigate run` begins one")
    if resume is not None and (stages or keep_going or digests or profile != Profile.FULL):
        raise UsageError(
            "--resume continues a run as it was begun; leave out --stage, --keep-going, --profile "
            "and --digest"
        )
    loaded, variables = naming_digests(load_config(config), digests)
    store = trusted_keys(loaded, trust)
    source = passphrase_source(passphrase_fd, confirm=False)
    return carry_out(
        loaded,
        Asked(
            stages,
            keep_going,
            Profile(profile),
            None if resume is None else run_directory(loaded, resume).resolve(),
        ),
        Court(
            demanded_policy(loaded, policy, environment),
            store,
            read_records(records, store),
            configured_signer(loaded, passphrase=source),
            stamp_roots=configured_stamp_roots(loaded),
        ),
        environ={**environment_of_parts(loaded, config), **variables},
    )
