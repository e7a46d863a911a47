"""Search bytes that come in pieces, in bounded memory."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterator

from clinigate.phi.recognizer import LONGEST
from clinigate.phi.runtime.redactor import Redactor

__all__ = ["SLICE", "BodySearch", "Window", "slices"]

#: So much is searched at a time.
SLICE = 16 * 1024
#: What is kept of either side of a cut: a whole find, and the words beside it.
_BESIDE = 2 * LONGEST


class Window:
    """Finds what stands in a stream, each once, wherever the pieces end.

    Attributes:
        rules: what has struck until now.
        searched: up to this byte of the stream no find can begin any more that is not in `rules`.
    """

    def __init__(self, redactor: Redactor) -> None:
        self.rules: Counter[str] = Counter()
        self.searched = 0
        self._redactor = redactor
        self._held = bytearray()
        self._begin = 0  # where in the stream `_held` begins

    def feed(self, data: bytes) -> None:
        """Take the next piece."""
        for piece in slices(data):
            self._held += piece
            if len(self._held) >= SLICE + _BESIDE:
                self._search(self._begin + len(self._held) - _BESIDE)
                keep = max(0, self.searched - _BESIDE - self._begin)
                del self._held[:keep]
                self._begin += keep

    def finish(self) -> None:
        """Search what is left: the stream has ended."""
        self._search(self._begin + len(self._held))

    def _search(self, until: int) -> None:
        for find in self._redactor.finds(bytes(self._held)):
            if self.searched <= self._begin + find.start < until:
                self.rules[find.rule] += 1
        self.searched = until


class BodySearch:
    """Searches a body as it is transferred: packed by gzip or deflate, or as it stands.

    Attributes:
        unseen: why a part could not be looked at; empty where all was.
    """

    def __init__(self, redactor: Redactor, *, encoding: str, longest: int) -> None:
        """Take what searches, the body's content encoding, and how many bytes are searched."""
        self.unseen = ""
        self._window = Window(redactor)
        self._longest = longest
        self._unpack = None
        if encoding in ("gzip", "x-gzip", "deflate"):
            self._unpack = zlib.decompressobj(zlib.MAX_WBITS | 32)
        elif encoding not in ("", "identity"):
            self.unseen = "its content encoding is not read here"
        self._fed = 0

    @property
    def rules(self) -> Counter[str]:
        """What has struck until now."""
        return self._window.rules

    @property
    def searched(self) -> int:
        """Up to which byte of the unpacked body all is known."""
        return self._window.searched

    def feed(self, data: bytes) -> int:
        """Take the next piece and return where in the unpacked body it ends."""
        if not self.unseen:
            for piece in self._unpacked(data):
                self._fed += len(piece)
                if self._fed > self._longest:
                    self.unseen = f"longer than {self._longest} bytes"
                    break
                self._window.feed(piece)
        return self._fed

    def finish(self) -> None:
        """Search what is left: the body has ended."""
        self._window.finish()

    def _unpacked(self, data: bytes) -> Iterator[bytes]:
        if self._unpack is None:
            yield data
            return
        try:
            while data and not self._unpack.eof:
                yield self._unpack.decompress(data, SLICE)
                data = self._unpack.unconsumed_tail
        except zlib.error:
            self.unseen = "is not packed as it says"


def slices(data: bytes) -> Iterator[bytes]:
    """Yield bytes in slices of at most `SLICE`."""
    for at in range(0, len(data), SLICE):
        yield data[at : at + SLICE]
