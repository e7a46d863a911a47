"""Signed tree heads and proofs as texts that other tools read: C2SP signed notes.

A checkpoint says: this log, at this size, had this root. A proof says: this record is in it.
Formats: c2sp.org/signed-note, c2sp.org/tlog-checkpoint, c2sp.org/tlog-proof@v1.

Ed25519 keys sign with type 0x01. P-256 keys sign with type 0x02 (ECDSA over SHA-256, DER), whose
key id the specification defines as the first four bytes of SHA-256 over the DER public key; most
witnesses know Ed25519 alone, so that a log that seeks foreign witnesses should have such a key.
A log without a key writes checkpoints without signature lines. The specification knows no such
note, and no verifier of ours counts it as more than a text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from clinigate.errors import IntegrityError
from clinigate.evidence.encoding import b64, unb64
from clinigate.evidence.envelope import Signer, Verifier

__all__ = [
    "ED25519_PREFIX",
    "Checkpoint",
    "NoteSignature",
    "Proof",
    "note_key_id",
    "parse_checkpoint",
    "parse_proof",
    "sign_checkpoint",
    "verify_checkpoint",
]

_DASH = "\N{EM DASH}"
_PROOF_HEADER = "c2sp.org/tlog-proof@v1"
#: What stands before the 32 bytes of an Ed25519 key in its DER SubjectPublicKeyInfo.
ED25519_PREFIX = bytes.fromhex("302a300506032b6570032100")


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """A signature line: the key's name, its four-byte id, the signature."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree head: untrusted before `verify_checkpoint`."""

    origin: str
    size: int
    root: bytes
    signatures: tuple[NoteSignature, ...] = ()

    @property
    def text(self) -> bytes:
        """The signed text."""
        return f"{self.origin}\n{self.size}\n{b64(self.root)}\n".encode()

    def to_bytes(self) -> bytes:
        """Return the note: the text, a blank line, the signature lines."""
        lines = (f"{_DASH} {s.name} {b64(s.key_id + s.signature)}\n" for s in self.signatures)
        return self.text + b"\n" + "".join(lines).encode()


@dataclass(frozen=True, slots=True)
class Proof:
    """That `record` is entry `index` of the log that signed `checkpoint`."""

    index: int
    hashes: tuple[bytes, ...]
    record: bytes
    checkpoint: Checkpoint

    def to_bytes(self) -> bytes:
        """Return the proof as C2SP text; the record stands in its `extra` line."""
        lines = [_PROOF_HEADER, f"extra {b64(self.record)}", f"index {self.index}"]
        lines += [b64(node) for node in self.hashes]
        return "\n".join(lines).encode() + b"\n\n" + self.checkpoint.to_bytes()


def note_key_id(name: str, spki: bytes) -> bytes:
    """Return the four-byte id of a key under a name."""
    if spki.startswith(ED25519_PREFIX):
        raw = spki.removeprefix(ED25519_PREFIX)
        return hashlib.sha256(name.encode() + b"\n\x01" + raw).digest()[:4]
    return hashlib.sha256(spki).digest()[:4]


def sign_checkpoint(origin: str, size: int, root: bytes, signers: Iterable[Signer]) -> Checkpoint:
    """Return the tree head signed by each signer, under the log's own name."""
    head = Checkpoint(origin, size, root)
    lines = (
        NoteSignature(origin, note_key_id(origin, s.public_key), s.sign(head.text)) for s in signers
    )
    return Checkpoint(origin, size, root, tuple(lines))


def verify_checkpoint(
    checkpoint: Checkpoint, trusted: Mapping[str, Verifier]
) -> dict[str, Verifier]:
    """Return the trusted keys that signed it; lines of unknown keys are ignored.

    Raises:
        IntegrityError: a line claims to be of a trusted key and does not verify.
    """
    found: dict[str, Verifier] = {}
    for line in checkpoint.signatures:
        for key in trusted.values():
            if line.key_id != note_key_id(line.name, key.spki):
                continue
            if not key.verifies(line.signature, checkpoint.text):
                raise IntegrityError(
                    f"the checkpoint's signature by key {key.keyid[:12]} does not hold: "
                    "the text was changed"
                )
            found[key.keyid] = key
    return found


def parse_checkpoint(data: bytes) -> Checkpoint:
    """Read a checkpoint strictly: what is read writes the same bytes again.

    Raises:
        IntegrityError: not such a note.
    """
    try:
        text, blank, lines = data.decode("utf-8").rpartition("\n\n")
        origin, size, root = text.split("\n")
        checkpoint = Checkpoint(
            origin,
            int(size),
            unb64(root),
            tuple(_parse_signature(line) for line in lines.splitlines()),
        )
    except ValueError as error:
        raise IntegrityError(f"not a checkpoint: {error}") from error
    sound = blank and origin and len(checkpoint.root) == 32 and checkpoint.size >= 0
    if not sound or checkpoint.to_bytes() != data:
        raise IntegrityError("not a checkpoint: its form is not the canonical one")
    if len({(line.name, line.key_id) for line in checkpoint.signatures}) < len(
        checkpoint.signatures
    ):
        raise IntegrityError("not a checkpoint: one key signs it twice")
    return checkpoint


def parse_proof(data: bytes) -> Proof:
    """Read a proof strictly: what is read writes the same bytes again.

    Raises:
        IntegrityError: not such a proof.
    """
    head, _, note = data.partition(b"\n\n")
    try:
        header, extra, index, *hashes = head.decode("utf-8").split("\n")
        proof = Proof(
            int(index.removeprefix("index ")),
            tuple(unb64(node) for node in hashes),
            unb64(extra.removeprefix("extra ")),
            parse_checkpoint(note),
        )
    except ValueError as error:
        raise IntegrityError(f"not a log proof: {error}") from error
    if header != _PROOF_HEADER or proof.to_bytes() != data:
        raise IntegrityError("not a log proof: its form is not the canonical one")
    return proof


def _parse_signature(line: str) -> NoteSignature:
    dash, name, blob = line.split(" ")
    raw = unb64(blob)
    if dash != _DASH or not name or "+" in name or len(raw) < 5:
        raise ValueError("a signature line is damaged")
    return NoteSignature(name, raw[:4], raw[4:])
