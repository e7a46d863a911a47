"""Records in envelopes and on disk: sign them, and read back only what trusted people signed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clinigate.core.canonical import sha256_hex
from clinigate.errors import IntegrityError, PolicyError
from clinigate.evidence.envelope import (
    Envelope,
    Signer,
    parse_envelope,
    sign_envelope,
    verify_envelope,
)
from clinigate.evidence.times import parse_timestamp
from clinigate.evidence.trust import TrustStore
from clinigate.gate.records import NamedSigner, Record, decode_record, encode_record

__all__ = [
    "LARGEST",
    "PAYLOAD_TYPE",
    "VerifiedRecord",
    "begin_record",
    "countersign",
    "open_begun",
    "open_record",
    "read_record",
    "sign_record",
]

PAYLOAD_TYPE = "application/vnd.clinigate.record+json"

#: Bytes of a file. A record is a page of text; more is no record.
LARGEST = 1024 * 1024


@dataclass(frozen=True, slots=True)
class VerifiedRecord:
    """A record whose every signer was found in the trust file and did sign.

    Attributes:
        record: what they said.
        digest: `sha256:…` of the signed bytes, by which decisions cite it.
    """

    record: Record
    digest: str


def sign_record(record: Record, signers: Sequence[Signer]) -> dict[str, Any]:
    """Return the record in a DSSE envelope, as plain JSON.

    Raises:
        PolicyError: the keys are not those of the signers that the record names.
    """
    named = sorted(signer.keyid for signer in record.signers)
    if sorted(signer.keyid for signer in signers) != named:
        raise PolicyError(
            f"record: it names the keys {_short(named)}, and is to be signed with "
            f"{_short(signer.keyid for signer in signers)}; they must be the same"
        )
    return sign_envelope(encode_record(record), PAYLOAD_TYPE, signers)


def begin_record(record: Record, signer: Signer) -> dict[str, Any]:
    """Return a record that one of its signers has signed and the others have yet to.

    It counts for nothing before `countersign` has brought the other signatures.

    Raises:
        PolicyError: the record does not name the key.
    """
    if signer.keyid not in {each.keyid for each in record.signers}:
        raise PolicyError(f"record: does not name the key {_short([signer.keyid])} as a signer")
    return sign_envelope(encode_record(record), PAYLOAD_TYPE, [signer])


def countersign(envelope: Mapping[str, Any], signer: Signer) -> dict[str, Any]:
    """Return the envelope with one more signature over the same bytes."""
    parsed = parse_envelope(envelope)
    own = sign_envelope(parsed.payload, parsed.payload_type, [signer])
    return {**envelope, "signatures": [*envelope["signatures"], *own["signatures"]]}


def open_begun(envelope: Any, trust: TrustStore) -> tuple[Record, frozenset[str]]:
    """Return a record that some of its signers have signed, and their keys.

    Raises:
        IntegrityError, PolicyError: as `open_record`, but for signatures that are still missing.
    """
    parsed = envelope if isinstance(envelope, Envelope) else parse_envelope(envelope)
    if parsed.payload_type != PAYLOAD_TYPE:
        raise PolicyError(f"record: payload type is {parsed.payload_type!r}, not a record's")
    # Nothing in the bytes is believed before some trusted key was found to have signed them.
    payload, keyids = verify_envelope(parsed, {key.keyid: key.public for key in trust.keys})
    record = decode_record(payload)
    foreign = keyids - {signer.keyid for signer in record.signers}
    if foreign:
        raise IntegrityError(f"record: {_short(foreign)} signed it, and it does not name them")
    for signer in record.signers:
        if signer.keyid in keyids:
            _check_signer(signer, record, trust)
    return record, keyids


def open_record(envelope: Any, trust: TrustStore) -> VerifiedRecord:
    """Return a record after its signatures were verified.

    Each signer that the payload names must have signed with a key that the trust file knows by the
    same name and role, and that was valid when the record was issued.

    Args:
        envelope: plain JSON, or canonical bytes.
        trust: the keys whose signatures count, from outside of any bundle.

    Raises:
        IntegrityError: a signature is missing, foreign, or the bytes were changed.
        PolicyError: signed, and yet malformed.
    """
    # 1. Some trusted key signed exactly these bytes, and is who the trust file says.
    parsed = envelope if isinstance(envelope, Envelope) else parse_envelope(envelope)
    record, keyids = open_begun(parsed, trust)
    # 2. Those who signed are all whom the payload names.
    named = {signer.keyid for signer in record.signers}
    if named != keyids:
        raise IntegrityError(
            f"record: it names the keys {_short(named)}, and {_short(keyids)} signed it"
        )
    # 3. What says beside each signature whose it is, is unsigned: one that lies was edited.
    hints = [signature.keyid for signature in parsed.signatures]
    if sorted(hints) != sorted(named):
        raise IntegrityError("record: a keyid does not name the key that signed; it was edited")
    return VerifiedRecord(record, f"sha256:{sha256_hex(parsed.payload)}")


def read_record(path: Path, trust: TrustStore) -> VerifiedRecord:
    """Read a record from a file that holds the canonical bytes of an envelope.

    Raises:
        PolicyError, IntegrityError: as `open_record`, or the file cannot be read; it is named.
    """
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise PolicyError(f"{path}: the record cannot be read: {error.strerror}") from error
    if len(data) > LARGEST:
        raise PolicyError(f"{path}: larger than {LARGEST} bytes, which is no record")
    try:
        return open_record(data, trust)
    except (PolicyError, IntegrityError) as error:
        raise type(error)(f"{path}: {error}") from error


def _check_signer(signer: NamedSigner, record: Record, trust: TrustStore) -> None:
    key = trust.get(signer.keyid)
    if key is None or (key.name, key.role) != (signer.name, signer.role):
        known = "nobody" if key is None else f"{key.name!r} ({key.role})"
        raise IntegrityError(
            f"record: signed as {signer.name!r} ({signer.role}), "
            f"and the trust file knows the key as {known}"
        )
    refused = key.why_not(parse_timestamp(record.issued))
    if refused is not None:
        raise IntegrityError(f"record: {refused}")


def _short(keyids: Any) -> str:
    return ", ".join(sorted(keyid[:12] for keyid in keyids)) or "none"
