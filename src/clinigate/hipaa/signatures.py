"""Signatures of attestations: the gate's own records, so that one signature serves both.

They lie in a folder beside the file of attestations, `NAME.signed`, one envelope for each clause.
The payload is canonical JSON of the schema `clinigate.record/1`, of the kind `attestation` or
`decision`; of it the members read here are `terms` (`control`, `document`, `fresh_until`),
`signers` and `issued`. `clinigate gate --record NAME.signed` takes the same folder.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from clinigate.core.canonical import parse_json
from clinigate.errors import IntegrityError
from clinigate.evidence.envelope import parse_envelope, verify_envelope
from clinigate.evidence.times import parse_timestamp
from clinigate.evidence.trust import TrustStore
from clinigate.hipaa.attested_words import Attestation

__all__ = ["PAYLOAD_TYPE", "signature_of", "signed_folder", "unsigned_because"]

PAYLOAD_TYPE = "application/vnd.clinigate.record+json"
_SCHEMA = "clinigate.record/1"
_MACHINE = "machine"
_LARGEST = 2**20


def signed_folder(file: Path) -> Path:
    """Return where the signatures of a file of attestations lie."""
    return file.with_name(f"{file.stem}.signed")


def signature_of(file: Path, control: str) -> Path:
    """Return where the signature of one clause lies."""
    name = re.sub(r"[^A-Za-z0-9.]+", "-", control).strip("-")
    return signed_folder(file) / f"{name}.json"


def unsigned_because(
    entry: Attestation, digest: str, *, file: Path, trust: TrustStore | None
) -> str | None:
    """Say why nobody's signature holds for an attestation; None where one does.

    Args:
        entry: the attestation.
        digest: of what is signed of it.
        file: the file of attestations that leads to it.
        trust: the keys whose signatures count.
    """
    control, path = entry.control, signature_of(file, entry.control)
    how = f"sign it with `clinigate attest --control '{control}' --key FILE`"
    if trust is None:
        return (
            f"the attestation of {control} is unsigned: {file.name} names no trust file; give it "
            f"trust = 'trust.toml', and {how}"
        )
    try:
        with path.open("rb") as stream:
            data = stream.read(_LARGEST)
    except OSError:
        return f"the attestation of {control} is unsigned; {how}"
    try:
        record = _opened(data, trust)
    except IntegrityError as error:
        return f"the signature of {control} does not hold: {error}; {how}"
    if record["terms"].get("control") != control or record["terms"].get("document") != digest:
        return f"the attestation of {control} is not what was signed any more; {how}"
    by = entry.attested_by.name
    if not any(_folded(each["name"]) == _folded(by) for each in record["signers"]):
        return f"the attestation of {control} is {by}'s word, and somebody else signed it; {how}"
    return None


def _opened(data: bytes, trust: TrustStore) -> Mapping[str, Any]:
    """Return what a record says after every one of its signers was found to have signed it."""
    envelope = parse_envelope(data)
    if envelope.payload_type != PAYLOAD_TYPE:
        raise IntegrityError("it is no record of a person")
    payload, keyids = verify_envelope(envelope, {key.keyid: key.public for key in trust.keys})
    try:
        record = parse_json(payload)
        fits = record["schema"] == _SCHEMA and record["kind"] in ("attestation", "decision")
        signers, issued = record["signers"], parse_timestamp(record["issued"])
        named = {each["keyid"]: (each["name"], each["role"]) for each in signers}
        fits = fits and isinstance(record["terms"], dict)
    except (ValueError, KeyError, TypeError, RecursionError):
        raise IntegrityError("it is no record of an attestation") from None
    if not fits:
        raise IntegrityError("it is no record of an attestation")
    if named.keys() != keyids:
        raise IntegrityError("others signed it than it names")
    for keyid, who in named.items():
        key = trust.get(keyid)
        if key is None or (key.name, key.role) != who:
            raise IntegrityError(f"the trust file knows no {who[0]!r} ({who[1]}) by that key")
        if key.role == _MACHINE:
            raise IntegrityError("a machine's key signed it; a person has to attest this")
        refused = key.why_not(issued)
        if refused is not None:
            raise IntegrityError(refused)
    return dict(record)


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())
