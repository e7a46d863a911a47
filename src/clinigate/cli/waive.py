"""`clinigate waive`: a risk is asked for by one person and accepted, until a date, by another."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from clinigate.cli.exits import ExitCode
from clinigate.cli.options import (
    config_option,
    environment_option,
    passphrase_option,
    policy_option,
    trust_option,
)
from clinigate.cli.person import (
    needed_trust,
    person_at,
    person_key_option,
    printable,
    signer_of_ledger,
)
from clinigate.errors import PolicyError, UsageError

if TYPE_CHECKING:
    from clinigate.config.loader import LoadedConfig
    from clinigate.core.results import Results
    from clinigate.evidence.bundle import Bundle
    from clinigate.evidence.trust import TrustedKey, TrustStore
    from clinigate.gate.policy import Policy
    from clinigate.gate.records import NamedSigner, Record, RecordSubject

__all__ = ["command"]


@click.group("waive")
def command() -> None:
    """Accept a risk until a date: one person asks and signs, another one accepts and signs."""


@command.command("request")
@click.argument("bundle", default="last")
@click.option("--criterion", help="Id of the criterion that is not met.")
@click.option("--control", metavar="CLAUSE", help="Id of the clause that is not shown.")
@click.option("--reason", required=True, help="Why the risk may be accepted for a time.")
@click.option("--measure", required=True, help="What keeps people safe meanwhile.")
@click.option("--owner", required=True, help="Who answers for the risk meanwhile.")
@click.option("--approver", required=True, metavar="NAME",
              help="Who shall accept it, as the trust file names them.")  # fmt: skip
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), required=True,
              help="Its last day, in UTC.")  # fmt: skip
@click.option("--for", "kind", type=click.Choice(["run", "build"]), default="run",
              show_default=True, help="This run alone, or each run of its build.")  # fmt: skip
@person_key_option
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path),
              help="The request's file (default: waiver-….request.json here).")  # fmt: skip
@policy_option
@environment_option
@trust_option
@passphrase_option
@config_option
def request(
    bundle: str,
    criterion: str | None,
    control: str | None,
    reason: str,
    measure: str,
    owner: str,
    approver: str,
    until: datetime,
    kind: str,
    key_place: str,
    out: Path | None,
    policy: str | None,
    environment: str | None,
    trust: Path | None,
    passphrase_fd: int | None,
    config: Path | None,
) -> int:
    """Ask that the risk of BUNDLE (default: last) be accepted, and sign that you ask.

    The request counts for nothing before the approver has signed it: hand them the file, for
    `clinigate waive approve FILE`.
    """
    from clinigate.cli.options import demanded_policy
    from clinigate.cli.places import bundle_path
    from clinigate.config.loader import load_config
    from clinigate.core.canonical import canonical_bytes
    from clinigate.evidence.bundle import open_bundle
    from clinigate.evidence.files import write_atomic
    from clinigate.evidence.times import system_clock, timestamp
    from clinigate.gate.record_files import begin_record
    from clinigate.gate.records import Record, Waiver

    loaded = load_config(config)
    store, now = needed_trust(loaded, trust), system_clock()
    demanded = demanded_policy(loaded, policy, environment)
    sealed = open_bundle(bundle_path(loaded, bundle))
    # 1. What may not be waived, for so long or by that person, is not asked for.
    _refuse_unwaivable(sealed.results(), criterion, control)
    expires = _expiry(until, now, demanded)
    accepts = _approver(approver, store, demanded, now)
    # 2. The whole record, both signers named in it, under the first signature.
    person = person_at(key_place, store, passphrase_fd=passphrase_fd, now=now)
    record = Record(
        subject=_subject(sealed, kind),
        signers=(person.named, _named(accepts)),
        reason=printable(reason, "--reason"),
        issued=timestamp(now),
        expires=timestamp(expires),
        terms=Waiver(
            requester=person.known.name,
            approver=accepts.name,
            compensating_measure=printable(measure, "--measure"),
            criterion=criterion,
            control=control,
            owner=printable(owner, "--owner"),
        ),
    )
    envelope = begin_record(record, person.signer)
    path = out or Path(f"waiver-{_digest(record)[:12]}.request.json")
    write_atomic(path, canonical_bytes(envelope), replace=False)
    click.echo(_shown(record))
    click.echo(f"{path}: asked by {person.title}; {accepts.name} accepts it with:")
    click.echo(f"  clinigate waive approve {path} --key KEY")
    return ExitCode.OK


@command.command("approve")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@person_key_option
@trust_option
@passphrase_option
@config_option
def approve(
    file: Path, key_place: str, trust: Path | None, passphrase_fd: int | None, config: Path | None
) -> int:
    """Accept the risk that FILE asks for, as the person whom it names, and file the waiver.

    It goes to the records of its run where that lies here, else to those of the evidence root, and
    the ledger announces it.
    """
    from clinigate.config.loader import load_config
    from clinigate.core.canonical import parse_json
    from clinigate.evidence.times import system_clock
    from clinigate.gate.record_files import countersign
    from clinigate.pipeline.people import add_record, refuse_clock_set_back

    loaded = load_config(config)
    store, now = needed_trust(loaded, trust), system_clock()
    # 1. What is asked, by whom; only then is the key unlocked.
    data = _read(file)
    record = _asked(file, data, store, now)
    click.echo(_shown(record))
    person = person_at(key_place, store, passphrase_fd=passphrase_fd, now=now)
    if person.known.keyid not in {each.keyid for each in record.signers[1:]}:
        wanted = record.signers[1]
        raise UsageError(
            f"{file}: is to be accepted by {wanted.name!r} with the key {wanted.keyid[:12]}, "
            f"and --key is of {person.known.name!r}"
        )
    refuse_clock_set_back(loaded.root / "ledger", now)
    # 2. The second signature over the same bytes makes it count.
    folder, run = _home(loaded, record.subject)
    path = add_record(
        countersign(parse_json(data), person.signer),
        store,
        root=loaded.root,
        folder=folder,
        run=run,
        signer=signer_of_ledger(loaded),
    )
    click.echo(f"{path}: accepted by {person.title} until {record.expires}")
    return ExitCode.OK


def _refuse_unwaivable(results: Results, criterion: str | None, control: str | None) -> None:
    from clinigate.controls import load_catalogue
    from clinigate.gate.policy import nearest
    from clinigate.gate.waivers import why_not_waivable

    if (criterion is None) == (control is None):
        raise UsageError("name exactly one of --criterion and --control")
    if control is not None:
        load_catalogue().get(control)
        return
    judged = {each.id: each for each in results.criteria}
    if criterion not in judged:
        raise UsageError(
            f"--criterion {criterion}: the run has no such criterion; "
            f"{nearest(str(criterion), judged)}"
        )
    verdict = next(each for each in results.verdicts if each.criterion == criterion)
    why_not = why_not_waivable(judged[criterion], verdict.status)
    if why_not is not None:
        raise PolicyError(f"--criterion {criterion} is {verdict.status}: {why_not}")


def _expiry(until: datetime, now: datetime, policy: Policy) -> datetime:
    """The end of the last day; a day that is over, or beyond the cap, is refused."""
    last: date = until.date()
    ends = datetime.combine(last + timedelta(days=1), time(), UTC)
    if ends <= now:
        raise UsageError(f"--until {last}: is over; name a day to come")
    if ends - now > timedelta(days=policy.max_waiver_days):
        latest = (now + timedelta(days=policy.max_waiver_days)).date() - timedelta(days=1)
        raise UsageError(
            f"--until {last}: no risk is accepted for more than {policy.max_waiver_days} days in "
            f"{policy.environment}; the last day is {latest}"
        )
    return ends


def _approver(name: str, trust: TrustStore, policy: Policy, now: datetime) -> TrustedKey:
    from clinigate.gate.policy import MACHINE
    from clinigate.gate.record_terms import folded

    people = [key for key in trust.keys if key.role != MACHINE]
    found = [key for key in people if folded(key.name) == folded(name)]
    if not found:
        known = ", ".join(repr(key.name) for key in people) or "none"
        raise UsageError(f"--approver {name!r}: the trust file has no such person; it has {known}")
    may = [each for each in found if each.role in policy.record_roles]
    if not may:
        roles = ", ".join(policy.record_roles) or "nobody"
        raise UsageError(
            f"--approver {name!r} is {found[0].role}, and in {policy.environment} accepting a "
            f"risk is for: {roles}"
        )
    valid = [each for each in may if each.why_not(now) is None]
    if not valid:
        raise UsageError(f"--approver {name!r}: {may[0].why_not(now)}")
    return valid[-1]


def _subject(bundle: Bundle, kind: str) -> RecordSubject:
    from clinigate.gate.records import RecordSubject

    if kind == "run":
        return RecordSubject.of_run(bundle.statement_digest)
    subject = bundle.results().subject
    if not subject.names_a_build:
        raise UsageError(
            "--for build: the run says neither version nor digests of what it evaluated, so that "
            "no build can be told from the next; name them under [subject], or use --for run"
        )
    return RecordSubject.of_build(subject)


def _asked(file: Path, data: bytes, trust: TrustStore, now: datetime) -> Record:
    """Return what a request asks for, after its requester was found to have signed it."""
    from clinigate.errors import IntegrityError
    from clinigate.evidence.times import parse_timestamp
    from clinigate.gate.record_files import open_begun
    from clinigate.gate.record_terms import Waiver, folded

    try:
        record, signed = open_begun(data, trust)
    except (PolicyError, IntegrityError) as error:
        raise type(error)(f"{file}: {error}") from error
    terms = record.terms
    if not isinstance(terms, Waiver) or len(record.signers) != 2:
        raise PolicyError(f"{file}: is no request of a waiver")
    asking = record.signers[0]
    if asking.keyid not in signed or folded(asking.name) != folded(terms.requester):
        raise PolicyError(f"{file}: {terms.requester} has not signed that they ask for it")
    if len(signed) == len(record.signers):
        raise PolicyError(f"{file}: is signed by both already")
    if record.expires is not None and now >= parse_timestamp(record.expires):
        raise PolicyError(f"{file}: what it asks for expired at {record.expires}; ask again")
    if parse_timestamp(record.issued) - now > timedelta(minutes=5):
        raise PolicyError(f"{file}: is dated {record.issued}, after now; check the clocks")
    return record


def _home(loaded: LoadedConfig, subject: RecordSubject) -> tuple[Path, str | None]:
    """Where a waiver goes: to the run that it speaks of, where that lies here."""
    from clinigate.evidence.history import read_history
    from clinigate.gate.records import SubjectKind
    from clinigate.pipeline.people import FOLDER

    if subject.kind is SubjectKind.RUN:
        for each in read_history(loaded.root / "ledger"):
            folder = loaded.root / "runs" / each.run
            if f"sha256:{each.statement}" == subject.digest and folder.is_dir():
                return folder / FOLDER, each.run
    return loaded.root / FOLDER, None


def _shown(record: Record) -> str:
    from clinigate.gate.record_terms import Waiver
    from clinigate.reports.text import visible

    terms = record.terms
    if not isinstance(terms, Waiver):
        raise PolicyError("the record is no waiver")
    lines = (
        f"waiver of {terms.covers} ({record.subject.kind} {record.subject.digest[:19]}…)",
        f"  asked by {terms.requester}, to be accepted by {terms.approver}",
        f"  reason: {record.reason}",
        f"  meanwhile: {terms.compensating_measure}",
        f"  owner: {terms.owner or 'nobody named'}",
        f"  until: {record.expires}",
    )
    return "\n".join(visible(line) for line in lines)


def _named(key: TrustedKey) -> NamedSigner:
    from clinigate.gate.records import NamedSigner

    return NamedSigner(key.name, key.role, key.keyid)


def _digest(record: Record) -> str:
    from clinigate.core.canonical import sha256_hex
    from clinigate.gate.records import encode_record

    return sha256_hex(encode_record(record))


def _read(file: Path) -> bytes:
    from clinigate.gate.record_files import LARGEST

    with file.open("rb") as stream:
        data = stream.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise PolicyError(f"{file}: larger than {LARGEST} bytes, which is no request")
    return data
