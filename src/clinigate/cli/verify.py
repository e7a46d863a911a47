"""`clinigate verify`: is a bundle what was sealed, and by whom?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from clinigate.cli.exits import ExitCode
from clinigate.cli.options import config_option, trust_option, trusted_keys
from clinigate.cli.places import bundle_path
from clinigate.cli.troubles import complain
from clinigate.config.loader import load_config
from clinigate.core.canonical import canonical_text
from clinigate.core.codec import to_plain
from clinigate.errors import IntegrityError
from clinigate.evidence import explain
from clinigate.evidence.report import LevelStatus, VerificationReport
from clinigate.evidence.spool import RunStatus
from clinigate.evidence.times import system_clock
from clinigate.evidence.trust import TrustStore
from clinigate.pipeline.examine import examine
from clinigate.pipeline.keys import configured_stamp_roots
from clinigate.pipeline.people import people_beside
from clinigate.pipeline.record_standings import RecordStanding, standings_of
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
@click.option("--tsa-roots", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="PEM of time-stamping authorities (default: [gate] tsa_roots).")  # fmt: skip
@click.option("--explain-openssl", is_flag=True,
              help="Print the commands by which openssl and sha256sum verify it.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def command(
    bundle: str,
    config: Path | None,
    trust: Path | None,
    threshold: int,
    checkpoint: Path | None,
    tsa_roots: Path | None,
    explain_openssl: bool,
    as_json: bool,
) -> int:
    """Verify BUNDLE (a run's id or directory, a zip, or `last`) offline, level by level.

    What people signed of it is listed with it: what each signature was worth when it was made, and
    what it is worth now.

    Exit codes: 0 whole, and signed by a key that counts; 1 nobody who counts vouches for it;
    2 the run is INCOMPLETE; 3 bytes, signature, ledger or a record of people do not agree.
    """
    loaded = load_config(config)
    path, store = bundle_path(loaded, bundle), trusted_keys(loaded, trust)
    examined = examine(
        path,
        trust=store,
        threshold=threshold,
        last_checkpoint=None if checkpoint is None else checkpoint.read_bytes(),
        stamp_roots=configured_stamp_roots(loaded, tsa_roots),
    )
    if explain_openssl:
        click.echo(explain.explain_openssl(examined.bundle))
        return ExitCode.OK
    records = _records(path, store)
    report = examined.report
    click.echo(canonical_text(_plain(report, records)) if as_json else _text(report, records))
    return _exit_code(report, records)


def _records(path: Path, trust: TrustStore | None) -> tuple[RecordStanding, ...]:
    try:
        return standings_of(people_beside([path], trust), trust, system_clock())
    except IntegrityError:
        return ()  # the ledger was edited, and level L2 says so


def _text(report: VerificationReport, records: Sequence[RecordStanding]) -> str:
    lines = [f"run {report.run}: {report.run_status}, {'signed' if report.signed else 'UNSIGNED'}"]
    for result in report.levels:
        lines.append(f"{result.level}  {_MARKS[result.status]:<6}  {result.level.claim}")
        lines += [f"    {sentence}" for sentence in result.sentences]
    lines += ["then and now"] if report.standings or records else []
    lines += [f"    sealed by {each.sentence}" for each in report.standings]
    for record in records:
        lines.append(f"    {record.place}: {_worth(record)}")
        lines += [f"        {each.sentence}" for each in record.signers]
    return visible("\n".join(lines))


def _worth(record: RecordStanding) -> str:
    if record.then is not None:
        return record.then
    return f"{record.title}: {'counts now' if record.now is None else record.now}"


def _plain(report: VerificationReport, records: Sequence[RecordStanding]) -> dict[str, object]:
    return {
        "standings": to_plain(report.standings),
        "records": to_plain(records),
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


def _exit_code(report: VerificationReport, records: Sequence[RecordStanding]) -> int:
    if report.overall is LevelStatus.FAILED:
        return complain(f"run {report.run}: {report.problems[0]}", ExitCode.INTEGRITY)
    broken = [each for each in records if each.broken and each.run is not None]
    if broken:
        said = f"run {report.run}: {broken[0].place}: {broken[0].then}"
        return complain(said, ExitCode.INTEGRITY)
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
