"""`clinigate report`: a bundle as a page, a table, Markdown or SARIF."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from clinigate.cli.exits import ExitCode
from clinigate.cli.options import (
    config_option,
    demanded_policy,
    environment_option,
    policy_option,
    record_option,
    trust_option,
    trusted_keys,
)
from clinigate.cli.places import bundle_path
from clinigate.cli.troubles import complain
from clinigate.config.loader import load_config
from clinigate.evidence.files import write_atomic
from clinigate.pipeline.examine import examine
from clinigate.pipeline.gating import decide_on, read_records
from clinigate.pipeline.publish import REPORT_NAME, report_of, write_report
from clinigate.pipeline.showing import LOG_WIDTH
from clinigate.pipeline.words import attested_words, recorded_words
from clinigate.reports.markdown import render_markdown
from clinigate.reports.model import Report
from clinigate.reports.sarif import sarif_of
from clinigate.reports.terminal import report_table

__all__ = ["command"]


@click.command("report")
@click.argument("bundle", default="last")
@config_option
@click.option("--format", "form", type=click.Choice(["html", "table", "markdown", "sarif"]),
              default="html", show_default=True, help="sarif: what scans found.")  # fmt: skip
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path),
              help="Where it goes (default: a page into exports/ of the bundle).")  # fmt: skip
@policy_option
@environment_option
@trust_option
@record_option
def command(
    bundle: str,
    config: Path | None,
    form: str,
    out: Path | None,
    policy: str | None,
    environment: str | None,
    trust: Path | None,
    records: tuple[Path, ...],
) -> int:
    """Render BUNDLE (a run's id or directory, a zip, or `last`) with the gate's decision on it.

    As SARIF it is the findings of its scans alone, for runners that show them beside the code.
    The exit code is 0 whatever the decision, and 3 when the bundle's integrity is broken.
    """
    loaded = load_config(config)
    path = bundle_path(loaded, bundle)
    store = trusted_keys(loaded, trust)
    demanded = demanded_policy(loaded, policy, environment)
    signed = read_records(records, store)
    examined = examine(path, trust=store)
    if form == "sarif":
        # What was found does not depend on who decides: no gate is asked.
        _show(sarif_of(examined.bundle.results()).decode("utf-8").rstrip("\n"), out)
    else:
        decision = decide_on([(path.stem, path)], demanded, trust=store, records=signed)
        results, statement = examined.bundle.results(), examined.bundle.statement_digest
        words = [
            *attested_words(loaded),
            *recorded_words(demanded, signed, results, (statement,)),
        ]
        _render(report_of(examined, decision, signed, words=words), form, out, path)
    if examined.report.problems:
        return complain(examined.report.problems[0], ExitCode.INTEGRITY)
    return ExitCode.OK


def _render(report: Report, form: str, out: Path | None, path: Path) -> None:
    if form == "html":
        default = path / "exports" / REPORT_NAME if path.is_dir() else path.with_suffix(".html")
        click.echo(f"report: {write_report(report, out or default)}")
    elif form == "table":
        _show(report_table(report, width=_width()), out)
    else:
        _show(render_markdown(report), out)


def _show(text: str, out: Path | None) -> None:
    if out is None:
        click.echo(text)
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(out, f"{text}\n".encode())
    click.echo(f"report: {out}")


def _width() -> int:
    return shutil.get_terminal_size((LOG_WIDTH, 24)).columns
