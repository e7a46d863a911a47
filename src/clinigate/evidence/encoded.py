"""Texts that stand in a text in base64 or hexadecimal, packed or not.

Digests, signatures and keys look the same until they are decoded: only what gives readable text,
or the beginning of something packed, counts as encoded.
"""

from __future__ import annotations

import base64
import binascii
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

__all__ = ["Encoded", "encoded_in"]

# Lines as MIME and PEM break them are one stretch; else it ends with its line.
_DIGITS = r"[A-Za-z0-9+/_-]"
_STRETCH = re.compile(rf"(?:{_DIGITS}{{60,76}}\r?\n)+{_DIGITS}+={{0,2}}|{_DIGITS}{{16,}}={{0,2}}")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2})+")
_TO_STANDARD = str.maketrans("-_", "+/", "\r\n=")
#: gzip, zlib, zip, and pictures, which carry texts beside their pixels.
_PACKED = (
    b"\x1f\x8b\x08",
    b"\x78\x01",
    b"\x78\x9c",
    b"\x78\xda",
    b"PK\x03\x04",
    b"\x89PNG",
    b"\xff\xd8\xff",
)
#: A longer one is a file, and none that stands in a sentence.
_LONGEST_UNPACKED = 64 << 20


@dataclass(frozen=True, slots=True)
class Encoded:
    """One encoded stretch of a text.

    Attributes:
        start, end: where it stands.
        form: `base64` or `hexadecimal`.
        data: what it encodes.
    """

    #: Nothing shorter is looked at: twelve bytes hold no identifier beside a word that says so.
    SHORTEST: ClassVar[int] = 16

    start: int
    end: int
    form: str
    data: bytes

    def texts(self) -> Iterator[str]:
        """Yield the texts in it: itself, or what is packed in it."""
        plain = _readable(self.data)
        if plain is not None:
            yield plain
            return
        from clinigate.phi.surfaces import Limits, Part, TruncatedError, open_stream

        limits = Limits(depth=2, unpacked=_LONGEST_UNPACKED, members=100)
        for part in open_stream(io.BytesIO(self.data), limits=limits):
            if isinstance(part, Part) and not part.literal:
                try:
                    yield b"".join(part.chunks).decode("utf-8", "replace")
                except TruncatedError:
                    continue


def encoded_in(text: str) -> Iterator[Encoded]:
    """Yield the stretches of a text that encode a readable text or something packed."""
    if len(text) < Encoded.SHORTEST:
        return
    for match in _STRETCH.finditer(text):
        for form, data in _decoded(match.group()):
            if data.startswith(_PACKED) or _readable(data) is not None:
                yield Encoded(match.start(), match.end(), form, data)
                break


def _decoded(stretch: str) -> Iterator[tuple[str, bytes]]:
    if _HEX.fullmatch(stretch):
        yield "hexadecimal", bytes.fromhex(stretch)
    digits = stretch.translate(_TO_STANDARD)
    digits = digits[: len(digits) - (len(digits) % 4 == 1)]
    try:
        yield "base64", base64.b64decode(digits + "=" * (-len(digits) % 4))
    except (binascii.Error, ValueError):
        return


def _readable(data: bytes) -> str | None:
    """The text that bytes are, None where they are no text that somebody wrote."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return text if all(char.isprintable() or char in "\r\n\t" for char in text) else None
