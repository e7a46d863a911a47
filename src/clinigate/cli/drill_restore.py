"""`clinigate drill restore`: a backup restored into an empty store, table by table."""

from __future__ import annotations

import os
import shlex
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from clinigate.cli.drill_record import (
    carried_out,
    key_option,
    leave,
    out_option,
    run_of,
    signer_of,
)
from clinigate.cli.options import config_option, environment_option, passphrase_option
from clinigate.errors import UsageError

if TYPE_CHECKING:
    from clinigate.config.loader import LoadedConfig
    from clinigate.evidence.envelope import Signer
    from clinigate.evidence.recorder import Recorder
    from clinigate.hipaa.drills.restore import Restored, Steps

__all__ = ["command"]


@dataclass(frozen=True, slots=True)
class _Asked:
    """Stores and programs, as the options name them."""

    source: Path | None
    source_dsn_env: str | None
    into_dsn_env: str | None
    backup: Path | None
    make: str | None
    restore: str
    most_s: float | None
    skip: tuple[str, ...]

    def __post_init__(self) -> None:
        if (self.source is None) == (self.source_dsn_env is None):
            raise UsageError("give one of --source and --source-dsn-env")
        if (self.source_dsn_env is None) != (self.into_dsn_env is None):
            raise UsageError("--source-dsn-env and --into-dsn-env belong together")
        if (self.backup is None) == (self.make is None):
            raise UsageError("give one of --backup, which is there, and --make, which makes one")


@click.command("restore")
@click.option("--source", type=click.Path(dir_okay=False, path_type=Path),
              help="SQLite file of the store; it is read, not changed.")  # fmt: skip
@click.option("--source-dsn-env", metavar="VARIABLE",
              help="Or the variable with the address of a PostgreSQL store.")  # fmt: skip
@click.option("--into-dsn-env", metavar="VARIABLE",
              help="The variable with the address of an empty PostgreSQL database.")  # fmt: skip
@click.option("--backup", type=click.Path(path_type=Path), help="The backup to restore.")
@click.option("--make", metavar="COMMAND", help="Program that makes one at {backup} first.")
@click.option("--restore", metavar="COMMAND", required=True,
              help="Program that restores {backup} into {into}.")  # fmt: skip
@click.option("--most-s", type=click.FloatRange(min=0, min_open=True),
              help="Seconds that the restore may take, as your plan says.")  # fmt: skip
@click.option("--skip", multiple=True, metavar="TABLE",
              help="Leave out a table that every request writes to, as an audit log.")  # fmt: skip
@out_option
@key_option
@passphrase_option
@config_option
@environment_option
def command(
    out: Path,
    key: Path | None,
    passphrase_fd: int | None,
    config: Path | None,
    environment: str | None,
    **asked: Any,
) -> int:
    """Restore a backup into an empty store, and hold every table against the source.

    The programs find the backup and the empty store also in CLINIGATE_DRILL_BACKUP and
    CLINIGATE_DRILL_INTO, where no other user of the machine reads them. Nobody may write to the
    source between backup and comparison: --make makes the backup within the drill.

    Exit codes: 0 everything came back; 1 not, or it could not be tried; 4 usage.
    """
    from clinigate.cli.producing import produce
    from clinigate.config.loader import load_config
    from clinigate.hipaa.drills.named import RESTORE, criterion_of

    wanted, loaded = _Asked(**asked), load_config(config)
    signer = signer_of(loaded, key, passphrase_fd)

    def work(recorder: Recorder, environ: Mapping[str, str]) -> None:
        def drill() -> None:
            _drill(recorder, wanted, loaded, run=run_of(environ), signer=signer, out=out)

        carried_out(drill, recorder, RESTORE)

    return produce(
        loaded,
        producer="drill",
        target=f"restore drill of {wanted.source or wanted.source_dsn_env}",
        criteria=[criterion_of(RESTORE)],
        work=work,
        environment=environment,
    )


def _drill(
    recorder: Recorder,
    wanted: _Asked,
    loaded: LoadedConfig,
    *,
    run: str,
    signer: Signer | None,
    out: Path,
) -> None:
    from clinigate.hipaa.drills.named import RESTORE
    from clinigate.hipaa.drills.papers import restore_record
    from clinigate.hipaa.drills.restore import restore

    with _steps(wanted) as steps:
        restored = restore(RESTORE, steps, environ=os.environ, cwd=Path.cwd())
    ended = datetime.now().astimezone()
    record = restore_record(restored, system=loaded.config.subject.name, run=run, ended=ended)
    leave(recorder, restored.tally.observations(), record, signer=signer, out=out)
    _show(restored)


def _show(restored: Restored) -> None:
    from clinigate.reports.text import one_line

    for each in restored.tables:
        rows = "no" if each.restored is None else each.restored.rows
        word = "equal" if each.equal else "DIFFERENT"
        click.echo(one_line(f"{each.name}: {rows} rows restored, {word}"))
    click.echo(f"restored in {restored.seconds:.1f} s")


@contextmanager
def _steps(wanted: _Asked) -> Iterator[Steps]:
    """Prepare the drill, with a folder for what it makes."""
    from clinigate.hipaa.drills.restore import Steps
    from clinigate.hipaa.drills.tables import Table, postgres_tables, sqlite_tables
    from clinigate.targets.credentials import read_variable

    with tempfile.TemporaryDirectory(prefix="clinigate-drill-") as name:
        folder = Path(name)
        at, into = folder / "restored.db", str(folder / "restored.db")

        def restored() -> dict[str, Table]:
            return sqlite_tables(at) if at.exists() else {}

        ends = (partial(sqlite_tables, wanted.source or at), restored)
        if wanted.source_dsn_env is not None and wanted.into_dsn_env is not None:
            dsn = read_variable(wanted.source_dsn_env, "--source-dsn-env", os.environ)
            into = read_variable(wanted.into_dsn_env, "--into-dsn-env", os.environ)
            ends = (
                partial(postgres_tables, dsn, "--source-dsn-env"),
                partial(postgres_tables, into, "--into-dsn-env"),
            )
        yield Steps(
            source=ends[0],
            target=ends[1],
            backup=wanted.backup or folder / "backup",
            into=into,
            restore=shlex.split(wanted.restore),
            make=None if wanted.make is None else shlex.split(wanted.make),
            most_s=wanted.most_s,
            skipped=frozenset(wanted.skip),
        )
