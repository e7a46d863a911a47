"""What a page carries so that it can verify itself in the reader's browser."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ProofView"]


@dataclass(frozen=True, slots=True)
class ProofView:
    """The sealed bytes that a page embeds.

    Attributes:
        envelope: the statement's envelope, as it stands on the disk.
        files: names and bytes of the sealed files that the page embeds; the statement names more.
        public_keys: DER SubjectPublicKeyInfo of the keys that signed, as far as they are known.
            They come with the page: they tell that it is whole, and never who made it.
    """

    envelope: bytes
    files: tuple[tuple[str, bytes], ...]
    public_keys: tuple[bytes, ...]
