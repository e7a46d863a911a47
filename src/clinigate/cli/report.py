"""`clinigate report`: a bundle as a page, a PDF, a table, or in the forms of others."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import click

from clinigate.cli.exits import ExitCode
from clinigate.cli.keys import passphrase_source
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
from clinigate.cli.places import bundle_path
from clinigate.cli.troubles import complain
from clinigate.config.loader import LoadedConfig, load_config
from clinigate.errors import UsageError
from clinigate.evidence.envelope import Signer
from clinigate.evidence.files import naming, write_atomic
from clinigate.pipeline.examine import examine
from clinigate.pipeline.exports import FILES, SIGNED, VIEWED, Export, Form, Material, exported
from clinigate.pipeline.gating import decide_on, read_records
from clinigate.pipeline.keys import configured_signer, configured_stamp_roots
from clinigate.pipeline.people import people_beside
from clinigate.pipeline.publish import report_of
from clinigate.pipeline.showing import LOG_WIDTH
from clinigate.pipeline.words import attested_words, recorded_words
from clinigate.reports.terminal import report_table
from clinigate.reports.views import View

__all__ = ["command"]

#: What goes into a file of its own unless it is sent elsewhere; the rest goes to standard output.
_FILED = (Form.HTML, Form.PDF)


@click.command("report")
@click.argument("bundle", default="last")
@config_option
@click.option("--format", "form", type=click.Choice([str(form) for form in Form]),
              default="html", show_default=True,
              help="pdf: PDF/A-3 with the statement in it; csv: traceability; oscal: assessment "
              "results; sarif: what scans found; test-result, svr: in-toto.")  # fmt: skip
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path),
              help="Where it goes (default: html and pdf into exports/ of the bundle, the others "
              "to standard output).")  # fmt: skip
@click.option("--sign", is_flag=True,
              help="Sign it with [signing] key: html, test-result and svr.")  # fmt: skip
@click.option("--view", type=click.Choice([str(view) for view in View]),
              help="Whose view a page shows first, and a PDF alone.")  # fmt: skip
@policy_option
@environment_option
@trust_option
@record_option
@passphrase_option
def command(
    bundle: str,
    config: Path | None,
    form: str,
    out: Path | None,
    sign: bool,
    view: str | None,
    policy: str | None,
    environment: str | None,
    trust: Path | None,
    records: tuple[Path, ...],
    passphrase_fd: int | None,
) -> int:
    """Render BUNDLE (a run's id or directory, a zip, or `last`) with the gate's decision on it.

    As SARIF it is the findings of its scans alone, for runners that show them beside the code.
    The exit code is 0 whatever the decision, and 3 when the bundle's integrity is broken.
    """
    loaded = load_config(config)
    wanted = Form(form)
    if view is not None and wanted not in VIEWED:
        raise UsageError(f"--view: {form} is the same for every reader; html and pdf are not")
    signer = _signer(loaded, wanted, passphrase_fd) if sign else None
    path = bundle_path(loaded, bundle)
    store = trusted_keys(loaded, trust)
    demanded = demanded_policy(loaded, policy, environment)
    given = read_records(records, store)
    roots = configured_stamp_roots(loaded)
    examined = examine(path, trust=store, stamp_roots=roots)
    results, statement = examined.bundle.results(), examined.bundle.statement_digest
    decision = decide_on(
        [(path.stem, path)],
        demanded,
        trust=store,
        records=given,
        root=loaded.root,
        stamp_roots=roots,
    )
    beside = people_beside([path], store, root=loaded.root).records
    signed = {each.digest: each for each in (*given, *beside)}
    words = [
        *attested_words(loaded),
        *recorded_words(demanded, tuple(signed.values()), results, (statement,)),
    ]
    report = report_of(examined, decision, signed.values(), words=words, config=loaded.config)
    if wanted is Form.TABLE:
        _show(f"{report_table(report, width=_width())}\n".encode(), out)
    else:
        shown_to = None if view is None else View(view)
        material = Material(examined, results, decision, report, signer, shown_to)
        _deliver(exported(wanted, material), wanted, out, path)
    if examined.report.problems:
        return complain(examined.report.problems[0], ExitCode.INTEGRITY)
    return ExitCode.OK


def _signer(loaded: LoadedConfig, form: Form, passphrase_fd: int | None) -> Signer:
    if form not in SIGNED:
        able = ", ".join(SIGNED)
        raise UsageError(f"--sign: a report as {form} has no place for a signature; {able} have")
    source = passphrase_source(passphrase_fd, confirm=False)
    signer = configured_signer(loaded, passphrase=source)
    if signer is None:
        raise UsageError("--sign: there is no key; name one in [signing] key")
    return signer


def _deliver(made: Export, form: Form, out: Path | None, bundle: Path) -> None:
    for note in made.notes:
        click.echo(f"note: {note}", err=True)
    if out is None and form in _FILED:
        name = FILES[form]
        filed = (
            bundle / "exports" / name if bundle.is_dir() else bundle.with_suffix(Path(name).suffix)
        )
        _write(made.data, filed)
    else:
        _show(made.data, out)


def _show(data: bytes, out: Path | None) -> None:
    if out is None:
        click.echo(data, nl=False)
        sys.stdout.flush()
    else:
        _write(data, out)


def _write(data: bytes, path: Path) -> None:
    with naming(path.parent, "created"):
        path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, data)
    click.echo(f"report: {path}")


def _width() -> int:
    return shutil.get_terminal_size((LOG_WIDTH, 24)).columns
