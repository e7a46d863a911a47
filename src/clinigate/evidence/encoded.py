"""Texts that stand in a text in base64 or hexadecimal, packed or not, or spelled with escapes.

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

__all__ = ["Encoded", "encoded_in", "escaped_in", "packed_names", "text_of"]

# Lines as MIME and PEM break them are one stretch; else it ends with its line.
_DIGITS = r"[A-Za-z0-9+/_-]"
_STRETCH = re.compile(rf"(?:{_DIGITS}{{60,76}}\r?\n)+{_DIGITS}+={{0,2}}|{_DIGITS}{{11,}}={{0,2}}")
#: Where a stretch that decodes to nothing may begin anew: the way to it in a URL, a prefix.
_JOINTS = re.compile(r"[/_-]+")
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
#: A character of ASCII as URLs, programs and markup write it where it must not stand itself.
_ESCAPE = re.compile(
    r"%([2-7][0-9a-fA-F])|\\+(?:u00|x|u\{)([2-7][0-9a-fA-F])\}?|&#(?:x0*([2-7][0-9a-fA-F])|0*(\d{2,3}));"
)
_ESCAPES = ("%", "\\", "&#")
_WORD = re.compile(r"[^\s\"'<>]+")
_WIDE = {2: ("utf-16-le", "utf-16-be"), 4: ("utf-32-le", "utf-32-be")}
_MARKS = ((b"\xff\xfe\0\0", "utf-32"), (b"\0\0\xfe\xff", "utf-32"),
          (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))  # fmt: skip
#: A longer one is a file, and none that stands in a sentence.
_LONGEST_UNPACKED = 64 << 20


@dataclass(frozen=True, slots=True)
class Encoded:
    """One encoded stretch of a text.

    Attributes:
        start, end: where it stands.
        form: `base64`, `hexadecimal` or `escapes`.
        data: what it encodes.
    """

    #: Nothing shorter is looked at: eight bytes hold no identifier beside a word that says so.
    SHORTEST: ClassVar[int] = 11

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

        yield from packed_names(self.data)
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
        found = _encoded(match.group(), match.start())
        if found is not None:
            yield found
            continue
        begin = match.start()
        for joint in (*_JOINTS.finditer(match.group()), None):
            end = match.end() if joint is None else match.start() + joint.start()
            if begin > match.start() or joint is not None:
                found = _encoded(text[begin:end], begin)
                if found is not None:
                    yield found
            begin = end if joint is None else match.start() + joint.end()


def escaped_in(text: str) -> Iterator[Encoded]:
    """Yield the words of a text that are spelled with escapes, as `%40` or `&#64;`."""
    if not any(mark in text for mark in _ESCAPES) or _ESCAPE.search(text) is None:
        return
    for match in _WORD.finditer(text):
        word = match.group().rstrip("\\")
        plain = _ESCAPE.sub(_unescaped, word)
        if plain != word:
            data = plain.encode("utf-8", "surrogatepass")
            yield Encoded(match.start(), match.start() + len(word), "escapes", data)


def packed_names(data: bytes) -> Iterator[str]:
    """Yield what the head of a gzip file says: the name of what was packed, a comment."""
    if data[:3] != b"\x1f\x8b\x08" or not data[3] & 0x18:
        return
    begin = 10 + (2 + int.from_bytes(data[10:12], "little") if data[3] & 0x04 else 0)
    for flag in (0x08, 0x10):
        if data[3] & flag:
            end = data.find(b"\0", begin)
            yield data[begin : end if end >= 0 else len(data)].decode("latin-1")
            begin = len(data) if end < 0 else end + 1


def text_of(data: bytes) -> str | None:
    """Return the text that bytes are, None where they are none.

    It is UTF-8, or UTF-16 or UTF-32, with a mark at its beginning or without: of Western texts
    every second byte, or three of four, is zero then.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _text(data, encoding)
    if b"\0" in data[:64]:
        for width, encodings in _WIDE.items():
            for encoding in encodings:
                place = 0 if encoding.endswith("-be") else width - 1
                zeros = data[place : 4096 * width : width]
                if len(data) % width == 0 and zeros.count(0) * 5 >= len(zeros) * 4:
                    text = _text(data, encoding)
                    if text is not None and "\0" not in text:
                        return text
    return _text(data, "utf-8")


def _text(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _unescaped(match: re.Match[str]) -> str:
    percent, program, markup, decimal = match.groups()
    code = int(decimal) if decimal else int(percent or program or markup, 16)
    return chr(code) if 0x20 <= code < 0x7F else match.group()


def _encoded(stretch: str, start: int) -> Encoded | None:
    if len(stretch) < Encoded.SHORTEST:
        return None
    for form, data in _decoded(stretch):
        if data.startswith(_PACKED) or _readable(data) is not None:
            return Encoded(start, start + len(stretch), form, data)
    return None


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
    text = text_of(data)
    if text is None:
        return None
    text = text.removeprefix("\ufeff")
    return text if all(char.isprintable() or char in "\r\n\t" for char in text) else None
