"""`clinigate waive`: a risk is asked for by one person and accepted, until a date, by another."""

from __future__ import annotations

from datetime import datetime
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
    named,
    needed_trust,
    person_at,
    person_key_option,
    printable,
    signer_of_ledger,
)
from clinigate.cli.waiving import (
    approver_named,
    asked_in,
    digest_of,
    expiry_of,
    home_of,
    read_request,
    refuse_unwaivable,
    shown,
    subject_of,
)
from clinigate.errors import IntegrityError, UsageError

if TYPE_CHECKING:
    from clinigate.evidence.bundle import Bundle
    from clinigate.evidence.trust import TrustStore

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
    from clinigate.evidence.files import write_atomic
    from clinigate.evidence.times import system_clock, timestamp
    from clinigate.gate.record_files import begin_record
    from clinigate.gate.records import Record, Waiver
    from clinigate.pipeline.keys import configured_stamp_roots

    loaded = load_config(config)
    store, now = needed_trust(loaded, trust), system_clock()
    demanded = demanded_policy(loaded, policy, environment)
    sealed = _whole(bundle_path(loaded, bundle), store, configured_stamp_roots(loaded))
    # 1. What may not be waived, for so long or by that person, is not asked for.
    refuse_unwaivable(sealed.results(), criterion, control)
    expires = expiry_of(until, now, demanded)
    accepts = approver_named(approver, store, demanded, now)
    # 2. The whole record, both signers named in it, under the first signature.
    person = person_at(key_place, store, passphrase_fd=passphrase_fd, now=now)
    record = Record(
        subject=subject_of(sealed, kind),
        signers=(person.named, named(accepts)),
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
    path = out or Path(f"waiver-{digest_of(record)[:12]}.request.json")
    write_atomic(path, canonical_bytes(envelope), replace=False)
    click.echo(shown(record))
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
    data = read_request(file)
    record = asked_in(file, data, store, now)
    click.echo(shown(record))
    person = person_at(key_place, store, passphrase_fd=passphrase_fd, now=now)
    if person.known.keyid not in {each.keyid for each in record.signers[1:]}:
        wanted = record.signers[1]
        raise UsageError(
            f"{file}: is to be accepted by {wanted.name!r} with the key {wanted.keyid[:12]}, "
            f"and --key is of {person.known.name!r}"
        )
    refuse_clock_set_back(loaded.root / "ledger", now)
    # 2. The second signature over the same bytes makes it count.
    folder, run = home_of(loaded, record.subject)
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


def _whole(path: Path, trust: TrustStore, stamp_roots: Path | None) -> Bundle:
    """A bundle that was changed says nothing of which a risk could be accepted."""
    from clinigate.pipeline.examine import examine

    examined = examine(path, trust=trust, stamp_roots=stamp_roots)
    if examined.report.problems:
        raise IntegrityError(f"run {examined.report.run} is damaged: {examined.report.problems[0]}")
    return examined.bundle
