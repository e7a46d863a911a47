"""Two people's approval of one experiment on these very targets in production.

A DSSE envelope around one document; both sign the same bytes. It is bound to the experiment's and
the targets' digest and to the environment's fingerprint, so that it is worth nothing for any other,
and it expires. Who asks does not approve.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from clinigate.core.canonical import canonical_bytes, parse_json
from clinigate.core.codec import from_plain, to_plain
from clinigate.errors import PolicyError
from clinigate.evidence.envelope import Signer, parse_envelope, sign_envelope, verify_envelope
from clinigate.evidence.files import write_atomic
from clinigate.evidence.times import parse_timestamp
from clinigate.evidence.trust import TrustStore

__all__ = [
    "MAX_HOURS",
    "PAYLOAD_TYPE",
    "ApprovalDocument",
    "add_signature",
    "read_approval_document",
    "who_approved",
    "write_request",
]

SCHEMA = "clinigate.chaos-approval/1"
PAYLOAD_TYPE = "application/vnd.clinigate.chaos-approval+json"
#: Longest life of an approval; the system that was approved of is not the one of next week.
MAX_HOURS = 72
PEOPLE = 2
_LARGEST = 256 * 1024


@dataclass(frozen=True, slots=True)
class ApprovalDocument:
    """What two people sign.

    Attributes:
        experiment, experiment_digest: which experiment, exactly.
        environment, fingerprint: where.
        targets_digest: on which things, see `targets.targets_digest`.
        requester: who asked for it, by name; must not be one of the signers.
        reason: why production, in a sentence.
        issued, expires: from when to when it counts (the second is exclusive); RFC 3339 in UTC
            with microseconds.
    """

    experiment: str
    experiment_digest: str
    environment: str
    fingerprint: str
    targets_digest: str
    requester: str
    reason: str
    issued: str
    expires: str

    def __post_init__(self) -> None:
        for name in ("experiment", "environment", "fingerprint", "requester", "reason"):
            if not getattr(self, name).strip():
                raise PolicyError(f"approval: {name} is blank; write it")
        issued, expires = _moment(self.issued, "issued"), _moment(self.expires, "expires")
        if not issued < expires <= issued + timedelta(hours=MAX_HOURS):
            raise PolicyError(
                f"approval: expires must lie after issued, by at most {MAX_HOURS} hours"
            )


def add_signature(
    document: ApprovalDocument, signer: Signer, existing: bytes | None = None
) -> bytes:
    """The approval with one more signature, as bytes of its file.

    Raises:
        PolicyError: `existing` approves of something else, or this key signed it already.
        IntegrityError: `existing` is no envelope.
    """
    payload = canonical_bytes({"schema": SCHEMA, **to_plain(document)})
    signed = sign_envelope(payload, PAYLOAD_TYPE, [signer])
    if existing is None:
        return canonical_bytes(signed)
    before = parse_envelope(existing)
    if before.payload != payload:
        raise PolicyError("approval: the file approves of something else; begin a new one")
    if signer.keyid in [signature.keyid for signature in before.signatures]:
        raise PolicyError("approval: this key signed it already; the second must be another's")
    plain = parse_json(existing)
    return canonical_bytes({**signed, "signatures": plain["signatures"] + signed["signatures"]})


def write_request(document: ApprovalDocument, path: Path) -> None:
    """Write an approval that nobody has signed yet; nothing is overwritten.

    Raises:
        EvidenceError: the file exists, or the disk refuses.
    """
    payload = canonical_bytes({"schema": SCHEMA, **to_plain(document)})
    write_atomic(path, canonical_bytes(sign_envelope(payload, PAYLOAD_TYPE, ())), replace=False)


def read_approval_document(path: Path) -> tuple[ApprovalDocument, bytes]:
    """What a file says, not verified, with the file's bytes.

    Raises:
        PolicyError: the file cannot be read or is no approval.
        IntegrityError: it is no envelope.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError as error:
        raise PolicyError(f"{path}: the approval cannot be read: {error.strerror}") from error
    if len(data) > _LARGEST:
        raise PolicyError(f"{path}: larger than {_LARGEST} bytes, which is no approval")
    return _document(parse_envelope(data).payload), data


def who_approved(
    path: Path, trust: TrustStore | None, wanted: ApprovalDocument, now: datetime
) -> tuple[str, ...]:
    """The names of the two or more who approved of exactly what is wanted.

    Args:
        path: the approval's file.
        trust: whose signatures count.
        wanted: what is about to run; requester, reason and times are the file's own.
        now: an aware time.

    Raises:
        PolicyError, IntegrityError: it does not count, and why.
    """
    if trust is None:
        raise PolicyError("nobody may approve; name a trust file in [chaos] approvers")
    document, data = read_approval_document(path)
    # 1. It speaks of this experiment on these things, now.
    for name in (
        "experiment_digest", "environment", "fingerprint", "targets_digest",
    ):  # fmt: skip
        if getattr(document, name) != getattr(wanted, name):
            raise PolicyError(f"the approval is for another {name.replace('_', ' ')}")
    if not _moment(document.issued, "issued") <= now < _moment(document.expires, "expires"):
        raise PolicyError(f"the approval counts from {document.issued} until {document.expires}")
    # 2. Two distinct keys, trusted now and at the time of signing, signed exactly these bytes.
    issued = _moment(document.issued, "issued")
    trusted = {
        key.keyid: key.public
        for key in trust.keys
        if key.why_not(now) is None and key.why_not(issued) is None and key.role != "machine"
    }
    _, keyids = verify_envelope(data, trusted, threshold=PEOPLE)
    # 3. Two people: two keys of one person are one, and who asked does not count.
    names = {key.name.strip().casefold(): key.name for key in trust.keys if key.keyid in keyids}
    if document.requester.strip().casefold() in names:
        raise PolicyError(f"{document.requester!r} asked for it and cannot approve of it")
    if len(names) < PEOPLE:
        raise PolicyError("both signatures are one person's; a second person must approve")
    return tuple(sorted(names.values()))


def _document(payload: bytes) -> ApprovalDocument:
    try:
        plain: Any = parse_json(payload)
        if not isinstance(plain, dict) or plain.pop("schema", None) != SCHEMA:
            raise PolicyError(f"approval: the schema must be {SCHEMA!r}")
        return from_plain(ApprovalDocument, plain)
    except (ValueError, RecursionError) as error:
        raise PolicyError(f"approval: malformed: {error}") from error


def _moment(text: str, field: str) -> datetime:
    try:
        return parse_timestamp(text).astimezone(UTC)
    except ValueError:
        raise PolicyError(
            f"approval: {field} is {text!r}; wanted a time as 2026-01-01T00:00:00.000000Z"
        ) from None
