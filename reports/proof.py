"""What a page carries so that it can verify itself in the reader's browser."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from clinigate.evidence.encoding import b64
from clinigate.evidence.names import CONTROLS, ENVIRONMENT, RESULTS, STATEMENT

__all__ = ["EMBED_AT_MOST", "ProofView", "chosen"]

#: Bytes of sealed files that a page embeds. A browser digests a file in one piece and a reader
#: waits for it; what does not fit is dropped onto the page, or left to `clinigate verify`.
EMBED_AT_MOST = 4 << 20

#: What says most goes first.
_FIRST = (RESULTS, ENVIRONMENT, CONTROLS)


@dataclass(frozen=True, slots=True)
class ProofView:
    """The sealed bytes that a page embeds.

    Attributes:
        envelope: the statement's envelope, as it stands on the disk.
        files: names and bytes of the sealed files that the page embeds; the statement names more.
        public_keys: DER SubjectPublicKeyInfo of the keys that signed, as far as they are known.
            They come with the page: they tell that it is whole, and never who made it.
        sealed: how many files the statement names.
    """

    envelope: bytes
    files: tuple[tuple[str, bytes], ...]
    public_keys: tuple[bytes, ...]
    sealed: int = 0

    @property
    def left_out(self) -> int:
        """How many sealed files are not in the page."""
        return max(0, self.sealed - len(self.files))

    @property
    def data(self) -> str:
        """What the page's script reads: JSON of base64, with nothing in it that ends a tag."""
        plain = {
            "statement": {"name": STATEMENT, "data": b64(self.envelope)},
            "files": [{"name": name, "data": b64(data)} for name, data in self.files],
            "keys": [b64(key) for key in self.public_keys],
        }
        return json.dumps(plain, separators=(",", ":")).replace("<", "\\u003c")


def chosen(sizes: Iterable[tuple[str, int]], at_most: int = EMBED_AT_MOST) -> tuple[str, ...]:
    """Return which files a page embeds: results first, then the smallest, until `at_most` bytes.

    Args:
        sizes: name and bytes of each sealed file.
        at_most: bytes that all of them may have together.
    """
    ranked = sorted(sizes, key=lambda each: (each[0] not in _FIRST, each[1], each[0]))
    names, room = [], at_most
    for name, size in ranked:
        if size <= room:
            names.append(name)
            room -= size
    return tuple(sorted(names))
