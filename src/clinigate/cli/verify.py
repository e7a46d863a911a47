"""`clinigate verify`: is a bundle what was sealed, and by whom?"""

from __future__ import annotations

from pathlib import Path

import click

from clinigate.cli.exits import ExitCode
from clinigate.cli.options import config_option, trust_option, trusted_keys
from clinigate.cli.places import bundle_path
from clinigate.cli.troubles import complain
from clinigate.config.loader import load_config
from clinigate.core.canonical import canonical_text
from clinigate.evidence import explain
from clinigate.evidence.report import LevelStatus, VerificationReport
from clinigate.evidence.spool import RunStatus
from clinigate.pipeline.examine import examine
from clinigate.reports.text import visible

__all__ = ["command"]

_MARKS = {LevelStatus.OK: "ok", LevelStatus.FAILED: "FAILED", LevelStatus.NOT_ASSESSED: "open"}


@click.command("verify")
@click.argument("bundle", default="last")
@config_option
@trust_option
@click.option("--threshold", type=click.IntRange(min=1), default=1, show_default=True,
              help="Distinct trusted keys that must have signed.")  # fmt: skip
@click.option("--checkpoint", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="A checkpoint of the ledger kept elsewhere: shows a rollback.")  # fmt: skip
@click.option("--explain-openssl", is_flag=True,
              help="Print the commands by which openssl and sha256sum verify it.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def command(
    bundle: str,
    config: Path | None,
    trust: Path | None,
    threshold: int,
    checkpoint: Path | None,
    explain_openssl: bool,
    as_json: bool,
) -> int:
    """Verify BUNDLE (a run's id or directory, a zip, or `last`) offline, level by level.

    Exit codes: 0 whole, and signed by a key that counts; 1 nobody who counts vouches for it;
    2 the run is INCOMPLETE; 3 bytes, signature or ledger do not agree.
    """
    loaded = load_config(config)
    examined = examine(
        bundle_path(loaded, bundle),
        trust=trusted_keys(loaded, trust),
        threshold=threshold,
        last_checkpoint=None if checkpoint is None else checkpoint.read_bytes(),
    )
    if explain_openssl:
        click.echo(explain.explain_openssl(examined.bundle))
        return ExitCode.OK
    click.echo(canonical_text(_plain(examined.report)) if as_json else _text(examined.report))
    return _exit_code(examined.report)


def _text(report: VerificationReport) -> str:
    lines = [f"run {report.run}: {report.run_status}, {'signed' if report.signed else 'UNSIGNED'}"]
    for result in report.levels:
        lines.append(f"{result.level}  {_MARKS[result.status]:<6}  {result.level.claim}")
        lines += [f"    {sentence}" for sentence in result.sentences]
    return visible("\n".join(lines))


def _plain(report: VerificationReport) -> dict[str, object]:
    return {
        "run": report.run,
        "status": report.run_status.value,
        "signed": report.signed,
        "signedBy": [{"keyid": k.keyid, "name": k.name, "role": k.role} for k in report.signed_by],
        "overall": report.overall.value,
        "levels": [
            {
                "level": result.level.value,
                "status": result.status.value,
                "claim": result.level.claim,
                "sentences": list(result.sentences),
            }
            for result in report.levels
        ],
    }


def _exit_code(report: VerificationReport) -> int:
    if report.overall is LevelStatus.FAILED:
        return complain(f"run {report.run}: {report.problems[0]}", ExitCode.INTEGRITY)
    if report.run_status is RunStatus.INCOMPLETE:
        said = f"run {report.run} is INCOMPLETE: it was started and never finished"
        return complain(said, ExitCode.UNFINISHED)
    if not report.signed_by:
        said = (
            "is signed by no key that counts; --trust FILE or [gate] trust names those that do"
            if report.signed
            else "is UNSIGNED: nobody signed it; set [signing] key or CLINIGATE_KEY and run again"
        )
        return complain(f"run {report.run} {said}", ExitCode.NOT_PASSED)
    return ExitCode.OK
