"""`clinigate quality`: reports of the own build as evidence."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import click

from clinigate.cli.options import config_option, environment_option
from clinigate.cli.producing import produce
from clinigate.config.loader import load_config
from clinigate.evidence.recorder import Recorder
from clinigate.evidence.times import system_clock
from clinigate.quality.coverage import branch_coverage
from clinigate.quality.criteria import BRANCH_COVERAGE, criterion

__all__ = ["command"]


@click.command("quality")
@click.option("--coverage", type=click.Path(dir_okay=False, path_type=Path),
              help="Cobertura report (default: [quality] coverage).")  # fmt: skip
@config_option
@environment_option
def command(coverage: Path | None, config: Path | None, environment: str | None) -> int:
    """Judge reports of the own build: how many branches of the code the tests take.

    A report that is old, cut off or of another project is an ERROR, and a missing one NOT_ASSESSED.
    Exit codes: 0 PASS; 1 not.
    """
    loaded = load_config(config)
    table = loaded.config.quality
    path = coverage or loaded.base_dir / table.coverage

    def work(recorder: Recorder, _environ: Mapping[str, str]) -> None:
        seen = branch_coverage(
            path,
            base_dir=loaded.base_dir,
            now=system_clock(),
            max_age=timedelta(hours=table.coverage_max_age_h),
        )
        for observation in seen:
            recorder.observation(observation)

    return produce(
        loaded,
        producer="quality",
        target="the build",
        criteria=(criterion(BRANCH_COVERAGE).tightened(limit=table.min_branch_coverage),),
        work=work,
        environment=environment,
    )
