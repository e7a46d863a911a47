"""Server-sent events: from bytes, cut anywhere, to the data of each event."""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["SseDecoder"]

# Only these end a line. Python's own splitting also breaks at U+2028, which JSON may hold as it is.
_LINE_END = re.compile(rb"\r\n|\n|\r")
_BOM = b"\xef\xbb\xbf"


class SseDecoder:
    """Decodes a stream of events; only their `data` is of interest here."""

    def __init__(self) -> None:
        self._rest = b""
        self._data: list[bytes] = []
        self._at_start = True

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Yield the data of each event that `chunk` completes."""
        self._rest += chunk
        if self._at_start and len(self._rest) >= len(_BOM):
            self._rest = self._rest.removeprefix(_BOM)
            self._at_start = False
        start = 0
        for end in _LINE_END.finditer(self._rest):
            # A carriage return at the very end may be half of a line end.
            if end.end() == len(self._rest) and end[0] == b"\r":
                break
            yield from self._line(self._rest[start : end.start()])
            start = end.end()
        self._rest = self._rest[start:]

    def _line(self, line: bytes) -> Iterator[bytes]:
        if not line:
            if self._data:
                yield b"\n".join(self._data)
            self._data = []
            return
        name, _, value = line.partition(b":")
        if name == b"data":
            self._data.append(value.removeprefix(b" "))
