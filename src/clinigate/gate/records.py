"""What people add to evidence: waivers, approvals, attestations and the like, in one form.

A record is the payload of a DSSE envelope. Everything that counts stands inside the payload, names
and times too, because whatever stands beside a signature is unsigned.

What a record speaks of (its subject) is a digest of one of three things:

``run``
    the payload of one run's statement. The record ends with that run.
``build``
    name, version and digests of the evaluated system. The record outlives a run, and ends with the
    build: what was accepted for one build is not accepted for the next.
``system``
    the system's name alone, for documents that no build changes, as a training roster. A waiver
    never speaks of it, since a risk is accepted of something that was evaluated.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from clinigate.core.canonical import canonical_bytes, parse_json, sha256_hex
from clinigate.core.codec import from_plain, to_plain
from clinigate.core.results import Subject
from clinigate.errors import PolicyError
from clinigate.evidence.times import parse_timestamp
from clinigate.gate.record_terms import (
    DIGEST,
    MAX_WAIVER_DAYS,
    Approval,
    Attestation,
    Decision,
    Meaning,
    SignOff,
    Terms,
    Waiver,
    folded,
    moment_of,
    require,
    require_text,
)

__all__ = [
    "MAX_WAIVER_DAYS",
    "Approval",
    "Attestation",
    "Decision",
    "Meaning",
    "NamedSigner",
    "Record",
    "RecordKind",
    "RecordSubject",
    "SignOff",
    "SubjectKind",
    "Waiver",
    "decode_record",
    "encode_record",
]

SCHEMA = "clinigate.record/1"

_KEYID = re.compile(r"[0-9a-f]{64}")
#: Fields that younger records know; left out where nothing is said, so that older ones stay the
#: bytes that were signed.
_YOUNGER = ("owner", "signed_local", "components")


class SubjectKind(StrEnum):
    """What a record speaks of; the module's text explains the three."""

    RUN = "run"
    BUILD = "build"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class RecordSubject:
    """What a record speaks of, as `sha256:…`."""

    kind: SubjectKind
    digest: str

    def __post_init__(self) -> None:
        require(DIGEST.fullmatch(self.digest), "subject.digest", self.digest, "sha256:<64 hex>")

    @classmethod
    def of_run(cls, statement_digest: str) -> RecordSubject:
        """One run, by the digest of its statement's payload."""
        return cls(SubjectKind.RUN, statement_digest)

    @classmethod
    def of_build(cls, subject: Subject) -> RecordSubject:
        """One build of a system: its name, version and digests."""
        identity = {
            "name": subject.name,
            "version": subject.version,
            "digests": dict(subject.digests),
        }
        return cls(SubjectKind.BUILD, f"sha256:{sha256_hex(canonical_bytes(identity))}")

    @classmethod
    def of_system(cls, subject: Subject) -> RecordSubject:
        """A system in all its builds."""
        digest = sha256_hex(canonical_bytes({"name": subject.name}))
        return cls(SubjectKind.SYSTEM, f"sha256:{digest}")


@dataclass(frozen=True, slots=True)
class NamedSigner:
    """Who signs: name and role as the trust file has them, and the key."""

    name: str
    role: str
    keyid: str

    def __post_init__(self) -> None:
        require_text(self.name, "signer name")
        require_text(self.role, "signer role")
        require(_KEYID.fullmatch(self.keyid), "signer keyid", self.keyid, "64 hex digits")


class RecordKind(StrEnum):
    """The kinds of records."""

    WAIVER = "waiver"
    APPROVAL = "approval"
    ATTESTATION = "attestation"
    DECISION = "decision"
    SIGN_OFF = "sign-off"


_TERMS: dict[RecordKind, type[Terms]] = {
    RecordKind.WAIVER: Waiver,
    RecordKind.APPROVAL: Approval,
    RecordKind.ATTESTATION: Attestation,
    RecordKind.DECISION: Decision,
    RecordKind.SIGN_OFF: SignOff,
}


@dataclass(frozen=True, slots=True)
class Record:
    """One statement of one or more people.

    Attributes:
        subject: what it speaks of.
        signers: who signs it; every one of them must.
        reason: why, in a sentence.
        issued, expires: from when to when it counts (the second is exclusive); RFC 3339 in UTC
            with microseconds, as `clinigate.evidence.times.timestamp` writes it. A waiver must
            expire within 180 days.
        terms: what the kind of record adds.
    """

    subject: RecordSubject
    signers: tuple[NamedSigner, ...]
    reason: str
    issued: str
    terms: Terms
    expires: str | None = None

    def __post_init__(self) -> None:
        require_text(self.reason, "reason")
        issued = moment_of(self.issued, "issued")
        expires = None if self.expires is None else moment_of(self.expires, "expires")
        if expires is not None and expires <= issued:
            raise PolicyError(f"expires {self.expires} is not after issued {self.issued}")
        _refuse_signers_twice(self.signers)
        match self.terms:
            case Waiver():
                _check_waiver(self, self.terms, issued, expires)
            case SignOff():
                _check_sign_off(self, self.terms)
            case _:
                pass

    @property
    def kind(self) -> RecordKind:
        """Which kind of record it is."""
        return next(kind for kind, terms in _TERMS.items() if isinstance(self.terms, terms))

    def why_not_now(self, now: datetime) -> str | None:
        """Say why it does not count at `now`, or None if it does."""
        if now < parse_timestamp(self.issued):
            return f"it counts from {self.issued} on"
        if self.expires is not None and now >= parse_timestamp(self.expires):
            return f"it expired at {self.expires}"
        terms = self.terms
        if isinstance(terms, Attestation | Decision) and now >= parse_timestamp(terms.fresh_until):
            return f"it went stale at {terms.fresh_until}"
        return None


def encode_record(record: Record) -> bytes:
    """Return a record's canonical bytes: what is signed."""
    plain = to_plain(record)
    terms = to_plain(record.terms)
    plain["terms"] = {name: value for name, value in terms.items() if value or name not in _YOUNGER}
    return canonical_bytes({"schema": SCHEMA, "kind": str(record.kind), **plain})


def decode_record(payload: bytes) -> Record:
    """Read a record from the bytes that `encode_record` gave, strictly.

    Raises:
        PolicyError: not such bytes; the field is named.
    """
    try:
        plain = parse_json(payload)
    except (ValueError, RecursionError) as error:
        raise PolicyError(f"record: not JSON: {error}") from error
    if not isinstance(plain, dict) or plain.pop("schema", None) != SCHEMA:
        raise PolicyError(f"record: the schema must be {SCHEMA!r}")
    kind = plain.pop("kind", None)
    if kind not in list(RecordKind):
        raise PolicyError(f"record: kind is {kind!r}, wanted one of {', '.join(RecordKind)}")
    try:
        record = _build(RecordKind(kind), plain)
    except ValueError as error:
        raise PolicyError(f"record: {error}") from error
    if encode_record(record) != payload:
        raise PolicyError("record: not the canonical JSON that was signed")
    return record


def _build(kind: RecordKind, plain: dict[str, Any]) -> Record:
    terms = plain.get("terms")
    if isinstance(terms, dict):
        terms = {**terms, "_type": _TERMS[kind].__name__}
    return from_plain(Record, {**plain, "terms": terms})


def _check_waiver(
    record: Record, waiver: Waiver, issued: datetime, expires: datetime | None
) -> None:
    if expires is None:
        raise PolicyError("waiver: expires is missing; no risk is accepted for ever")
    if expires - issued > timedelta(days=MAX_WAIVER_DAYS):
        raise PolicyError(
            f"waiver: from {record.issued} to {record.expires} are more than "
            f"{MAX_WAIVER_DAYS} days; accept the risk again when they are over"
        )
    if record.subject.kind is SubjectKind.SYSTEM:
        raise PolicyError("waiver: the subject must be a run or a build, not the whole system")
    if waiver.approver not in [signer.name for signer in record.signers]:
        raise PolicyError(f"waiver: the approver {waiver.approver!r} is not among the signers")


def _check_sign_off(record: Record, sign_off: SignOff) -> None:
    if [signer.name for signer in record.signers] != [sign_off.printed_name]:
        raise PolicyError(
            f"sign-off: {sign_off.printed_name!r} must be its one signer; each person signs alone"
        )
    if sign_off.signed_at != record.issued:
        raise PolicyError("sign-off: signed_at and issued must be the same moment")


def _refuse_signers_twice(signers: tuple[NamedSigner, ...]) -> None:
    if not signers:
        raise PolicyError("record: nobody signs it; name at least one signer")
    if len({signer.keyid for signer in signers}) != len(signers):
        raise PolicyError("record: two signers with one key are one signer")
    if len({folded(signer.name) for signer in signers}) != len(signers):
        raise PolicyError("record: a signer stands in it twice")
