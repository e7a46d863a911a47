"""`clinigate bundle`: hand bundles on, take them in, and keep them as long as they must be."""

from __future__ import annotations

from pathlib import Path

import click

from clinigate.cli.bundle_shown import kept_plain, kept_text, pruned_text
from clinigate.cli.keys import passphrase_source
from clinigate.cli.options import config_option, passphrase_option, trust_option, trusted_keys
from clinigate.cli.places import bundle_path
from clinigate.config.loader import LoadedConfig, load_config
from clinigate.core.canonical import canonical_text
from clinigate.errors import IntegrityError
from clinigate.evidence.times import system_clock
from clinigate.pipeline.examine import examine
from clinigate.pipeline.keys import configured_signer
from clinigate.pipeline.pruning import prune as prune_runs
from clinigate.pipeline.retention import kept_runs
from clinigate.pipeline.stores import is_url
from clinigate.pipeline.transfer import export_bundle, import_bundle
from clinigate.reports.text import visible

__all__ = ["command"]


@click.group("bundle")
def command() -> None:
    """Hand bundles on, take them in, keep them as long as they must be kept, and no longer."""


@command.command("export")
@click.argument("bundle", default="last")
@click.argument("out", required=False)
@config_option
@click.option("--force", is_flag=True, help="Overwrite what exists.")
@click.option("--request", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="An auditor's request list (TOML): chosen clauses over a period, as they were "
              "then. BUNDLE is then the folder to write, or OUT.")  # fmt: skip
def export(
    bundle: str, out: str | None, config: Path | None, force: bool, request: Path | None
) -> None:
    """Write BUNDLE (a run's id or directory, or `last`) into the zip OUT (default: RUN.zip).

    OUT is a file, or a URL that fsspec knows, as s3://bucket/folder/RUN.zip; a URL that ends with
    a slash gets the run's id. `clinigate verify`, `gate` and `report` take the zip as they take a
    directory. The same bundle gives the same bytes. A bundle that was damaged is refused.
    """
    loaded = load_config(config)
    if request is not None:
        click.echo(visible(_answer(loaded, request, out or bundle, force=force)))
        return
    examined = examine(bundle_path(loaded, bundle), trust=None)
    if examined.report.problems:
        raise IntegrityError(f"nothing was exported: {examined.report.problems[0]}")
    name = f"{examined.bundle.run}.zip"
    place = out or name
    place = f"{place}{name}" if is_url(place) and place.endswith("/") else place
    written = export_bundle(
        examined.bundle, place, root=loaded.root, table=loaded.config.retention, force=force
    )
    click.echo(f"bundle: {visible(written if is_url(place) else place)}")


@command.command("import")
@click.argument("place", metavar="BUNDLE")
@config_option
@trust_option
@click.option("--unvouched", is_flag=True,
              help="Take in what no key that counts has signed; the ledger says so.")  # fmt: skip
@passphrase_option
def import_(
    place: str,
    config: Path | None,
    trust: Path | None,
    unvouched: bool,
    passphrase_fd: int | None,
) -> None:
    """Take BUNDLE (a zip, a directory, or the URL of a zip) in among the runs, once it verifies.

    It is copied, the copy is verified, and only then it takes the run's place. The ledger says
    where it came from. Reports that travelled along stay behind: `clinigate report` makes them.
    """
    loaded = load_config(config)
    done = import_bundle(
        place,
        root=loaded.root,
        table=loaded.config.retention,
        trust=trusted_keys(loaded, trust),
        unvouched=unvouched,
        signer=configured_signer(
            loaded, passphrase=passphrase_source(passphrase_fd, confirm=False)
        ),
    )
    said = "imported" if done.new else "was here already"
    by = f"signed by {', '.join(done.signed_by)}" if done.signed_by else "nobody vouches for it"
    left = f"; {done.left_out} file(s) of exports/ stayed behind" if done.left_out else ""
    click.echo(visible(f"{said}: {done.place} ({by}{left})"))


@command.command("list")
@config_option
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
def list_(config: Path | None, as_json: bool) -> None:
    """List every run with until when it is kept, why, and where copies of it are."""
    loaded = load_config(config)
    runs = kept_runs(loaded.root, loaded.config.retention)
    if as_json:
        click.echo(canonical_text([kept_plain(each) for each in runs]))
        return
    click.echo(visible(kept_text(runs, loaded.config.retention, system_clock())))


@command.command("prune")
@config_option
@click.option("--dry-run", is_flag=True, help="Only say what would be removed.")
@passphrase_option
def prune(config: Path | None, dry_run: bool, passphrase_fd: int | None) -> None:
    """Remove runs whose retention is over, that are under no hold, and of which a copy is found.

    The ledger keeps every word about them. Nothing else is ever removed.
    """
    loaded = load_config(config)
    source = passphrase_source(passphrase_fd, confirm=False)
    signer = None if dry_run else configured_signer(loaded, passphrase=source)
    done = prune_runs(loaded.root, loaded.config.retention, dry_run=dry_run, signer=signer)
    click.echo(visible(pruned_text(done, dry_run=dry_run)))


def _answer(loaded: LoadedConfig, request: Path, out: str, *, force: bool) -> str:
    from clinigate.pipeline.answer import answer_request
    from clinigate.pipeline.request import read_request

    place = Path(f"{request.stem}-answer" if out == "last" else out)
    answer = answer_request(read_request(request), place, loaded=loaded, force=force)
    return f"answer: {answer.place}: {answer.runs} run(s), {answer.gaps} gap(s)"
