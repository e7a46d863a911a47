"""The root's signature over a trust file: who may change whose signatures count.

The signature lies beside the file, as `trust.toml.dsse.json`: an envelope whose payload is the
file's bytes. The root key itself is kept offline and stands in no trust file.
"""

from __future__ import annotations

from pathlib import Path

from clinigate.core.canonical import canonical_bytes
from clinigate.errors import IntegrityError
from clinigate.evidence.envelope import Signer, parse_envelope, sign_envelope, verify_envelope
from clinigate.evidence.files import read_bytes, write_atomic
from clinigate.evidence.signing import PublicKey

__all__ = ["PAYLOAD_TYPE", "check_trust_file", "sign_trust_file", "signature_beside"]

PAYLOAD_TYPE = "application/vnd.clinigate.trust+toml"


def signature_beside(path: Path) -> Path:
    """Return where the root's signature over a trust file lies."""
    return path.with_name(f"{path.name}.dsse.json")


def sign_trust_file(path: Path, root: Signer) -> Path:
    """Sign a trust file as it is now; return where the signature lies.

    Raises:
        EvidenceError: the disk refuses.
    """
    envelope = sign_envelope(path.read_bytes(), PAYLOAD_TYPE, [root])
    signature = signature_beside(path)
    write_atomic(signature, canonical_bytes(envelope))
    return signature


def check_trust_file(path: Path, root: PublicKey) -> None:
    """Check that the root signed exactly this trust file.

    Raises:
        IntegrityError: it did not, or it signed an earlier state of the file.
    """
    signature = signature_beside(path)
    data = read_bytes(signature)
    if data is None:
        raise IntegrityError(
            f"{signature}: missing: the root has not signed the trust file; "
            "`clinigate trust sign --key ROOT` does"
        )
    try:
        envelope = parse_envelope(data)
        payload, _ = verify_envelope(envelope, {root.keyid: root})
    except IntegrityError as error:
        raise IntegrityError(f"{signature}: {error}") from error
    if envelope.payload_type != PAYLOAD_TYPE:
        raise IntegrityError(f"{signature}: is no signature over a trust file")
    if payload != path.read_bytes():
        raise IntegrityError(
            f"{path}: is not what the root signed; it was changed since, or put back"
        )
