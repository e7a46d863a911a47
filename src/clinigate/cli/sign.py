"""`clinigate sign`: a person's signature under a sealed run (21 CFR 11.50, 11.70, 11.200)."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from clinigate.cli.exits import ExitCode
from clinigate.cli.options import config_option, passphrase_option, trust_option
from clinigate.cli.person import (
    needed_trust,
    person_at,
    person_key_option,
    printable,
    signer_of_ledger,
)
from clinigate.cli.troubles import complain
from clinigate.errors import UsageError
from clinigate.gate.record_terms import Meaning

if TYPE_CHECKING:
    from clinigate.cli.person import Person
    from clinigate.config.loader import LoadedConfig
    from clinigate.evidence.trust import TrustStore
    from clinigate.gate.records import Record
    from clinigate.pipeline.examine import Examined

__all__ = ["command"]


@click.command("sign")
@click.argument("bundles", nargs=-1)
@click.option("--meaning", type=click.Choice([each.value for each in Meaning]), required=True,
              help="What your signature means.")  # fmt: skip
@click.option("--reason", required=True, help="Why you sign, in a sentence.")
@person_key_option
@click.option("--allow", type=click.Choice(["unsigned", "incomplete"]), multiple=True,
              help="Sign what no trusted key has signed, or a run that never ended.")  # fmt: skip
@click.option("--out", type=click.Path(file_okay=False, path_type=Path),
              help="Folder for the signature (default: records/ of the bundle).")  # fmt: skip
@trust_option
@passphrase_option
@config_option
def command(
    bundles: tuple[str, ...],
    meaning: str,
    reason: str,
    key_place: str,
    allow: tuple[str, ...],
    out: Path | None,
    trust: Path | None,
    passphrase_fd: int | None,
    config: Path | None,
) -> int:
    """Sign BUNDLES (run ids, directories or zips; default: last) with your own name.

    Printed name and role are those of the trust file. Each bundle is verified first; a damaged one
    is never signed. The passphrase is asked once: further bundles of the same call are signed with
    the unlocked key alone, as a series of one sitting, and their signatures say so.

    Exit codes: 0 signed; 1 nobody who counts vouches for a bundle, or you signed it already;
    2 INCOMPLETE; 3 a bundle is damaged; 4 usage.
    """
    from clinigate.cli.places import LAST, bundle_path
    from clinigate.config.loader import load_config
    from clinigate.evidence.times import system_clock
    from clinigate.pipeline.examine import examine
    from clinigate.pipeline.keys import configured_stamp_roots

    loaded = load_config(config)
    store = needed_trust(loaded, trust)
    reason = printable(reason, "--reason")
    # 1. All of them are looked at before anything is signed.
    roots = configured_stamp_roots(loaded)
    found = [
        examine(bundle_path(loaded, name), trust=store, stamp_roots=roots)
        for name in dict.fromkeys(bundles or (LAST,))
    ]
    for examined in found:
        if (refused := _refusal(examined, allow)) is not None:
            return complain(*refused)
        _refuse_no_place(examined, out)
        click.echo(_summary(examined))
    # 2. Both components, once.
    now = system_clock()
    person = person_at(key_place, store, passphrase_fd=passphrase_fd, now=now)
    for examined in found:
        if (again := _refuse_again(examined, person, Meaning(meaning), store)) is not None:
            return complain(again, ExitCode.NOT_PASSED)
    # 3. One record for each, bound to its statement.
    for place, examined in enumerate(found):
        record = _record(examined, person, Meaning(meaning), reason, first=place == 0)
        path = _file(loaded, examined, record, person, store, out)
        click.echo(f"{path}: {meaning} by {person.title} at {_local(record)}")
    return ExitCode.OK


def _refusal(examined: Examined, allow: tuple[str, ...]) -> tuple[str, ExitCode] | None:
    from clinigate.evidence.report import LevelStatus
    from clinigate.evidence.spool import RunStatus

    report = examined.report
    run = f"run {report.run}"
    if report.overall is LevelStatus.FAILED:
        told = f"{run} is damaged and was not signed: {report.problems[0]}"
        return told, ExitCode.INTEGRITY
    if report.run_status is RunStatus.INCOMPLETE and "incomplete" not in allow:
        told = f"{run} is INCOMPLETE and was not signed; --allow incomplete signs it as such"
        return told, ExitCode.UNFINISHED
    if not report.signed_by and "unsigned" not in allow:
        told = (
            f"{run} is signed by no key that counts, so that nobody states what you would sign; "
            "--allow unsigned signs it nevertheless"
        )
        return told, ExitCode.NOT_PASSED
    return None


def _refuse_no_place(examined: Examined, out: Path | None) -> None:
    path = examined.bundle.path
    if out is None and not path.is_dir():
        raise UsageError(f"{path}: a zip is never changed; give --out FOLDER for the signature")


def _refuse_again(
    examined: Examined, person: Person, meaning: Meaning, trust: TrustStore
) -> str | None:
    """One signature of each meaning is enough; a second one would only look like another."""
    from clinigate.gate.record_terms import SignOff, folded
    from clinigate.pipeline.people import people_beside

    for each in people_beside([examined.bundle.path], trust).records:
        terms, subject = each.record.terms, each.record.subject
        if (
            isinstance(terms, SignOff)
            and subject.digest == examined.bundle.statement_digest
            and terms.meaning is meaning
            and folded(terms.printed_name) == folded(person.known.name)
        ):
            return (
                f"run {examined.report.run}: {person.known.name} has signed it with the meaning "
                f"{meaning} already, at {terms.signed_at}"
            )
    return None


def _summary(examined: Examined) -> str:
    from clinigate.reports.text import visible

    bundle, predicate = examined.bundle, examined.bundle.statement.predicate
    subject = predicate["subject"]
    counts = ", ".join(
        f"{count} {status}" for status, count in predicate["counts"].items() if count
    )
    by = ", ".join(f"{key.name} ({key.role})" for key in examined.report.signed_by)
    lines = [
        f"run {bundle.run} of {subject['name']} {subject.get('version') or ''}".rstrip(),
        f"  {bundle.status}, sealed at {bundle.statement.sealed_at} by {by or 'nobody who counts'}",
        f"  verdicts: {counts or 'none'}",
        f"  statement {bundle.statement_digest}",
    ]
    return visible("\n".join(lines))


def _record(
    examined: Examined, person: Person, meaning: Meaning, reason: str, *, first: bool
) -> Record:
    from clinigate.evidence.times import system_clock, timestamp
    from clinigate.gate.record_terms import SignOff
    from clinigate.gate.records import Record, RecordSubject

    now = system_clock()
    return Record(
        subject=RecordSubject.of_run(examined.bundle.statement_digest),
        signers=(person.named,),
        reason=reason,
        issued=timestamp(now),
        terms=SignOff(
            person.known.name,
            timestamp(now),
            meaning,
            signed_local=now.astimezone().isoformat(timespec="microseconds"),
            components=person.components if first else person.components[:1],
        ),
    )


def _file(
    loaded: LoadedConfig,
    examined: Examined,
    record: Record,
    person: Person,
    trust: TrustStore,
    out: Path | None,
) -> Path:
    from clinigate.gate.record_files import sign_record
    from clinigate.pipeline.examine import ledger_beside
    from clinigate.pipeline.people import FOLDER, add_record, refuse_clock_set_back

    path = examined.bundle.path
    ledger = ledger_beside(path) if out is None else None
    if ledger is not None:
        refuse_clock_set_back(ledger, datetime.fromisoformat(record.issued))
    return add_record(
        sign_record(record, [person.signer]),
        trust,
        root=None if ledger is None else ledger.parent,
        folder=path / FOLDER if out is None else out,
        run=examined.bundle.run,
        signer=signer_of_ledger(loaded),
    )


def _local(record: Record) -> str:
    from clinigate.gate.record_terms import SignOff

    return str(record.terms.signed_local) if isinstance(record.terms, SignOff) else record.issued
