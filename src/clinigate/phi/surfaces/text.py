"""Text of any encoding as UTF-8, or as it stands."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from itertools import chain

from clinigate.phi.surfaces.sources import Source

__all__ = ["LONGEST", "blocks", "decoded", "encoding_of"]

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    # UTF-32's begins with UTF-16's.
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
#: Longer lines come in pieces.
LONGEST = 8 * 2**20


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


def blocks(chunks: Iterator[bytes], longest: int = LONGEST) -> Iterator[bytes]:
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
