"""What lies compressed in bytes: gzip and zlib, as they are or in base64 or hexadecimal."""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

__all__ = ["unpacked"]

#: Of each stream at most so much is read in and out: nothing that is packed may fill the memory.
_LONGEST = 16 * 2**20
_STEP = 64 * 1024
_PROBE = 96
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/_-]")
_NOT_HEX = re.compile(rb"[^0-9A-Fa-f]")
_TO_STANDARD = bytes.maketrans(b"-_", b"+/")


def unpacked(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield where a stream begins and what is in it; one that breaks off, as far as it goes."""
    for heads, decode in _WRAPPED.items():
        for match in heads.finditer(data):
            at = match.start()
            # Most beginnings are none, and show it at once.
            if _inflated(decode(data[at : at + _PROBE])) is None:
                continue
            content = _inflated(decode(data[at : at + _LONGEST]))
            if content:
                yield at, content


def _inflated(packed: bytes) -> bytes | None:
    """Return what comes out before anything is wrong; None where it is wrong from the start."""
    stream = zlib.decompressobj(zlib.MAX_WBITS | 32)
    out = bytearray()
    try:
        for start in range(0, len(packed), _STEP):
            out += stream.decompress(packed[start : start + _STEP], _LONGEST - len(out))
            if stream.eof or len(out) >= _LONGEST:
                break
    except zlib.error:
        return bytes(out) or None
    return bytes(out)


def _of_base64(text: bytes) -> bytes:
    end = _NOT_BASE64.search(text)
    text = text if end is None else text[: end.start()]
    return base64.b64decode(text[: len(text) // 4 * 4].translate(_TO_STANDARD) + _rest(text))


def _rest(text: bytes) -> bytes:
    """The last characters, as far as they make whole bytes."""
    rest = text[len(text) // 4 * 4 :].translate(_TO_STANDARD)
    return rest + b"=" * (4 - len(rest)) if len(rest) > 1 else b""


def _of_hex(text: bytes) -> bytes:
    end = _NOT_HEX.search(text)
    text = text if end is None else text[: end.start()]
    return bytes.fromhex(text[: len(text) // 2 * 2].decode("ascii"))


#: How streams begin (RFC 1952, RFC 1950), and how they are told from what they are wrapped in.
_WRAPPED: Mapping[re.Pattern[bytes], Callable[[bytes], bytes]] = MappingProxyType(
    {
        re.compile(rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]"): bytes,
        re.compile(rb"H4sI|eJ[w-z]|eN[o-r]|eA[E-H]|eF[4-7]"): _of_base64,
        re.compile(rb"(?i)1f8b08|78(?:01|5e|9c|da)"): _of_hex,
    }
)
