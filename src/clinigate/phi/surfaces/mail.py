"""Mail: what base64, quoted-printable and encoded words hide, and what is attached."""

from __future__ import annotations

import binascii
import io
import re
from collections.abc import Iterator
from email import policy
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesParser
from typing import BinaryIO

from clinigate.findings.tree import shown_name
from clinigate.phi.surfaces.part import Part, Skipped, TruncatedError
from clinigate.phi.surfaces.sources import Opener, Source
from clinigate.phi.surfaces.text import encoding_of
from clinigate.phi.surfaces.writing import text_parts

__all__ = ["mail_parts"]

#: Where a mailbox goes on with the next message.
_NEXT = re.compile(rb"\r?\n\r?\nFrom ")
_LAYER = re.compile(rb"(?i)boundary\s*=")
#: Parts within parts of one message; each is asked of each line.
_LAYERS = 64
_CODED = ("base64", "quoted-printable", "x-uuencode", "uuencode", "uue", "x-uue")
_AS_IT_IS = ("utf-8", "utf8", "us-ascii", "ascii", "")
_LOCKED = ("multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime")
_PIECE = 2**20
_PARSER = BytesParser(policy=policy.compat32)


def mail_parts(source: Source, inside: Opener) -> Iterator[Part | Skipped]:
    """Yield mail as it stands, then its coded headers and what its parts hold once decoded."""
    encoding, mark = encoding_of(source.head())
    try:
        file = source.whole()
    except TruncatedError as problem:
        yield Skipped(source.name, f"mail whose parts are not decoded: {problem}")
        yield Part(source.name, source.again())
        return
    as_it_is = Source(source.name, "", file, source.budget)
    if encoding:
        yield from text_parts(as_it_is, encoding, mark)
    else:
        yield Part(source.name, as_it_is.chunks(), media="binary")
    file.seek(0)
    for number, data in enumerate(_messages(file, source.budget.limits.held), start=1):
        name = source.within(f"message {number}") if number > 1 else source.name
        if len(data) > source.budget.limits.held or len(_LAYER.findall(data)) > _LAYERS:
            yield Skipped(name, "a message too large, or of too many parts, to be decoded")
            continue
        yield from _of_message(Source(name, "", source.stream, source.budget, source.depth), data,
                               inside)  # fmt: skip


def _messages(file: BinaryIO, longest: int) -> Iterator[bytes]:
    """The messages of a mailbox, or the one that there is; of one too long what comes first."""
    held, since, skips = bytearray(), 0, False
    while data := file.read(_PIECE):
        held += data
        is_box = held[:5] == b"From " or skips
        while is_box and (end := _NEXT.search(held, since)):
            if not skips:
                yield bytes(held[: end.start() + 1])
            skips, since = False, 0
            del held[: end.end() - 5]
        since = max(0, len(held) - 16)
        if len(held) > longest:
            if not skips:
                yield bytes(held)
            del held[:since]
            skips, since = True, 0
    if held and not skips:
        yield bytes(held)


def _of_message(source: Source, data: bytes, inside: Opener) -> Iterator[Part | Skipped]:
    try:
        message = _PARSER.parsebytes(data)
        parts = list(message.walk())
    except (MessageError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        yield Skipped(source.name, "a message that cannot be taken apart")
        return
    if said := _headers(parts):
        yield Part(source.within("headers"), iter([said]))
    for number, part in enumerate(parts, start=1):
        name = source.within(_name(part) or f"part {number}")
        if part.get_content_type() in _LOCKED:
            yield Skipped(name, "encrypted or sealed mail")
        elif not part.is_multipart() and _coding(part) in _CODED:
            yield from _of_part(source, part, name, inside)


def _of_part(source: Source, part: Message, name: str, inside: Opener) -> Iterator[Part | Skipped]:
    try:
        held = part.get_payload(decode=True)
    except (ValueError, LookupError, TypeError, binascii.Error):
        held = None
    if not isinstance(held, bytes) or part.defects:
        yield Skipped(name, "a part whose coding is damaged")
    if isinstance(held, bytes) and held:
        yield from inside(source.inner(name, _name(part), io.BytesIO(_as_utf8(part, held))))


def _as_utf8(part: Message, held: bytes) -> bytes:
    charset = (part.get_content_charset() or "").lower()
    if part.get_content_maintype() != "text" or charset in _AS_IT_IS:
        return held
    try:
        return held.decode(charset, "replace").encode()
    except (LookupError, ValueError):
        return held


def _headers(parts: list[Message]) -> bytes:
    """Headers with encoded words (RFC 2047), as a reader sees them."""
    said = []
    for part in parts:
        for field, value in part.items():
            written = str(value)
            if "=?" in written or "*=" in written:
                said.append(f"{field}: {' '.join(_decoded(written).split())}\n")
    return "".join(said).encode("utf-8", "replace")


def _decoded(written: str) -> str:
    try:
        return str(make_header(decode_header(written)))
    except (MessageError, ValueError, LookupError):
        return written


def _coding(part: Message) -> str:
    return str(part.get("Content-Transfer-Encoding", "")).strip().lower()


def _name(part: Message) -> str:
    try:
        return shown_name(part.get_filename() or "")
    except (ValueError, LookupError, TypeError):
        return ""
