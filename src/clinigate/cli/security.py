"""`clinigate security`: what scanners find in code, dependencies, manifests and interfaces."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from clinigate.cli.exits import ExitCode
from clinigate.cli.options import config_option, environment_option
from clinigate.errors import UsageError

if TYPE_CHECKING:
    from clinigate.core.flaw import FlawSeverity
    from clinigate.evidence.recorder import Recorder
    from clinigate.security.scan import Scan
    from clinigate.security.scanner import ScanContext

__all__ = ["command"]

_MOST_SHOWN = 40


@click.group("security")
def command() -> None:
    """Scan code, dependencies, manifests and interfaces."""


@command.command("list")
@config_option
def list_scanners(config: Path | None) -> int:
    """List the scanners, and how to get those that are missing."""
    from clinigate.config.loader import load_config
    from clinigate.security.registry import all_scanners
    from clinigate.security.scan import context_for

    context = context_for(load_config(config), today=_today())
    scanners = all_scanners()
    width = max(len(scanner.id) for scanner in scanners)
    for scanner in scanners:
        missing = scanner.missing(context)
        click.echo(f"{scanner.id:<{width}}  {scanner.summary}")
        if missing is not None:
            click.echo(f"{'':<{width}}  not here: {missing}")
    return ExitCode.OK


@command.command("scan")
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--scanner", "named", multiple=True, metavar="NAME",
              help="Only this scanner; repeatable (default: [security] scanners).")  # fmt: skip
@click.option("--severity", type=click.Choice(["high", "medium", "low"]),
              help="A milder severity that may not be open either.")  # fmt: skip
@click.option("--sarif", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="Write the findings as SARIF 2.1.0 too.")  # fmt: skip
@click.option("--write-baseline", is_flag=True,
              help="Accept what is open, in [security] baseline; judge nothing.")  # fmt: skip
@click.option("--reason", help="With --write-baseline: why it may stay for now.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), metavar="YYYY-MM-DD",
              help="With --write-baseline: its last day, at most 180 ahead.")  # fmt: skip
@config_option
@environment_option
def scan(
    paths: tuple[Path, ...],
    named: tuple[str, ...],
    severity: str | None,
    sarif: Path | None,
    *,
    write_baseline: bool,
    reason: str | None,
    until: datetime | None,
    config: Path | None,
    environment: str | None,
) -> int:
    """Look for what is wrong in PATHS (default: [security] paths), and judge what is open.

    A scanner that is missing is NOT_ASSESSED and says how to get it. What was accepted for a time
    is on record and does not count. Exit codes: 0 nothing grave is open; 1 something is, or not all
    could be looked at; 2 interrupted; 4 usage.
    """
    from clinigate.cli.producing import produce
    from clinigate.config.loader import load_config
    from clinigate.evidence.files import write_atomic
    from clinigate.findings.sarif import write_sarif
    from clinigate.security import scan as security

    loaded = load_config(config)
    least = _severity(severity, loaded.config.security.severity)
    _check_baseline_options(write_baseline=write_baseline, reason=reason, until=until)
    context = security.context_for(loaded, paths, today=_today())
    scanners = security.scanners_for(loaded, named)
    security.check_ready(context)
    if sarif is not None and not sarif.absolute().parent.is_dir():
        raise UsageError(f"--sarif {sarif}: there is no folder {sarif.parent}; make it first")
    is_part = bool(paths or named)
    if write_baseline and reason is not None and until is not None:
        return _write_baseline(
            security.perform(scanners, context, part=is_part), context, reason, until
        )

    def work(recorder: Recorder, _environ: Mapping[str, str]) -> None:
        done = security.perform(scanners, context, part=is_part)
        security.record_scan(done, recorder, least)
        if sarif is not None:
            write_atomic(sarif, write_sarif(done.sarif_scans()))
        _show(done, least)

    return produce(
        loaded,
        producer="security",
        target=f"files: {', '.join(context.paths)}",
        criteria=security.criteria_for(scanners, least),
        work=work,
        environment=environment,
    )


def _today() -> date:
    # The day on which people's acceptances end is that of the place where they are.
    return datetime.now().astimezone().date()


def _severity(given: str | None, configured: str) -> FlawSeverity:
    """The least severity that may not be open: an option may only tighten the configuration."""
    from clinigate.core.flaw import FlawSeverity

    least = FlawSeverity(configured)
    if given is None:
        return least
    if FlawSeverity(given).rank < least.rank:
        raise UsageError(
            f"--severity {given} lets more through than [security] severity = '{configured}'; an "
            "option may only tighten it"
        )
    return FlawSeverity(given)


def _check_baseline_options(
    *, write_baseline: bool, reason: str | None, until: datetime | None
) -> None:
    if write_baseline and (reason is None or until is None):
        raise UsageError(
            "--write-baseline needs --reason and --until: nothing is accepted for nothing, or for "
            "ever"
        )
    if not write_baseline and (reason is not None or until is not None):
        raise UsageError("--reason and --until are for --write-baseline; add it, or leave them out")


def _write_baseline(done: Scan, context: ScanContext, reason: str, until: datetime) -> int:
    from clinigate.evidence.files import write_atomic
    from clinigate.findings.accepted_files import baseline_text
    from clinigate.security.accepted import baseline_of, baseline_path

    path = baseline_path(context)
    found = done.unaccepted()
    text = baseline_text(
        found, baseline_of(context), reason=reason, until=until.date(), today=context.today
    )
    write_atomic(path, text.encode("utf-8"))
    what = "1 finding" if len(found) == 1 else f"{len(found)} findings"
    click.echo(
        f"{path.name}: {what} accepted until {until.date().isoformat()}; commit it, and mend them "
        "until then"
    )
    for looked in done.looked:
        problem = looked.gap or looked.fault
        if problem is not None:
            click.echo(f"{looked.scanner.id} accepted nothing, as it did not look: {problem}")
    return ExitCode.OK


def _show(done: Scan, least: FlawSeverity) -> None:
    """Name what is open, the gravest first; the table that follows only counts it."""
    # Names and messages come from what was scanned: none of them may steer the terminal.
    from clinigate.reports.text import one_line

    found = sorted(done.open(least), key=lambda each: each.flaw.severity.rank)
    for each in found[:_MOST_SHOWN]:
        flaw = each.flaw
        click.echo(one_line(f"{flaw.severity.upper()} {flaw.rule} {flaw.place}: {each.message}"))
        if flaw.fix:
            click.echo(f"  to do: {one_line(flaw.fix)}")
    if len(found) > _MOST_SHOWN:
        click.echo(f"and {len(found) - _MOST_SHOWN} more; --sarif FILE writes all of them")
    for remark in done.remarks:
        click.echo(one_line(f"note {remark.flaw.place}: {remark.message}"))
