"""Sign the words of a page, so that the page can tell in a browser whether they were changed.

What is digested is the same walk in Python, over the page as it is written, and in the browser,
over the page as it was read (`proof_words.js`): element by element in the order of the document,
where each begins and ends, its tag and its attributes, sorted by name, and all text without white
space. A tag that a browser adds by itself, and that of a script, counts where it has attributes.
Left out is what no reader sees or what is no claim of the page: what stands in scripts (the content
security policy names their digests, and is digested), comments, and whether `<details>` is open.
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
#: Browsers add these where a page leaves them out.
_IMPLIED = frozenset({"html", "head", "body", "tbody"})
#: Elements that have no end of their own.
_VOID = frozenset(
    "area base br col embed hr img input link meta source track wbr".split()  # noqa: SIM905
)


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
        self._open: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._unread is not None:
            return
        told = sorted((name, _BLANK.sub("", value or "")) for name, value in attrs)
        told = [each for each in told if each[0] != "open"]
        counts = bool(told) or tag not in _IMPLIED | _UNREAD
        if counts:
            listed = "".join(f"\x02{name}\x03{value}" for name, value in told)
            self.parts.append(f"\x01{tag}{listed}\x04")
        if tag in _UNREAD:
            self._unread = tag
        if tag not in _VOID:
            self._open.append((tag, counts))

    def handle_endtag(self, tag: str) -> None:
        if self._unread not in (None, tag):
            return
        self._unread = None
        while any(tag == each for each, _ in self._open):
            ended, counts = self._open.pop()
            if counts:
                self.parts.append("\x05")
            if ended == tag:
                break

    def handle_data(self, data: str) -> None:
        if self._unread is None:
            self.parts.append(_BLANK.sub("", data))

    def close(self) -> None:
        """End what the page left open, as a browser does."""
        super().close()
        self.parts += ["\x05" for _, counts in self._open if counts]
