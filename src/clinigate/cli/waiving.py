"""What `clinigate waive` asks of a waiver before anybody signs it, and how it is shown."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from clinigate.errors import PolicyError, UsageError

if TYPE_CHECKING:
    from clinigate.config.loader import LoadedConfig
    from clinigate.core.results import Results
    from clinigate.evidence.bundle import Bundle
    from clinigate.evidence.trust import TrustedKey, TrustStore
    from clinigate.gate.policy import Policy
    from clinigate.gate.records import Record, RecordSubject

__all__ = [
    "approver_named",
    "asked_in",
    "digest_of",
    "expiry_of",
    "home_of",
    "read_request",
    "refuse_unwaivable",
    "shown",
    "subject_of",
]


def refuse_unwaivable(results: Results, criterion: str | None, control: str | None) -> None:
    """Refuse what nobody may waive, or what does not exist.

    Raises:
        UsageError, PolicyError, ControlError: the option is named.
    """
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


def expiry_of(until: datetime, now: datetime, policy: Policy) -> datetime:
    """Return the end of the last day.

    Raises:
        UsageError: the day is over, or beyond the policy's cap.
    """
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


def approver_named(name: str, trust: TrustStore, policy: Policy, now: datetime) -> TrustedKey:
    """Return the key of who shall accept the risk: known, entitled by the policy, and valid now.

    Raises:
        UsageError: there is none.
    """
    from clinigate.evidence.witness import WITNESS_ROLE
    from clinigate.gate.policy import MACHINE
    from clinigate.gate.record_terms import folded

    people = [key for key in trust.keys if key.role not in (MACHINE, WITNESS_ROLE)]
    found = [key for key in people if folded(key.name) == folded(name)]
    if not found:
        known = ", ".join(repr(key.name) for key in people) or "none"
        raise UsageError(f"--approver {name!r}: the trust file has no such person; it has {known}")
    may = [each for each in found if each.role in policy.record_roles]
    if not may:
        roles = ", ".join(policy.record_roles) or "nobody"
        raise UsageError(
            f"--approver {name!r} is {found[0].role}, and in {policy.environment} accepting a "
            f"risk is for: {roles}; the policy says for whom, as [environments."
            f'{policy.environment}.records] roles = ["{found[0].role}"]'
        )
    valid = [each for each in may if each.why_not(now) is None]
    if not valid:
        raise UsageError(f"--approver {name!r}: {may[0].why_not(now)}")
    return valid[-1]


def subject_of(bundle: Bundle, kind: str) -> RecordSubject:
    """Return what a waiver speaks of: this run, or its build.

    Raises:
        UsageError: nothing tells its build from the next.
    """
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


def asked_in(file: Path, data: bytes, trust: TrustStore, now: datetime) -> Record:
    """Return what a request asks for, after its requester was found to have signed it.

    Raises:
        IntegrityError: it was edited, or a foreign key signed it.
        PolicyError: it is no request, accepted already, or over.
    """
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


def home_of(loaded: LoadedConfig, subject: RecordSubject) -> tuple[Path, str | None]:
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


def shown(record: Record) -> str:
    """Return a waiver as whoever signs it reads it first."""
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


def digest_of(record: Record) -> str:
    """Return the SHA-256 of the bytes that are signed, in hexadecimal."""
    from clinigate.core.canonical import sha256_hex
    from clinigate.gate.records import encode_record

    return sha256_hex(encode_record(record))


def read_request(file: Path) -> bytes:
    """Return a request's file.

    Raises:
        PolicyError: too large to be one.
    """
    from clinigate.gate.record_files import LARGEST

    with file.open("rb") as stream:
        data = stream.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise PolicyError(f"{file}: larger than {LARGEST} bytes, which is no request")
    return data
