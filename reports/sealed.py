"""What a report is told of a run's sealed evidence, by whoever opened the bundle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

__all__ = ["BlobFact", "EvidenceFacts", "FileFact", "LevelFact", "RecordFact", "SignatureFact"]


@dataclass(frozen=True, slots=True)
class FileFact:
    """A file of the sealed set."""

    path: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class BlobFact:
    """What a part of the run recorded: its spool, or raw evidence.

    Attributes:
        sha256: of the bytes that were kept. media_type: as `text/html`.
        collector: the part of the run that recorded it. collected_at: RFC 3339; of a
            spool, when it was begun.
        redacted: whether identifiers were looked for in it; what is no text cannot be.
    """

    sha256: str
    media_type: str
    collector: str
    collected_at: str
    redacted: bool


@dataclass(frozen=True, slots=True)
class SignatureFact:
    """A signature under the statement.

    Attributes:
        keyid: SHA-256 of the DER public key in hexadecimal, to be compared with the fingerprint
            that the owner of the key published elsewhere.
        algorithm: as `Ed25519`. name: whose key it is by the trust file, if one was given.
    """

    keyid: str
    algorithm: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class LevelFact:
    """One level of verification. `holds` is None where it was not examined."""

    level: str
    title: str
    holds: bool | None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class RecordFact:
    """A signed record of a person: `waiver`, `attestation`, `approval` or `sign-off`.

    Attributes:
        about: what it speaks of, as a criterion's or a control's id.
        signer: printed name, with the role. meaning: as `review` (21 CFR 11.50(a)(3)).
        signed_at, expires_at: RFC 3339. reason: the person's words.
        requested_by: who asked for a waiver, never its signer.
        measure: what keeps people safe while a waiver lasts.
        owner: who answers for a waived risk meanwhile.
        signed_here: the time of a sign-off on the signer's own clock, with its offset.
        components: by what the signer was known, as `key file, passphrase` (11.200(a)(1)).
        keyid: the key that signed it. digest: of the signed bytes.
        refused: why it does not count, None if it does.
    """

    kind: str
    about: str
    signer: str
    reason: str
    signed_at: str = ""
    expires_at: str = ""
    meaning: str = ""
    requested_by: str = ""
    measure: str = ""
    keyid: str = ""
    digest: str = ""
    refused: str | None = None
    owner: str = ""
    signed_here: str = ""
    components: str = ""


@dataclass(frozen=True, slots=True)
class EvidenceFacts:
    """What is known of a run's sealed evidence.

    Attributes:
        bundle: the bundle's path as it stands in the commands to verify it.
        statement_digest: SHA-256 of the signed statement, in hexadecimal.
        signatures: none means UNSIGNED.
        levels: outcome of each level of `clinigate verify`, as far as it was run.
        environment: where the run took place; nested mappings become dotted labels.
        files: the sealed set, by path.
        ledger_size, ledger_root: the log of runs when this one was entered.
        records: what people signed about this run; waivers that count are known from the gate.
        openssl: the commands of `clinigate verify --explain-openssl`, one a line.
        blobs: what is known of raw evidence, as far as it was recorded apart.
        sealed_at: RFC 3339, by the sealer's own clock.
        kept: until when the bundle must be kept, and why; empty where nobody worked it out.
        held: why it is under legal hold; empty where it is not.
        kept_by_kind: years of each kind of people's records that are kept otherwise than a run.
    """

    bundle: str
    statement_digest: str | None = None
    signatures: tuple[SignatureFact, ...] = ()
    levels: tuple[LevelFact, ...] = ()
    environment: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    files: tuple[FileFact, ...] = ()
    ledger_size: int | None = None
    ledger_root: str | None = None
    records: tuple[RecordFact, ...] = ()
    openssl: tuple[str, ...] = ()
    blobs: tuple[BlobFact, ...] = ()
    sealed_at: str = ""
    kept: str = ""
    held: str = ""
    kept_by_kind: tuple[tuple[str, int], ...] = ()

    @property
    def signed(self) -> bool:
        """Whether anybody signed at all; whose key it is, is another question."""
        return bool(self.signatures)
