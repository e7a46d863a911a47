"""`clinigate phi trace`: plant synthetic patients in a service, and hunt them down."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from clinigate.cli.options import config_option, environment_option
from clinigate.errors import EvidenceError, UsageError

if TYPE_CHECKING:
    from clinigate.config.loader import LoadedConfig
    from clinigate.evidence.recorder import Recorder
    from clinigate.phi.leaks.hunt import Hunt
    from clinigate.phi.leaks.model import LeakMap

__all__ = ["command", "hunt_of_reference"]

_FILE = click.Path(dir_okay=False, path_type=Path)
_SHOWN = 40


@click.command("trace")
@click.option("--reference", is_flag=True,
              help="Trace the embedded reference service, started for this alone.")  # fmt: skip
@click.option("--defect", metavar="NAME",
              help="With --reference: switch on one of its defects, as phi-in-url.")  # fmt: skip
@click.option("--seed", type=click.IntRange(min=0),
              help="Of the synthetic patients; drawn anew without it.")  # fmt: skip
@click.option("--map", "map_file", type=_FILE, help="Write the leak map as JSON.")
@config_option
@environment_option
def command(
    reference: bool,
    defect: str | None,
    seed: int | None,
    map_file: Path | None,
    config: Path | None,
    environment: str | None,
) -> int:
    """Plant synthetic patients by every way into a service, and hunt them wherever they may leak.

    Every way in has a patient of its own, so that a find names its source and its sink. [hipaa] and
    [phi.trace] say where to look: logs, stores, backups, caches, trace spans, metrics, error pages,
    addresses for debugging, replies to others, prompts to a model provider. The report draws it.
    Exit codes: 0 nothing leaks; 1 something does, or not everything could be looked at; 4 usage.
    """
    from clinigate.phi.criteria import LEAKS, builtin_criteria

    if defect is not None and not reference:
        raise UsageError("--defect belongs to --reference")
    if reference and config is not None:
        raise UsageError("--reference needs no --config; leave one of them out")
    if map_file is not None and not map_file.absolute().parent.is_dir():
        raise UsageError(f"--map {map_file}: there is no such folder; make it first")
    opened = hunt_of_reference(defect, seed) if reference else _of_config(config, seed)
    with opened as (loaded, plan):
        from clinigate.cli.producing import produce
        from clinigate.phi.leaks.hunt import hunt
        from clinigate.phi.leaks.observe import leak_observations

        def work(recorder: Recorder, _environ: Mapping[str, str]) -> None:
            found = hunt(plan, on_step=lambda step: click.echo(f"{step} …"))
            for observation in leak_observations(found):
                recorder.observation(observation)
            _show(found)
            if map_file is not None:
                _write(map_file, found)

        return produce(
            loaded,
            producer="phi-trace",
            target=plan.service.name,
            criteria=[each for each in builtin_criteria() if each.id == LEAKS],
            work=work,
            environment=environment,
        )


@contextmanager
def _of_config(config: Path | None, seed: int | None) -> Iterator[tuple[LoadedConfig, Hunt]]:
    from clinigate.config.loader import load_config
    from clinigate.phi.leaks.setup import opened_hunt

    loaded = load_config(config)
    with opened_hunt(loaded, environ=os.environ, seed=seed) as plan:
        yield loaded, plan


@contextmanager
def hunt_of_reference(
    defect: str | None, seed: int | None, *, say: Callable[[str], object] = click.echo
) -> Iterator[tuple[LoadedConfig, Hunt]]:
    """Start the reference service, and yield its configuration and the hunt through it."""
    from clinigate.cli.reference_hipaa import reference_hipaa_environment
    from clinigate.cli.reference_trace import reference_trace_config
    from clinigate.phi.leaks.recorder import recording
    from clinigate.phi.leaks.setup import opened_hunt
    from clinigate.reference.launch import running

    with recording() as recorder, running(defect=defect, provider_url=recorder.url) as connection:
        loaded = reference_trace_config(connection, root=Path(".clinigate").resolve())
        with opened_hunt(
            loaded,
            environ=reference_hipaa_environment(connection),
            seed=seed,
            recorder=recorder,
            upkeep=connection.keep_up,
        ) as plan:
            say(f"reference service: {connection.base_url}")
            yield loaded, plan


def _show(found: LeakMap) -> None:
    """Print every leak by source and sink, and what could not be looked at."""
    from clinigate.phi.leaks.observe import told

    # Names come from the configuration and from files: none of them may steer the terminal.
    from clinigate.reports.text import one_line

    for leak in found.leaks[:_SHOWN]:
        symbol = "" if leak.symbol is None else f" ({leak.symbol})"
        click.echo(one_line(f"{leak}{symbol}: {told(leak)}"))
    if len(found.leaks) > _SHOWN:
        click.echo(f"and {len(found.leaks) - _SHOWN} more leaks; the report draws all of them")
    for source, why in found.unplanted:
        click.echo(one_line(f"not planted: {source} ({why})"))
    for each in found.troubles:
        click.echo(one_line(f"not looked at: {each.kind} {each.place} ({each.trouble})"))
    leaks = "1 leak" if len(found.leaks) == 1 else f"{len(found.leaks)} leaks"
    click.echo(f"{len(found.sources)} ways in, {len(found.looked)} places looked at, {leaks}")


def _write(path: Path, found: LeakMap) -> None:
    from clinigate.phi.leaks.document import map_bytes

    try:
        path.write_bytes(map_bytes(found))
    except OSError as problem:
        raise EvidenceError(f"{path}: cannot be written ({problem.strerror})") from None
