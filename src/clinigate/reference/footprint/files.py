"""Files that are appended to line by line, rotated and compressed."""

from __future__ import annotations

import gzip
import os
import threading
from pathlib import Path

__all__ = ["Lines"]

_KEPT = 3


class Lines:
    """One file of lines, private to its owner. Safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._fd = self._open()

    def add(self, line: str) -> None:
        """Append one line. What cannot be written is let go: nobody is refused for it."""
        data = line.encode("utf-8", "backslashreplace").replace(b"\n", b"\\n") + b"\n"
        with self._lock:
            if self._fd >= 0:
                try:
                    os.write(self._fd, data)
                except OSError:
                    return

    def rotate(self) -> None:
        """Compress what is there as `NAME.1.gz`, older ones one further, and begin anew."""
        with self._lock:
            if not self.path.stat().st_size:
                return
            os.close(self._fd)
            for number in range(_KEPT, 0, -1):
                older = self._numbered(number)
                if older.exists():
                    older.replace(self._numbered(number + 1))
            self._numbered(_KEPT + 1).unlink(missing_ok=True)
            with gzip.open(self._numbered(1), "wb") as packed:
                packed.write(self.path.read_bytes())
            self.path.unlink()
            self._fd = self._open()

    def close(self) -> None:
        """Close the file. Calling it twice is harmless."""
        with self._lock:
            if self._fd >= 0:
                os.close(self._fd)
                self._fd = -1

    def _numbered(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}.gz")

    def _open(self) -> int:
        return os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
