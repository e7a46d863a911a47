"""The forms in which one value may stand in bytes: as it is, encoded, escaped."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, quote_plus

__all__ = ["Literal", "forms_of"]


@dataclass(frozen=True, slots=True)
class Literal:
    """Bytes to look for.

    Attributes:
        form: `plain`, `utf-16`, `base64`, `base64url`, `hex`, `url` or `json`.
        data: the bytes; in lower case where `folded`.
        folded: whether upper and lower case are the same there.
    """

    form: str
    data: bytes
    folded: bool


def forms_of(value: str) -> tuple[Literal, ...]:
    """Return every form of a value, each once.

    base64 depends on how many bytes stand before the value, by three: there are three middles,
    each without the characters that the neighbours have a part in. Encoders that see the value in
    capitals or without see other bytes, so that these are encoded too.
    """
    found: dict[tuple[bytes, bool], Literal] = {}
    for literal in _all(value):
        found.setdefault((literal.data, literal.folded), literal)
    return tuple(found.values())


def _all(value: str) -> Iterator[Literal]:
    yield Literal("plain", _folded(value), True)
    for order in ("utf-16-le", "utf-16-be"):
        yield Literal("utf-16", value.encode(order).lower(), True)
    for escaped in (_json(value), _json_whole(value), value.replace("/", "\\/")):
        yield Literal("json", _folded(escaped), True)
    for escaped in (quote(value, safe=""), quote_plus(value), _url_whole(value)):
        yield Literal("url", _folded(escaped), True)
    for spelled in dict.fromkeys((value, value.lower(), value.upper())):
        raw = spelled.encode("utf-8")
        yield Literal("hex", raw.hex().encode("ascii"), True)
        for before in range(3):
            middle = _middle(raw, before)
            yield Literal("base64", middle, False)
            yield Literal("base64url", middle.translate(bytes.maketrans(b"+/", b"-_")), False)


def _folded(text: str) -> bytes:
    # As bytes are folded where they are searched: ASCII alone, since nothing else keeps its length.
    return text.encode("utf-8").lower()


def _json(value: str) -> str:
    return json.dumps(value)[1:-1]


def _json_whole(value: str) -> str:
    """Each character as an escape, as some serializers write what is not a letter of theirs."""
    units = value.encode("utf-16-be")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))


def _url_whole(value: str) -> str:
    return "".join(f"%{byte:02x}" for byte in value.encode("utf-8"))


def _middle(raw: bytes, before: int) -> bytes:
    """The base64 characters that `raw` alone decides where `before` (mod 3) bytes precede it."""
    encoded = base64.b64encode(b"\0" * before + raw)
    first = -(-8 * before // 6)
    last = 8 * (before + len(raw)) // 6
    return encoded[first:last]
