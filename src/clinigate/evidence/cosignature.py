"""Cosignatures of a log's head: c2sp.org/tlog-cosignature, the Ed25519 form.

A cosignature says: at this second, this was the largest consistent head of that log that I had
seen. It is a line of the signed note beside the log's own, over the head's text with the time in
front of it. The format has no form for P-256.
"""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from clinigate.errors import IntegrityError, KeyFileError
from clinigate.evidence.checkpoint import ED25519_PREFIX, Checkpoint, NoteSignature
from clinigate.evidence.encoding import b64
from clinigate.evidence.envelope import Signer, Verifier

__all__ = ["Cosigned", "cosign", "cosignatures", "cosigner_id", "cosigner_vkey"]

_TYPE = b"\x04"
_TIMED = struct.Struct(">Q64s")
#: The last second that `datetime` can tell.
_LATEST = 253_402_300_799
_NAME = re.compile(r"[!-*,-~]+")


@dataclass(frozen=True, slots=True)
class Cosigned:
    """A cosignature that holds: whose, and the second at which it was given."""

    key: Verifier
    moment: datetime


def cosigner_id(name: str, spki: bytes) -> bytes | None:
    """Return the four-byte id of a witness's key under a name; None for one that is no Ed25519."""
    if not spki.startswith(ED25519_PREFIX):
        return None
    raw = spki.removeprefix(ED25519_PREFIX)
    return hashlib.sha256(name.encode() + b"\n" + _TYPE + raw).digest()[:4]


def cosigner_vkey(name: str, spki: bytes) -> str:
    """Return a witness's key as other tools of transparency logs take it: `name+id+key`.

    Raises:
        KeyFileError: no Ed25519 key, or a name that the format does not allow.
    """
    key_id = _checked_id(name, spki)
    return f"{name}+{key_id.hex()}+{b64(_TYPE + spki.removeprefix(ED25519_PREFIX))}"


def cosign(checkpoint: Checkpoint, name: str, signer: Signer, moment: datetime) -> Checkpoint:
    """Return the head with one cosignature more.

    Args:
        checkpoint: a head that was found consistent with everything that was seen before.
        name: the witness's, as `example.org/compliance`.
        signer: the witness's key.
        moment: now; it is signed in whole seconds.

    Raises:
        KeyFileError: no Ed25519 key, or a name that the format does not allow.
    """
    key_id = _checked_id(name, signer.public_key)
    seconds = int(moment.timestamp())
    signature = signer.sign(_message(checkpoint, seconds))
    line = NoteSignature(name, key_id, _TIMED.pack(seconds, signature))
    return replace(checkpoint, signatures=(*checkpoint.signatures, line))


def cosignatures(checkpoint: Checkpoint, witnesses: Iterable[Verifier]) -> tuple[Cosigned, ...]:
    """Return the cosignatures of known witnesses, earliest first; other lines are ignored.

    Raises:
        IntegrityError: a line claims to be of a known witness and does not hold.
    """
    keys = tuple(witnesses)
    found = [
        Cosigned(key, _moment(checkpoint, line, key))
        for line in checkpoint.signatures
        for key in keys
        if line.key_id == cosigner_id(line.name, key.spki)
    ]
    return tuple(sorted(found, key=lambda each: each.moment))


def _moment(checkpoint: Checkpoint, line: NoteSignature, key: Verifier) -> datetime:
    if len(line.signature) == _TIMED.size:
        seconds, signature = _TIMED.unpack(line.signature)
        if seconds <= _LATEST and key.verifies(signature, _message(checkpoint, seconds)):
            return datetime.fromtimestamp(seconds, UTC)
    raise IntegrityError(
        f"the cosignature by key {key.keyid[:12]} does not hold: head or time was changed"
    )


def _message(checkpoint: Checkpoint, seconds: int) -> bytes:
    return b"cosignature/v1\ntime %d\n%b" % (seconds, checkpoint.text)


def _checked_id(name: str, spki: bytes) -> bytes:
    if not _NAME.fullmatch(name):
        raise KeyFileError(
            f"{name!r} cannot name a witness: no spaces, no plus signs, plain characters alone, "
            "as in example.org/compliance"
        )
    key_id = cosigner_id(name, spki)
    if key_id is None:
        raise KeyFileError(
            "a witness cosigns with Ed25519, the format of cosignatures has no form for P-256; "
            "make a key with: clinigate keys generate --role witness"
        )
    return key_id
