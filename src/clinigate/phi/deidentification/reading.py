"""Open a dataset's text: its encoding by byte order mark, gzip by its first bytes."""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from clinigate.errors import UsageError

__all__ = ["DAMAGED", "begin", "named_once"]

_GZIP = b"\x1f\x8b"
_HEAD = 8192
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

#: What reading may end with, where a file is cut off or torn.
DAMAGED = (EOFError, OSError, zlib.error, UnicodeError)


@contextmanager
def begin(path: Path) -> Iterator[IO[str]]:
    """Open a text file, lines as they stand; bytes that are no UTF-8 become surrogates.

    Raises:
        UsageError: it cannot be opened, or is binary; it is named.
    """
    try:
        with path.open("rb") as file:
            packed = file.read(2) == _GZIP
            file.seek(0)
            raw = cast("IO[bytes]", gzip.GzipFile(fileobj=file) if packed else file)
            head = raw.read(_HEAD)
            encoding = next((name for mark, name in _MARKS if head.startswith(mark)), "utf-8")
            if encoding == "utf-8" and b"\0" in head:
                raise UsageError(f"{path}: is binary, and no text as its name says")
            raw.seek(0)
            yield io.TextIOWrapper(raw, encoding=encoding, errors=_errors(encoding), newline="")
    except (PermissionError, IsADirectoryError, FileNotFoundError) as problem:
        raise UsageError(f"{path}: cannot be read ({problem.strerror})") from None


def named_once(names: list[str]) -> tuple[str, ...]:
    """Return names of columns, of which those that come again are counted: `note`, `note.2`."""
    seen: dict[str, int] = {}
    unique: list[str] = []
    for position, name in enumerate(names, start=1):
        base = name.strip() or f"column {position}"
        seen[base] = seen.get(base, 0) + 1
        shown = base if seen[base] == 1 else f"{base}.{seen[base]}"
        while shown in unique:
            seen[base] += 1
            shown = f"{base}.{seen[base]}"
        unique.append(shown)
    return tuple(unique)


def _errors(encoding: str) -> str:
    return "surrogateescape" if encoding.startswith("utf-8") else "replace"
