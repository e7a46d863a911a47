"""Text of any encoding as UTF-8, or as it stands."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from itertools import chain

from clinigate.phi.surfaces.fields import leaves
from clinigate.phi.surfaces.sources import Source
from clinigate.phi.surfaces.woven import Item

__all__ = ["blocks", "decoded", "encoding_of", "with_escapes"]

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    # UTF-32's begins with UTF-16's.
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
#: Longer lines come in pieces.
_LONGEST = 8 * 2**20
_OBJECTS = 8
_JSON = json.JSONDecoder()
_BEGINS = re.compile(rb'\{ ?"|\[ ?["{]')
_BEGINS_TEXT = re.compile(_BEGINS.pattern.decode())


def encoding_of(head: bytes) -> tuple[str, int]:
    """Return the encoding of a text by its first bytes, and how long its mark is.

    UTF-16 without a mark shows by its zeros, every second byte. `utf-8` also stands for all that
    has ASCII as a part and is searched as it stands; "" is no text.
    """
    for bom, name in _BOMS:
        if head.startswith(bom):
            return name, len(bom)
    zeros = head.count(0)
    if not zeros:
        return "utf-8", 0
    even, odd = head[::2].count(0), head[1::2].count(0)
    if len(head) >= 8 and zeros > len(head) * 0.3 and min(even, odd) * 20 < zeros:
        return ("utf-16-be" if even > odd else "utf-16-le"), 0
    return "", 0


def decoded(source: Source, encoding: str, mark: int) -> Iterator[bytes]:
    """Yield a text as UTF-8, without its mark; what is no character becomes U+FFFD."""
    chunks = source.chunks()
    first = next(chunks, b"")[mark:]
    chunks = chain([first], chunks)
    if encoding == "utf-8":
        yield from filter(None, chunks)
        return
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    for chunk in chunks:
        yield decoder.decode(chunk).encode()
    yield decoder.decode(b"", final=True).encode()


def blocks(chunks: Iterator[bytes], longest: int = _LONGEST) -> Iterator[bytes]:
    """Yield the same bytes in blocks that end with a line.

    Of a line that is longer they end behind a value, as JSON and tables write them, or anywhere.
    """
    rest: list[bytes] = []
    size = 0
    for chunk in chunks:
        end = chunk.rfind(b"\n") + 1
        if end or size + len(chunk) > longest:
            end = end or chunk.rfind(b'",') + 2
            end = end if end > 1 else len(chunk)
            yield b"".join([*rest, chunk[:end]])
            rest, size, chunk = [], 0, chunk[end:]
        rest.append(chunk)
        size += len(chunk)
    if size:
        yield b"".join(rest)


def with_escapes(chunks: Iterator[bytes]) -> Iterator[Item]:
    r"""Yield text, and behind it what its lines hold in JSON with escapes.

    Serializers write `@` as `\u0040` or a dash as `\u2011`, and a line end as `\n`, of which the
    `n` would stand beside the value. Objects may begin within the line, as in a log.
    """
    line = 1
    for block in blocks(chunks):
        yield block
        at, counted = block.find(b"\\"), 0
        while at >= 0:
            start, end = block.rfind(b"\n", 0, at) + 1, block.find(b"\n", at)
            end = len(block) if end < 0 else end
            if end - start < _LONGEST // 2 and _BEGINS.search(block, start, end):
                line += block.count(b"\n", counted, start)
                counted = start
                yield from _escaped(block[start:end], line)
            at = block.find(b"\\", end)
        line += block.count(b"\n", counted)


def _escaped(written: bytes, line: int) -> Iterator[Item]:
    """The values of the objects within one line; most lines have one, a log's behind its time."""
    text, at = written.decode("utf-8", "surrogateescape"), 0
    for _ in range(_OBJECTS):
        begins = _BEGINS_TEXT.search(text, at)
        if begins is None:
            return
        try:
            value, at = _JSON.raw_decode(text, begins.start())
        except (ValueError, RecursionError):
            at = begins.start() + 1
        else:
            yield from leaves(value, line)
