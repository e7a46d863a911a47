"""The forms in which one value may stand in bytes: as it is, encoded, escaped, digested.

Every form is a literal, so that one automaton finds all of them at the speed of memory. What no
literal can be, a value whose base64 or quoted-printable is broken into lines, is found by
`unwrapped`, and what is compressed by `packed`.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html.entities import codepoint2name
from urllib.parse import quote, quote_plus

__all__ = ["Literal", "forms_of"]

_URL_SAFE = bytes.maketrans(b"+/", b"-_")
#: How values are digested to stand for somebody. It hides nobody: whoever knows the value finds it.
_DIGESTS = ("md5", "sha1", "sha256")


@dataclass(frozen=True, slots=True)
class Literal:
    """Bytes to look for.

    Attributes:
        form: `plain`, `latin-1`, `utf-16`, `reversed`, `json`, `url`, `html`, `quoted-printable`,
            `hex`, `base64`, `base64url`, or a digest with how it is written: `sha256 in hex`.
        data: the bytes; in lower case where `folded`.
        folded: whether upper and lower case are the same there.
        wraps: whether the encoder may break it into lines.
    """

    form: str
    data: bytes
    folded: bool
    wraps: bool = False


def forms_of(value: str) -> tuple[Literal, ...]:
    """Return every form of a value, each once.

    base64 depends on how many bytes stand before the value, by three: there are three middles,
    each without the characters that the neighbours have a part in. Encoders and digests that see
    the value in capitals or without see other bytes, so that these are encoded too.
    """
    found: dict[tuple[bytes, bool], Literal] = {}
    for literal in _all(value):
        found.setdefault((literal.data, literal.folded), literal)
    return tuple(found.values())


def _all(value: str) -> Iterator[Literal]:
    yield from _as_letters(value)
    yield from _escaped(value)
    for spelled in dict.fromkeys((value, value.lower(), value.upper())):
        raw = spelled.encode("utf-8")
        yield Literal("hex", raw.hex().encode("ascii"), True)
        yield from _base64(raw)
        for name in _DIGESTS:
            yield from _digested(name, hashlib.new(name, raw, usedforsecurity=False).digest())


def _as_letters(value: str) -> Iterator[Literal]:
    """The value itself, in encodings of letters; letters beyond ASCII in either spelling."""
    composed = (unicodedata.normalize(form, value) for form in ("NFC", "NFD"))
    for spelled in dict.fromkeys((value, value.lower(), value.upper(), *composed)):
        yield Literal("plain", _folded(spelled), True)
        if not spelled.isascii() and all(ord(each) < 256 for each in spelled):
            yield Literal("latin-1", spelled.encode("latin-1").lower(), True)
    for order in ("utf-16-le", "utf-16-be"):
        yield Literal("utf-16", value.encode(order).lower(), True)
    yield Literal("reversed", _folded(value[::-1]), True)


def _escaped(value: str) -> Iterator[Literal]:
    """The value as text formats escape it: what they must, what they may, and all of it."""
    for form, escapes in _ESCAPES.items():
        for escape in escapes:
            yield Literal(form, _folded(escape(value)), True, wraps=form == "quoted-printable")


def _base64(raw: bytes) -> Iterator[Literal]:
    for before in range(3):
        middle = _middle(raw, before)
        yield Literal("base64", middle, False, wraps=True)
        yield Literal("base64url", middle.translate(_URL_SAFE), False)


def _digested(name: str, digest: bytes) -> Iterator[Literal]:
    yield Literal(f"{name} in hex", digest.hex().encode("ascii"), True)
    # The last character holds bits of what may follow, and padding is often left out.
    whole = base64.b64encode(digest)[: 8 * len(digest) // 6]
    yield Literal(f"{name} in base64", whole, False)
    yield Literal(f"{name} in base64url", whole.translate(_URL_SAFE), False)


def _folded(text: str) -> bytes:
    # As bytes are folded where they are searched: ASCII alone, since nothing else keeps its length.
    return text.encode("utf-8").lower()


def _each(escape: Callable[[str], str], spared: Callable[[str], bool]) -> Callable[[str], str]:
    """Return how to escape each character that is not spared."""
    return lambda value: "".join(c if spared(c) else escape(c) for c in value)


def _none(_character: str) -> bool:
    return False


def _json_unit(character: str) -> str:
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))


def _url_byte(character: str) -> str:
    return "".join(f"%{byte:02x}" for byte in character.encode("utf-8"))


def _printable_byte(character: str) -> str:
    return "".join(f"={byte:02x}" for byte in character.encode("utf-8"))


def _html_name(character: str) -> str:
    name = codepoint2name.get(ord(character))
    return f"&{name};" if name else character


def _json(value: str) -> str:
    return json.dumps(value)[1:-1]


def _quoted(value: str) -> str:
    return quote(value, safe="")


#: By form, the ways of escaping a value; where nothing in it needs one, they are all the same.
_ESCAPES: dict[str, tuple[Callable[[str], str], ...]] = {
    "json": (
        _json,
        lambda value: _json(_json(value)),
        lambda value: value.replace("/", "\\/"),
        _each(_json_unit, str.isalnum),
        _each(_json_unit, _none),
        _each(lambda c: "\\" + _json_unit(c), _none),
    ),
    "url": (
        _quoted,
        quote_plus,
        lambda value: _quoted(_quoted(value)),
        _each(_url_byte, str.isalnum),
        _each(_url_byte, _none),
    ),
    "html": (
        html.escape,
        _each(_html_name, str.isascii),
        _each(lambda c: f"&#{ord(c)};", lambda c: c.isascii() and c.isalnum()),
        _each(lambda c: f"&#x{ord(c):x};", lambda c: c.isascii() and c.isalnum()),
        _each(lambda c: f"&#{ord(c)};", _none),
        _each(lambda c: f"&#x{ord(c):x};", _none),
    ),
    "quoted-printable": (
        _each(_printable_byte, lambda c: c.isascii() and c != "="),
        _each(_printable_byte, _none),
    ),
}


def _middle(raw: bytes, before: int) -> bytes:
    """The base64 characters that `raw` alone decides where `before` (mod 3) bytes precede it."""
    encoded = base64.b64encode(b"\0" * before + raw)
    first = -(-8 * before // 6)
    last = 8 * (before + len(raw)) // 6
    return encoded[first:last]
