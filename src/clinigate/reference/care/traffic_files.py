"""Files that come in with a patient: looked at first, and taken in only if nothing bad is in them.

What is bad here is the file that the makers of scanners agreed on to try them with (EICAR). It is
looked for in the bytes as they are, in archives and in the streams of a PDF.
"""

from __future__ import annotations

import io
import re
import secrets
import zipfile
import zlib
from collections.abc import Iterator

__all__ = ["Files", "is_infected"]

# In pieces, so that no scanner takes this file or its compiled form for what it looks for.
_PIECES = ("X5O!P%@AP[4", "\\PZX54(P^)7CC)7}", "$EICAR-STANDARD", "-ANTIVIRUS-TEST-FILE", "!$H+H*")
_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
_DEEPEST = 4
_LONGEST = 2**20
_MOST_MEMBERS = 100
_MOST = 500


def is_infected(content: bytes) -> bool:
    """Whether a file holds what a scanner looks for, however it is packed."""
    signature = "".join(_PIECES).encode()
    return any(signature in each for each in _unpacked(content, 0))


def _unpacked(content: bytes, depth: int) -> Iterator[bytes]:
    yield content
    if depth == _DEEPEST:
        return
    for inner in (*_members(content), *_streams(content)):
        yield from _unpacked(inner, depth + 1)


def _members(content: bytes) -> Iterator[bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.infolist()[:_MOST_MEMBERS]:
                with archive.open(member) as file:
                    yield file.read(_LONGEST)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, zlib.error, EOFError):
        return


def _streams(content: bytes) -> Iterator[bytes]:
    if not content.startswith(b"%PDF-"):
        return
    for found in _STREAM.finditer(content):
        try:
            yield zlib.decompressobj().decompress(found[1], _LONGEST)
        except zlib.error:
            continue


class Files:
    """The files of patients, for as long as the service runs; the oldest make room."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[str, bytes]] = {}

    def add(self, patient: str, content: bytes) -> str:
        """Keep a file and return its id."""
        while len(self._kept) >= _MOST:
            del self._kept[next(iter(self._kept))]
        made = f"f-{secrets.token_hex(8)}"
        self._kept[made] = (patient, content)
        return made

    def get(self, patient: str, file: str) -> bytes | None:
        """Return a patient's file."""
        owner, content = self._kept.get(file, ("", b""))
        return content if owner == patient else None

    def remove(self, patient: str, file: str) -> bool:
        """Remove a patient's file; whether there was one."""
        if self.get(patient, file) is None:
            return False
        del self._kept[file]
        return True

    def forget(self, patient: str) -> None:
        """Remove every file of somebody whose record was removed."""
        self._kept = {file: each for file, each in self._kept.items() if each[0] != patient}
