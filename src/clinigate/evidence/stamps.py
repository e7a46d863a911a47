"""RFC 3161 time stamps: a time-stamping authority saw the sealed envelope."""

from __future__ import annotations

import hashlib
from pathlib import Path

from clinigate.errors import IntegrityError
from clinigate.evidence.bundle import Bundle
from clinigate.evidence.names import STAMP
from clinigate.evidence.proven_time import ProvenTime
from clinigate.evidence.stamp_tokens import LARGEST, Stamp, verify_stamp
from clinigate.evidence.times import parse_timestamp, timestamp

__all__ = ["envelope_digest", "stamp_request", "stamped_time"]

_SHA256_ALGORITHM = bytes.fromhex("300d06096086480165030402010500")
_VERSION_1 = b"\x02\x01\x01"
_WITH_CERTIFICATE = b"\x01\x01\xff"


def envelope_digest(bundle: Bundle) -> bytes:
    """Return what is stamped: SHA-256 of the envelope's file, signatures included.

    Were it the statement alone, a stolen key could sign it later under the old stamp.
    """
    return hashlib.sha256(bundle.envelope_bytes).digest()


def stamp_request(digest: bytes, nonce: int) -> bytes:
    """Return the request for a time stamp over a SHA-256 digest: a TimeStampReq in DER.

    RFC 3161 section 2.4.1. The authority sends its certificate along.

    Raises:
        ValueError: no SHA-256 digest, or a nonce outside of 0 to 2^64 - 1.
    """
    if len(digest) != 32 or not 0 <= nonce < 2**64:
        raise ValueError("wanted 32 bytes and a nonce of 64 bits")
    # One leading zero bit keeps an integer of DER positive.
    number = nonce.to_bytes(nonce.bit_length() // 8 + 1, "big")
    imprint = _der(0x30, _SHA256_ALGORITHM + _der(0x04, digest))
    return _der(0x30, _VERSION_1 + imprint + _der(0x02, number) + _WITH_CERTIFICATE)


def _der(tag: int, content: bytes) -> bytes:
    """A DER element of less than 128 bytes: its length is one byte."""
    return bytes((tag, len(content))) + content


def stamped_time(bundle: Bundle, roots: Path | None) -> ProvenTime | str | None:
    """Return when an authority saw the bundle's envelope.

    Args:
        bundle: read, not believed.
        roots: PEM file with the certificates of the authorities that count.

    Returns:
        The proven time; a sentence that says why the token proves none; None without a token.
    """
    if STAMP not in bundle.names:
        return None
    if roots is None:
        why = "no certificate of a time-stamping authority was given"
        return f"{STAMP}: time not proven: {why}; name a PEM file with --tsa-roots"
    try:
        if bundle.size(STAMP) > LARGEST:
            raise IntegrityError("it is no answer of a time-stamping authority")
        stamp = verify_stamp(bundle.read(STAMP), envelope_digest(bundle), roots)
    except IntegrityError as error:
        return f"{STAMP}: time not proven: {error}"
    return ProvenTime(stamp.latest, stamp.by, f"{STAMP}: {_told(bundle, stamp)}")


def _told(bundle: Bundle, stamp: Stamp) -> str:
    off = f" (its clock is right to {stamp.accuracy.total_seconds():g} s)" if stamp.accuracy else ""
    text = f"{stamp.by} saw this envelope at {timestamp(stamp.time)}{off}"
    if parse_timestamp(bundle.statement.sealed_at) > stamp.latest:
        text += f"; the sealer's clock was ahead, it says {bundle.statement.sealed_at}"
    return text
