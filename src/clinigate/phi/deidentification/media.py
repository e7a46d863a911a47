"""Pictures and recordings in cells: a face or a voice has no text form, but its file has a head."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from clinigate.phi.deidentification.table import Cell

__all__ = ["BIOMETRIC", "PHOTO", "Medium", "kind_of"]


@dataclass(frozen=True, slots=True)
class Medium:
    """What a cell holds beside text.

    Attributes:
        rule: as findings name it.
        title: in a few words.
    """

    rule: str
    title: str


PHOTO = Medium("CG-PHI-PHOTO", "A picture")
BIOMETRIC = Medium("CG-PHI-BIOMETRIC", "A recording or a fingerprint's picture")

_HEADS: tuple[tuple[bytes, Medium], ...] = (
    (b"\xff\xd8\xff", PHOTO),  # JPEG
    (b"\x89PNG\r\n\x1a\n", PHOTO),
    (b"GIF87a", PHOTO),
    (b"GIF89a", PHOTO),
    (b"II*\x00", PHOTO),  # TIFF, of either byte order
    (b"MM\x00*", PHOTO),
    (b"\xff\xa0\xff", BIOMETRIC),  # WSQ: fingerprints
    (b"FMR\x00", BIOMETRIC),  # templates of fingerprints, ISO/IEC 19794-2
    (b"ID3", BIOMETRIC),  # MP3
    (b"OggS", BIOMETRIC),
    (b"fLaC", BIOMETRIC),
)
_CONTAINERS = {b"WAVE": BIOMETRIC, b"WEBP": PHOTO}
_BASE64_HEAD = 24
_SHORTEST = 64


def kind_of(cell: Cell) -> Medium | None:
    """Return which picture or recording a cell holds, as bytes or in base64; None for none."""
    if len(cell) < _SHORTEST:
        return None
    if isinstance(cell, bytes):
        return _of_bytes(cell[:16])
    head = cell[:64]
    if head.startswith("data:"):
        head = head.partition(",")[2]
    text = head[:_BASE64_HEAD].rstrip()
    try:
        data = base64.b64decode(text[: len(text) // 4 * 4], validate=True)
    except (binascii.Error, ValueError):
        return None
    return _of_bytes(data) if data else None


def _of_bytes(data: bytes) -> Medium | None:
    if data[:4] == b"RIFF":
        return _CONTAINERS.get(data[8:12])
    return next((medium for head, medium in _HEADS if data.startswith(head)), None)
