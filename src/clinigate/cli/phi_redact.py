"""`clinigate phi redact`: a copy of a file without identifiers of patients."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from clinigate.cli.exits import ExitCode
from clinigate.cli.options import config_option
from clinigate.errors import UsageError

if TYPE_CHECKING:
    from clinigate.phi.runtime.copying import Copied

__all__ = ["command"]

_FILE = click.Path(dir_okay=False, path_type=Path)
_KINDS = ("text", "csv", "jsonl", "json")
_TIERS = ("identifier", "contextual", "name")


@click.command("redact")
@click.argument("source", type=_FILE)
@click.option("-o", "--out", type=_FILE, required=True, help="The copy.")
@click.option("--format", "kind", type=click.Choice(_KINDS),
              help="What it is read as (default: by its name).")  # fmt: skip
@click.option("--keyed", is_flag=True,
              help="Give each marker the token of its value.")  # fmt: skip
@click.option("--tier", type=click.Choice(_TIERS),
              help="How sure a find must be: 0.8, 0.4, or 0.3 with names.")  # fmt: skip
@click.option("--confidence-threshold", "threshold", type=click.FloatRange(0, 1),
              help="In place of the tier: [phi] threshold (0.8) or less.")  # fmt: skip
@click.option("--canaries", type=_FILE, help="Synthetic patients whose data goes too.")
@click.option("--force", is_flag=True, help="Replace a copy that is there.")
@config_option
def command(
    source: Path,
    out: Path,
    kind: str | None,
    keyed: bool,
    tier: str | None,
    threshold: float | None,
    canaries: Path | None,
    force: bool,
    config: Path | None,
) -> int:
    """Write a copy in which a marker stands for each find: [CG-PHI-SSN].

    The copy is scanned before it gets its name, and is there only if the scan has found nothing.
    What the recognizers do not know stays in it: a redacted copy is no de-identified dataset.
    Exit codes: 0 written; 2 something is left, or the copy cannot be written; 4 usage.
    """
    from clinigate.config.loader import load_config
    from clinigate.phi.canary_search import CanarySearch
    from clinigate.phi.looking import Looker
    from clinigate.phi.rows.own import all_rows
    from clinigate.phi.runtime.copying import Kind, Proof, redact_file
    from clinigate.phi.runtime.redactor import Redactor
    from clinigate.phi.setup import options_from

    loaded = load_config(config)
    _refuse_to_lose(source, out, force=force)
    if keyed and loaded.config.phi.key_env is None:
        raise UsageError("--keyed needs a key: name its variable in [phi] key_env")
    options = options_from(
        loaded, paths=[loaded.base_dir], threshold=threshold, tier=tier, canaries=canaries
    )
    level = options.policy.level_of(str(source))
    redactor = Redactor(
        threshold=level.threshold,
        names=level.names,
        rows=all_rows(loaded.config.phi.recognizer, source=loaded.source),
        patients=options.patients,
        tokens=options.tokens if keyed else None,
    )
    looker = Looker(options.tokens, CanarySearch(options.patients), limits=options.limits)
    proof = Proof(looker, level.threshold, level.names)
    done = redact_file(
        source, out, redactor=redactor, proof=proof, kind=None if kind is None else Kind(kind)
    )
    _show(done, out)
    return ExitCode.OK


def _refuse_to_lose(source: Path, out: Path, *, force: bool) -> None:
    if out.exists() and not force:
        raise UsageError(f"{out} exists; choose another name, or give --force")
    if out.exists() and source.exists() and out.samefile(source):
        raise UsageError(f"{out} is the source itself; choose another name")


def _show(done: Copied, out: Path) -> None:
    for rule, count in sorted(done.rules.items()):
        click.echo(f"{rule}: {count}")
    click.echo(
        f"{out}: {done.records} lines or rows as {done.kind}, {done.rules.total()} finds taken "
        "out; a scan of it finds nothing"
    )
