"""Keys that were replaced or revoked: signed statements in the ledger, beside the trust file.

A `key-rotated` record is signed by the old key and the new one, a `key-revoked` record by any key
of a person that counts: who holds the trust file alone can neither bring a revoked key back nor
replace one without a trace. The trust file says what counts; `disagreements` says where it does not
say what the ledger does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from clinigate.core.canonical import canonical_bytes, parse_json
from clinigate.errors import ClinigateError, IntegrityError
from clinigate.evidence.chain import LedgerRecord
from clinigate.evidence.encoding import b64, unb64
from clinigate.evidence.envelope import Signer, parse_envelope, sign_envelope, verify_envelope
from clinigate.evidence.signing import PublicKey
from clinigate.evidence.times import parse_timestamp, timestamp
from clinigate.evidence.trust import TrustedKey, TrustStore
from clinigate.evidence.witness import WITNESS_ROLE

__all__ = [
    "PAYLOAD_TYPE",
    "REVOKED",
    "ROTATED",
    "KeyChange",
    "brought_back",
    "disagreements",
    "read_change",
    "read_changes",
    "signed_change",
]

PAYLOAD_TYPE = "application/vnd.clinigate.key-change+json"
SCHEMA = "clinigate.key-change/1"
ROTATED, REVOKED = "key-rotated", "key-revoked"
#: Roles of keys that speak for nobody but themselves.
_NO_PEOPLE = ("machine", WITNESS_ROLE)
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
    found: list[KeyChange] = []
    lost: set[str] = set()
    for record in records:
        if record.type in (ROTATED, REVOKED):
            found.append(read_change(record, trust, lost=lost))
            lost |= {found[-1].keyid} if record.type == REVOKED else set()
    return tuple(found)


def read_change(
    record: LedgerRecord, trust: TrustStore, *, lost: Set[str] = frozenset()
) -> KeyChange:
    """Return a change of keys after its signatures were verified.

    A revoked key's own word counts here: it says no more than that it counts for nothing.

    Args:
        record: of the ledger.
        trust: the keys that are known.
        lost: ids of the keys that the ledger had revoked before.

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
        _refuse_author(change, trust, parse_timestamp(record.ts), lost)
    except (ValueError, TypeError, ClinigateError) as error:
        raise IntegrityError(f"{where}: {error}") from error
    return change


def disagreements(changes: Iterable[KeyChange], trust: TrustStore) -> Iterator[str]:
    """Yield, in sentences, where a trust file lets a key count that the ledger says is none."""
    lost: set[str] = set()
    for change in changes:
        key = trust.get(change.keyid)
        if change.action == REVOKED:
            lost.add(change.keyid)
        elif change.keyid in lost:
            yield from _replaced_when_lost(change, trust)
            continue
        if key is None:
            continue  # no signature of it counts at all
        yield from _counts_still(change, key)
        if change.successor is not None and trust.get(change.successor.keyid) is None:
            yield (
                f"key {key.name!r} was replaced by {change.successor.keyid[:12]}, and the trust "
                "file does not know that one"
            )


def brought_back(records: Iterable[LedgerRecord], trust: TrustStore) -> Iterator[str]:
    """Yield, in sentences, which keys count by a trust file although a ledger ended them.

    Changes that these keys cannot verify are passed over: a reader's own trust file may know few.
    """
    lost: set[str] = set()
    for record in records:
        if record.type not in (ROTATED, REVOKED):
            continue
        try:
            change = read_change(record, trust, lost=lost)
        except IntegrityError:
            continue
        key = trust.get(change.keyid)
        if change.action == ROTATED and change.keyid in lost:
            yield from _replaced_when_lost(change, trust)
        elif key is not None:
            yield from _counts_still(change, key)
        lost |= {change.keyid} if change.action == REVOKED else set()


def _counts_still(change: KeyChange, key: TrustedKey) -> Iterator[str]:
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


def _replaced_when_lost(change: KeyChange, trust: TrustStore) -> Iterator[str]:
    """Who holds a lost key can bring in another one: it must not count."""
    new = None if change.successor is None else trust.get(change.successor.keyid)
    if new is not None and new.revoked_at is None:
        yield (
            f"key {new.name!r} ({new.keyid[:12]}) was brought in by {change.keyid[:12]} after that "
            "one was revoked, and the trust file lets it count: revoke it too"
        )


def _refuse_author(change: KeyChange, trust: TrustStore, told: datetime, lost: Set[str]) -> None:
    """A machine may replace its own key, and revokes nobody's; who is revoked says nothing more."""
    by = trust.get(change.by)
    own = change.by == change.keyid
    if change.action == ROTATED and not own:
        raise IntegrityError("a key is replaced by its own word, and somebody else's is here")
    if own or by is None:
        return
    if by.role in _NO_PEOPLE:
        raise IntegrityError(f"the {by.role} key {by.name!r} revoked the key of somebody else")
    if change.by in lost:
        raise IntegrityError(
            f"the key {by.name!r} was revoked before, and revoked the key of somebody else"
        )
    untimely = replace(by, revoked_at=None).why_not(told)
    if untimely is not None:
        raise IntegrityError(untimely)


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
