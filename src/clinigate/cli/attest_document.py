"""`clinigate attest --document`: one clause, shown by one file."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from clinigate.cli.exits import ExitCode
from clinigate.cli.person import needed_trust, person_at, printable, signer_of_ledger
from clinigate.errors import UsageError

if TYPE_CHECKING:
    from clinigate.config.loader import LoadedConfig

__all__ = ["attest_document"]

#: A document that nobody looks at again for longer is no living one.
_LONGEST = timedelta(days=3 * 366)


def attest_document(
    loaded: LoadedConfig,
    document: Path,
    controls: tuple[str, ...],
    *,
    until: datetime | None,
    reason: str | None,
    key_place: str,
    trust: Path | None,
    passphrase_fd: int | None,
) -> int:
    """Sign that a document shows each of some clauses until a day, for the system in all builds.

    Raises:
        UsageError: a part is missing, the day is over, or the key is no person's.
        ControlError: there is no such clause.
        EvidenceError: the disk refuses.
    """
    from clinigate.controls import load_catalogue
    from clinigate.core.results import Subject
    from clinigate.evidence.times import system_clock, timestamp
    from clinigate.gate.record_files import sign_record
    from clinigate.gate.records import Attestation, Record, RecordSubject
    from clinigate.pipeline.people import FOLDER, add_record, refuse_clock_set_back

    if not controls or until is None or reason is None:
        raise UsageError("--document needs --control, --until and --reason beside it")
    catalogue = load_catalogue()
    clauses = [catalogue.get(each).id for each in dict.fromkeys(controls)]
    now, store = system_clock(), needed_trust(loaded, trust)
    ends = _end(until, now)
    digest = _digest(document)
    said = printable(reason, "--reason")
    refuse_clock_set_back(loaded.root / "ledger", now)
    person = person_at(key_place, store, passphrase_fd=passphrase_fd, now=now)
    for clause in clauses:
        record = Record(
            subject=RecordSubject.of_system(Subject(loaded.config.subject.name)),
            signers=(person.named,),
            reason=said,
            issued=timestamp(now),
            terms=Attestation(clause, digest, timestamp(ends)),
        )
        path = add_record(
            sign_record(record, [person.signer]),
            store,
            root=loaded.root,
            folder=loaded.root / FOLDER,
            run=None,
            signer=signer_of_ledger(loaded),
        )
        click.echo(
            f"{path}: {person.title} attests {clause} until {until.date()} by {document.name} "
            f"({digest})"
        )
    return ExitCode.OK


def _end(until: datetime, now: datetime) -> datetime:
    """The end of the last day."""
    last = until.date()
    ends = datetime.combine(last + timedelta(days=1), time(), UTC)
    if ends <= now:
        raise UsageError(f"--until {last}: is over; name a day to come")
    if ends - now > _LONGEST:
        raise UsageError(f"--until {last}: is more than three years ahead; look at it again sooner")
    return ends


def _digest(document: Path) -> str:
    with document.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if document.stat().st_size == 0:
        raise UsageError(f"{document}: is empty, and an empty document shows nothing")
    return f"sha256:{found}"
