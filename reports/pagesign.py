"""Sign the words of a page, so that the page can tell in a browser whether they were changed.

What is digested is the same walk in Python, over the page as it is written, and in the browser,
over the page as it was read (`proof_words.js`): element by element in the order of the document,
the tag and its attributes, sorted by name, where it has any, and all text without white space. Left
out is what no reader sees or what is no claim of the page: scripts (the content security policy
names their digests, and is digested), comments, and whether `<details>` is open.
"""

from __future__ import annotations

import hashlib
import json
import re
from html.parser import HTMLParser

from clinigate.core.canonical import canonical_bytes, parse_json, sha256_hex
from clinigate.errors import EvidenceError
from clinigate.evidence.encoding import b64, unb64
from clinigate.evidence.envelope import Signer, parse_envelope, sign_envelope

__all__ = ["PAGE_PAYLOAD_TYPE", "sign_page", "words_digest"]

PAGE_PAYLOAD_TYPE = "application/vnd.clinigate.page+json"
_PAGE_TYPE = "https://clinigate.dev/page/v1"

_PLACE = '<script type="application/json" id="proof-page">null</script>'
_DATA = re.compile(r'<script type="application/json" id="proof-data">(\{[^<]*\})</script>')

_BLANK = re.compile(r"[\x00-\x20\x7f]+")
_UNREAD = frozenset({"script", "noscript", "template"})


def words_digest(page: str) -> str:
    """Return the SHA-256, in hexadecimal, of the words and attributes of a page."""
    walk = _Walk()
    walk.feed(page)
    walk.close()
    return hashlib.sha256("".join(walk.parts).encode("utf-8")).hexdigest()


def sign_page(page: str, signer: Signer) -> str:
    """Return the page with a signature over its words and the statement that it shows.

    Raises:
        EvidenceError: the page carries no statement, or is signed already.
    """
    data = _DATA.search(page)
    if data is None or page.count(_PLACE) != 1:
        raise EvidenceError(
            "report.html: carries no sealed statement, or is signed already; "
            "make it again with: clinigate report"
        )
    statement = parse_envelope(_statement(data[1])).payload
    words = {
        "_type": _PAGE_TYPE,
        "statement": f"sha256:{sha256_hex(statement)}",
        "words": f"sha256:{words_digest(page)}",
    }
    envelope = sign_envelope(canonical_bytes(words), PAGE_PAYLOAD_TYPE, [signer])
    signed = {"envelope": b64(canonical_bytes(envelope)), "keys": [b64(signer.public_key)]}
    text = json.dumps(signed, separators=(",", ":"))
    return page.replace(_PLACE, _PLACE.replace("null", text))


def _statement(data: str) -> bytes:
    return unb64(parse_json(data)["statement"]["data"])


class _Walk(HTMLParser):
    """Collects what is digested."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unread: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._unread is None and tag in _UNREAD:
            self._unread = tag
        if self._unread is not None:
            return
        told = sorted((name, _BLANK.sub("", value or "")) for name, value in attrs)
        told = [each for each in told if each[0] != "open"]
        if told:
            listed = "".join(f"\x02{name}\x03{value}" for name, value in told)
            self.parts.append(f"\x01{tag}{listed}\x04")

    def handle_endtag(self, tag: str) -> None:
        if tag == self._unread:
            self._unread = None

    def handle_data(self, data: str) -> None:
        if self._unread is None:
            self.parts.append(_BLANK.sub("", data))
