"""Keys that were replaced or revoked: signed statements in the ledger, beside the trust file.

A `key-rotated` record is signed by the old key and the new one, a `key-revoked` record by any key
of a person that counts: who holds the trust file alone can neither bring a revoked key back nor
replace one without a trace. The trust file says what counts; `disagreements` says where it does not
say what the ledger does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from clinigate.core.canonical import canonical_bytes, parse_json
from clinigate.errors import ClinigateError, IntegrityError
from clinigate.evidence.chain import LedgerRecord
from clinigate.evidence.encoding import b64, unb64
from clinigate.evidence.envelope import Signer, parse_envelope, sign_envelope, verify_envelope
from clinigate.evidence.signing import PublicKey
from clinigate.evidence.times import parse_timestamp, timestamp
from clinigate.evidence.trust import TrustStore

__all__ = [
    "PAYLOAD_TYPE",
    "REVOKED",
    "ROTATED",
    "KeyChange",
    "disagreements",
    "read_change",
    "read_changes",
    "signed_change",
]

PAYLOAD_TYPE = "application/vnd.clinigate.key-change+json"
SCHEMA = "clinigate.key-change/1"
ROTATED, REVOKED = "key-rotated", "key-revoked"
_FIELDS = {"schema", "action", "keyid", "name", "role", "at", "reason", "by", "successor"}


@dataclass(frozen=True, slots=True)
class KeyChange:
    """One key was replaced, or is lost.

    Attributes:
        action: `key-rotated` or `key-revoked`.
        keyid: the key that counts no longer. name, role: whose it was.
        at: from when on.
        reason: why, in a sentence.
        by: id of the key of who says so; for a rotation the old key itself.
        successor: public key that takes its place; None for a revocation.
    """

    action: str
    keyid: str
    name: str
    role: str
    at: datetime
    reason: str
    by: str
    successor: PublicKey | None = None

    @property
    def signers(self) -> frozenset[str]:
        """Ids of the keys that must have signed it."""
        new = () if self.successor is None else (self.successor.keyid,)
        return frozenset((self.by, *new))


def signed_change(change: KeyChange, signers: Sequence[Signer]) -> Mapping[str, Any]:
    """Return the body of the ledger record: the change, in an envelope.

    Raises:
        IntegrityError: the signers are not those whom the change needs.
    """
    if {signer.keyid for signer in signers} != change.signers:
        raise IntegrityError(
            f"{change.action}: is to be signed by exactly {_short(change.signers)}"
        )
    payload = canonical_bytes(
        {
            "schema": SCHEMA,
            "action": change.action,
            "keyid": change.keyid,
            "name": change.name,
            "role": change.role,
            "at": timestamp(change.at),
            "reason": change.reason,
            "by": change.by,
            "successor": None if change.successor is None else b64(change.successor.spki),
        }
    )
    return {"envelope": sign_envelope(payload, PAYLOAD_TYPE, signers)}


def read_changes(records: Iterable[LedgerRecord], trust: TrustStore) -> tuple[KeyChange, ...]:
    """Return every change of keys that a ledger tells, in its order.

    Raises:
        IntegrityError: one of them is not signed by whom it needs; the record is named.
    """
    return tuple(
        read_change(record, trust) for record in records if record.type in (ROTATED, REVOKED)
    )


def read_change(record: LedgerRecord, trust: TrustStore) -> KeyChange:
    """Return a change of keys after its signatures were verified.

    A revoked key's own word counts here: it says no more than that it counts for nothing.

    Raises:
        IntegrityError: malformed, or not signed by whom it needs.
    """
    where = f"ledger record {record.seq} ({record.type})"
    try:
        envelope = parse_envelope(record.body.get("envelope"))
        if envelope.payload_type != PAYLOAD_TYPE:
            raise IntegrityError("is no change of keys")
        change = _parse(envelope.payload)
        keys = {key.keyid: key.public for key in trust.keys}
        if change.successor is not None:
            keys[change.successor.keyid] = change.successor
        _, signed = verify_envelope(envelope, keys)
        if signed != change.signers or change.action != record.type:
            raise IntegrityError(f"needs the signatures of {_short(change.signers)}")
        _refuse_machine(change, trust)
    except (ValueError, TypeError, ClinigateError) as error:
        raise IntegrityError(f"{where}: {error}") from error
    return change


def disagreements(changes: Iterable[KeyChange], trust: TrustStore) -> Iterator[str]:
    """Yield, in sentences, where a trust file lets a key count that the ledger says is none."""
    for change in changes:
        key = trust.get(change.keyid)
        if key is None:
            continue  # no signature of it counts at all
        if change.action == REVOKED and not _ends(key.revoked_at, change.at):
            yield (
                f"key {key.name!r} ({key.keyid[:12]}) was revoked at {_day(change.at)} by the "
                "ledger, and the trust file lets it count: revoked_at is missing or later"
            )
        if change.action == ROTATED and not _ends(key.not_after or key.revoked_at, change.at):
            yield (
                f"key {key.name!r} ({key.keyid[:12]}) was replaced at {_day(change.at)} by the "
                "ledger, and the trust file lets it count on: not_after is missing or later"
            )
        if change.successor is not None and trust.get(change.successor.keyid) is None:
            yield (
                f"key {key.name!r} was replaced by {change.successor.keyid[:12]}, and the trust "
                "file does not know that one"
            )


def _refuse_machine(change: KeyChange, trust: TrustStore) -> None:
    """A machine may replace its own key, and revokes nobody's."""
    by = trust.get(change.by)
    own = change.by == change.keyid
    if change.action == ROTATED and not own:
        raise IntegrityError("a key is replaced by its own word, and somebody else's is here")
    if by is not None and by.role == "machine" and not own:
        raise IntegrityError(f"the machine key {by.name!r} revoked the key of somebody else")


def _ends(end: datetime | None, at: datetime) -> bool:
    return end is not None and end <= at


def _parse(payload: bytes) -> KeyChange:
    value = parse_json(payload)
    if not isinstance(value, dict) or set(value) != _FIELDS or value["schema"] != SCHEMA:
        raise ValueError(f"wanted an object of the schema {SCHEMA}")
    texts = ("action", "keyid", "name", "role", "reason", "by")
    if not all(isinstance(value[each], str) for each in texts):
        raise ValueError(f"{', '.join(texts)} must be texts")
    if (value["action"] == ROTATED) != (value["successor"] is not None):
        raise ValueError("a replaced key has a successor, and a revoked one has none")
    successor = value["successor"]
    return KeyChange(
        **{each: value[each] for each in texts},
        at=parse_timestamp(value["at"]),
        successor=None if successor is None else PublicKey.from_spki(unb64(successor)),
    )


def _short(keyids: Iterable[str]) -> str:
    return " and ".join(sorted(each[:12] for each in keyids))


def _day(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
