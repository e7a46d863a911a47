"""What the commands of all producers share: a run begun or joined, its table, the exit code."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence

import click

from clinigate.cli.exits import ExitCode
from clinigate.cli.keys import passphrase_source
from clinigate.config.loader import LoadedConfig
from clinigate.core.criterion import Criterion
from clinigate.core.verdict import Status
from clinigate.pipeline.keys import configured_signer
from clinigate.pipeline.process_run import run_from_outside
from clinigate.pipeline.producing import Produced, Work, produce_into_run
from clinigate.pipeline.showing import LOG_WIDTH, Screen, results_table, table_of

__all__ = ["produce", "screen"]


def produce(
    config: LoadedConfig,
    *,
    producer: str,
    target: str,
    criteria: Sequence[Criterion],
    work: Work,
    environment: str | None = None,
) -> int:
    """Do a producer's work within a run, print its verdicts, and return the exit code.

    The run is begun and sealed here, unless `CLINIGATE_RUN` names one to join. Arguments as
    `produce_into_run`; raises as it does.
    """
    signer = None
    if not run_from_outside():
        signer = configured_signer(config, passphrase=passphrase_source(None, confirm=False))
    produced = produce_into_run(
        config,
        producer=producer,
        target=target,
        criteria=criteria,
        work=work,
        signer=signer,
        environment=environment,
        on_end=_show,
    )
    return _exit_code(produced)


def screen() -> Screen:
    """Return what the standard output is."""
    is_terminal = sys.stdout.isatty()
    width = shutil.get_terminal_size((LOG_WIDTH, 24)).columns if is_terminal else LOG_WIDTH
    encoding = (sys.stdout.encoding or "").lower().replace("-", "")
    return {"width": width, "colour": is_terminal, "unicode": encoding.startswith("utf")}


def _show(produced: Produced) -> None:
    if produced.conclusion is not None:
        click.echo(table_of(produced.conclusion, verdicts=produced.verdicts, **screen()))
        return
    click.echo(results_table(produced.results, verdicts=produced.verdicts, **screen()))
    click.echo(f"recorded in run {produced.run}; whoever began it seals it")


def _exit_code(produced: Produced) -> int:
    if produced.stopped is not None:
        return ExitCode.UNFINISHED
    statuses = {verdict.status for verdict in produced.verdicts}
    return ExitCode.OK if statuses == {Status.PASS} else ExitCode.NOT_PASSED
