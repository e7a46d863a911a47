"""`clinigate attest`: sign the attestations that are one's own."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from clinigate.cli.exits import ExitCode
from clinigate.cli.keys import passphrase_source
from clinigate.cli.options import config_option, passphrase_option, trust_option
from clinigate.errors import EvidenceError, UsageError

if TYPE_CHECKING:
    from clinigate.config.loader import LoadedConfig
    from clinigate.evidence.signing import LocalSigner
    from clinigate.evidence.trust import TrustedKey
    from clinigate.gate.records import Record
    from clinigate.hipaa.attestations import Book, Signable

__all__ = ["command"]

_MACHINE = "machine"


@click.command("attest")
@click.option("--control", "controls", multiple=True, metavar="CLAUSE",
              help="Sign this clause alone; more than once for several.")  # fmt: skip
@click.option("--key", "key_place", required=True, metavar="KEY",
              help="Your private key (`clinigate keys generate`).")  # fmt: skip
@click.option("--document", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="Attest that this file shows the clause, without a book.")  # fmt: skip
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]),
              help="With --document: the last day on which it holds, in UTC.")  # fmt: skip
@click.option("--reason", help="With --document: what it shows, in a sentence.")
@click.option("--list", "list_only", is_flag=True, help="Only say what would be signed.")
@trust_option
@passphrase_option
@config_option
def command(
    controls: tuple[str, ...],
    key_place: str,
    document: Path | None,
    until: datetime | None,
    reason: str | None,
    list_only: bool,
    trust: Path | None,
    passphrase_fd: int | None,
    config: Path | None,
) -> int:
    """Sign the attestations that stand under your name in [hipaa] attestations.

    With --document, attest one clause by one file instead: its digest goes into a record beside the
    evidence, which the gate reads there, and the file itself stays where you keep it.

    Read them first: your name in the trust file must be that of attested_by, and a machine's key
    signs nothing here. Signatures go into a folder beside the file, NAME.signed; the HIPAA tests
    read them there, and `clinigate gate --record NAME.signed` takes the same folder.

    Exit codes: 0 signed; 1 nothing stands under your name; 4 usage.
    """
    from clinigate.config.loader import load_config
    from clinigate.evidence.keys import load_key

    loaded = load_config(config)
    if document is not None:
        from clinigate.cli.attest_document import attest_document

        return attest_document(
            loaded, document, controls, until=until, reason=reason, key_place=key_place,
            trust=trust, passphrase_fd=passphrase_fd,
        )  # fmt: skip
    if until is not None or reason is not None:
        raise UsageError("--until and --reason belong to --document; the book says its own")
    book = _book(loaded)
    key = Path(key_place.removeprefix("file:"))
    signer = load_key(key, passphrase_source(passphrase_fd, confirm=False))
    person = _person(loaded, book, trust, signer)
    wanted = _wanted(book, controls, person)
    if not wanted:
        click.echo(f"{book.file.name}: nothing in it is attested by {person.name}")
        return ExitCode.NOT_PASSED
    today = datetime.now().astimezone().date()
    for word in wanted:
        _refuse_dates(word, today)
    for word in wanted:
        ends = f"until {word.entry.valid_until}: {word.entry.statement}"
        if list_only:
            click.echo(f"{word.entry.control} {ends}")
            continue
        path = _sign(loaded, book, word, person, signer)
        click.echo(f"{path}: {person.name} ({person.role}) attests {word.entry.control} {ends}")
    return ExitCode.OK


def _book(loaded: LoadedConfig) -> Book:
    from clinigate.hipaa.attestations import read_book

    path = loaded.base_dir / loaded.config.hipaa.attestations
    if not path.exists():
        raise UsageError(f"{path}: there is no such file; [hipaa] attestations names it")
    return read_book(path)


def _person(
    loaded: LoadedConfig, book: Book, trust: Path | None, signer: LocalSigner
) -> TrustedKey:
    """Return who the trust file says that the key is."""
    from clinigate.cli.options import trusted_keys

    store = book.trust if trust is None and book.trust is not None else trusted_keys(loaded, trust)
    if store is None:
        raise UsageError(
            f"no trust file says whose key it is: give {book.file.name} trust = 'trust.toml'"
        )
    known = store.get(signer.keyid)
    if known is None or known.role == _MACHINE:
        raise UsageError("the trust file knows the key as no person's; add it with name and role")
    return known


def _wanted(book: Book, controls: tuple[str, ...], person: TrustedKey) -> list[Signable]:
    unknown = [each for each in controls if book.get(each) is None]
    if unknown:
        raise UsageError(f"{book.file.name}: nothing in it is attested of {unknown[0]}")
    own = [
        word for word in book.words if _folded(word.entry.attested_by.name) == _folded(person.name)
    ]
    if not controls:
        return own
    others = [each for each in controls if each not in {word.entry.control for word in own}]
    if others:
        raise UsageError(f"{others[0]} is attested by somebody else than {person.name}")
    return [word for word in own if word.entry.control in controls]


def _refuse_dates(word: Signable, today: date) -> None:
    entry = word.entry
    if not entry.date <= today <= entry.valid_until:
        raise UsageError(
            f"{entry.control}: stands from {entry.date} to {entry.valid_until}, and today is "
            f"{today}; date it anew before it is signed"
        )


def _sign(
    loaded: LoadedConfig, book: Book, word: Signable, person: TrustedKey, signer: LocalSigner
) -> Path:
    from clinigate.core.canonical import canonical_bytes
    from clinigate.gate.record_files import sign_record
    from clinigate.hipaa.signatures import signature_of

    record = _record(loaded, word, person)
    path = signature_of(book.file, word.entry.control)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(canonical_bytes(sign_record(record, [signer])))
    except OSError as problem:
        raise EvidenceError(f"{path}: cannot be written ({problem.strerror})") from None
    return path


def _record(loaded: LoadedConfig, word: Signable, person: TrustedKey) -> Record:
    """The attestation as the gate takes it; it ends with its last day."""
    from clinigate.core.results import Subject
    from clinigate.evidence.times import system_clock, timestamp
    from clinigate.gate.record_terms import Attestation, Decision
    from clinigate.gate.records import NamedSigner, Record, RecordSubject

    entry = word.entry
    until = timestamp(datetime.combine(entry.valid_until + timedelta(days=1), time(), UTC))
    terms: Attestation | Decision = Attestation(entry.control, word.digest, until)
    reason = entry.statement
    if entry.decision is not None:
        reason, measure = entry.decision.reason, entry.decision.measure
        terms = Decision(entry.control, word.digest, until, " ".join(measure.split()))
    return Record(
        subject=RecordSubject.of_system(Subject(loaded.config.subject.name)),
        signers=(NamedSigner(person.name, person.role, person.keyid),),
        reason=" ".join(reason.split()),
        issued=timestamp(system_clock()),
        terms=terms,
    )


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())
