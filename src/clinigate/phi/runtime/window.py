"""Search bytes that come in pieces, in bounded memory."""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from clinigate.phi.matching.search import MARGIN
from clinigate.phi.runtime.redactor import Find, Redactor
from clinigate.phi.surfaces.text import encoding_of

__all__ = ["SLICE", "BodySearch", "Spot", "Window", "slices"]

#: So much is searched at a time.
SLICE = 16 * 1024
#: What zlib may still hold of what it has taken: one copy of what came before.
_PENDING = 258
#: Alphabets in which ASCII stands for something else.
_STRANGE = re.compile(r"charset=[\"']?(?:utf-?(?:16|32|7)|ucs|iso-2022|hz-|ibm|ebcdic|cp037)")
_ALPHABET = "its alphabet is not read here"


@dataclass(frozen=True, slots=True)
class Spot:
    """A find in a stream.

    Attributes:
        find: with its span in the stream.
        line, column: where it begins, from 1; columns count bytes.
        value: the bytes that were found.
    """

    find: Find
    line: int
    column: int
    value: bytes = field(repr=False)


class Window:
    """Finds what stands in a stream, each once, wherever the pieces end.

    Attributes:
        rules: what has struck until now.
        searched: no find begins before this byte of the stream that is not in `rules`.
    """

    def __init__(
        self, redactor: Redactor, *, on_find: Callable[[Spot], None] | None = None
    ) -> None:
        """Take what searches, and who is told of each find as soon as it is known."""
        self.rules: Counter[str] = Counter()
        self.searched = 0
        self._redactor, self._on_find = redactor, on_find
        self._held = bytearray()
        self._begin = 0  # where in the stream `_held` begins
        self._line, self._line_at = 1, 0  # the line in which it begins, and where that begins
        self._told: set[tuple[int, str]] = set()

    def feed(self, data: bytes) -> None:
        """Take the next piece."""
        for piece in slices(data):
            self._held += piece
            if len(self._held) >= SLICE + MARGIN:
                until = self._begin + len(self._held) - MARGIN
                self._search(starting=until)
                self.searched = until
                self._forget(max(self._begin, until - MARGIN))

    def settle(self) -> None:
        """Tell what is found on lines that have ended, though more may follow on them soon."""
        last = self._begin + self._held.rfind(b"\n") + 1
        if last > self.searched:
            self._search(ending=last)

    def finish(self) -> None:
        """Search what is left: the stream has ended."""
        self._search()
        self.searched = self._begin + len(self._held)

    def _search(self, *, starting: int | None = None, ending: int | None = None) -> None:
        """Tell what starts before a byte of the stream, or ends there at the latest."""
        data = bytes(self._held)
        for each in self._redactor.finds(data):
            find = each._replace(start=each.start + self._begin, end=each.end + self._begin)
            known = (find.start, find.rule)
            if (
                find.start < self.searched
                or known in self._told
                or (starting is not None and find.start >= starting)
                or (ending is not None and find.end > ending)
            ):
                continue
            self._told.add(known)
            self.rules[find.rule] += 1
            if self._on_find is not None:
                self._on_find(self._spot(find, data, each))

    def _spot(self, find: Find, data: bytes, here: Find) -> Spot:
        begin = data.rfind(b"\n", 0, here.start) + 1 or self._line_at - self._begin
        line = self._line + data.count(b"\n", 0, here.start)
        return Spot(find, line, here.start - begin + 1, data[here.start : here.end])

    def _forget(self, until: int) -> None:
        """Let go of what stands before a byte of the stream."""
        gone = self._held[: until - self._begin]
        self._line += gone.count(b"\n")
        if b"\n" in gone:
            self._line_at = self._begin + gone.rfind(b"\n") + 1
        del self._held[: len(gone)]
        self._begin = until
        self._told = {known for known in self._told if known[0] >= until}


class BodySearch:
    """Searches a body as it is transferred: packed by gzip or deflate, as a form, as it stands.

    Attributes:
        unseen: why a part could not be looked at; empty where all was.
    """

    def __init__(self, redactor: Redactor, *, encoding: str, longest: int, media: str = "") -> None:
        """Take what searches, and what is said of the body.

        Args:
            redactor: what searches.
            encoding: the content encoding, in lower case.
            longest: so many bytes are searched.
            media: the content type, in lower case.
        """
        self.unseen = ""
        self._window = Window(redactor)
        self._longest = longest
        self._packed = encoding in ("gzip", "x-gzip", "deflate")
        self._unpack = _unpacker()
        if not self._packed and encoding not in ("", "identity"):
            self.unseen = "its content encoding is not read here"
        elif _STRANGE.search(media):
            self.unseen = _ALPHABET
        self._form = _Form() if media.startswith("application/x-www-form-urlencoded") else None
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
        """Take the next piece and return where in the unpacked body it ends, at the latest."""
        if not self.unseen:
            self._take(self._unpacked(data) if self._packed else [data])
        held = self._form.held if self._form else b""
        return self._fed + (_PENDING if self._packed else 0) + len(held)

    def finish(self) -> None:
        """Search what is left: the body has ended."""
        if self._packed and not self.unseen:
            self._take([self._unpack.flush()])
        if self._form is not None:
            self._window.feed(self._form.held)
        self._window.finish()

    def _take(self, pieces: Iterable[bytes]) -> None:
        for each in pieces:
            if not self._fed and encoding_of(each)[0].startswith(("utf-16", "utf-32")):
                self.unseen = _ALPHABET
                return
            piece = each if self._form is None else self._form.read(each)
            self._fed += len(piece)
            if self._fed > self._longest:
                self.unseen = f"longer than {self._longest} bytes"
                return
            self._window.feed(piece)

    def _unpacked(self, data: bytes) -> Iterator[bytes]:
        try:
            while data:
                if self._unpack.eof:  # another stream follows on the first
                    self._unpack = _unpacker()
                yield self._unpack.decompress(data, SLICE)
                data = self._unpack.unconsumed_tail or self._unpack.unused_data
        except zlib.error:
            self.unseen = "is not packed as it says"


class _Form:
    """What a form's fields mean as they come in pieces.

    Attributes:
        held: the beginning of an escape.
    """

    def __init__(self) -> None:
        self.held = b""

    def read(self, data: bytes) -> bytes:
        data = self.held + data
        cut = data.rfind(b"%", len(data) - 2 if len(data) > 2 else 0)
        self.held = data[cut:] if cut >= 0 and len(data) - cut < 3 else b""
        return unquote_to_bytes(data[: len(data) - len(self.held)].replace(b"+", b" "))


def _unpacker() -> zlib._Decompress:
    return zlib.decompressobj(zlib.MAX_WBITS | 32)


def slices(data: bytes) -> Iterator[bytes]:
    """Yield bytes in slices of at most `SLICE`."""
    for at in range(0, len(data), SLICE):
        yield data[at : at + SLICE]
