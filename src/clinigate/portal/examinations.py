"""Verify bundles as they lie there, and remember how they came out while no file has changed.

What is remembered is bound to a fingerprint of the bundle's files (name, size, times, inode). Time
of change is the kernel's and is set by every write, so that a list need not read gigabytes again;
a run's own page verifies again whatever is remembered.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clinigate.errors import ClinigateError, IncompleteRunError
from clinigate.evidence.report import VerificationReport
from clinigate.evidence.trust import TrustStore
from clinigate.pipeline.examine import Examined, examine

__all__ = ["Examination", "Examinations", "Keys", "look"]

_Fingerprint = tuple[tuple[str, int, int, int, int], ...]


@dataclass(frozen=True, slots=True)
class Keys:
    """Whose word counts.

    Attributes:
        trust: the keys that may sign; None where nobody named any.
        stamp_roots: certificates of the time-stamping authorities that count.
    """

    trust: TrustStore | None
    stamp_roots: Path | None = None


@dataclass(frozen=True, slots=True)
class Examination:
    """How a bundle was found.

    Attributes:
        report: the verification; None where the bundle cannot even be read.
        predicate: what the statement says; empty where there is none.
        statement: `sha256:…` of the statement.
        trouble: why it cannot be read. sealed: False of a run that was never sealed.
    """

    report: VerificationReport | None
    predicate: Mapping[str, Any]
    statement: str = ""
    trouble: str = ""
    sealed: bool = True


def look(path: Path, keys: Keys) -> tuple[Examined | None, Examination]:
    """Verify a bundle now; whatever is wrong with it is told, and nothing is raised."""
    try:
        examined = examine(path, trust=keys.trust, stamp_roots=keys.stamp_roots)
    except IncompleteRunError as error:
        return None, Examination(None, {}, trouble=str(error), sealed=False)
    except (ClinigateError, OSError) as error:
        return None, Examination(None, {}, trouble=_told(error))
    bundle = examined.bundle
    found = Examination(examined.report, bundle.statement.predicate, bundle.statement_digest)
    return examined, found


class Examinations:
    """What is known of the bundles of one evidence root; several threads may ask."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[object, Examination]] = {}
        self._asked: set[Path] = set()
        self._lock = threading.Lock()
        self._worker: ThreadPoolExecutor | None = None

    def of(self, path: Path, keys: Keys) -> Examination:
        """Return how a bundle is, from memory where none of its files has changed."""
        key = _key(path, keys)
        with self._lock:
            known = self._known.get(path)
        if known is not None and known[0] == key:
            return known[1]
        _, found = look(path, keys)
        self.remember(path, key, found)
        return found

    def at_hand(self, path: Path, keys: Keys) -> Examination | None:
        """Return how a bundle is if that is known; else have it verified behind, and return None.

        A page of many runs waits for none of them.
        """
        key = _key(path, keys)
        with self._lock:
            known = self._known.get(path)
            if known is not None and known[0] == key:
                return known[1]
            if path not in self._asked:
                self._asked.add(path)
                self._threads().submit(self._behind, path, keys)
        return None

    def remember(self, path: Path, key: object, found: Examination) -> None:
        """Keep an outcome for as long as the bundle stays as it was when the key was taken."""
        with self._lock:
            self._known[path] = (key, found)
            self._asked.discard(path)

    def fetch(self, paths: Iterable[Path], keys: Keys) -> None:
        """Verify bundles behind, in the given order."""
        for path in paths:
            self.at_hand(path, keys)

    def settle(self) -> None:
        """Return when nothing is being verified behind any more."""
        with self._lock:
            worker, self._worker = self._worker, None
        if worker is not None:
            worker.shutdown(wait=True)

    def close(self) -> None:
        """Give up what has not begun."""
        with self._lock:
            worker, self._worker = self._worker, None
        if worker is not None:
            worker.shutdown(wait=False, cancel_futures=True)

    def _threads(self) -> ThreadPoolExecutor:
        if self._worker is None:
            self._worker = ThreadPoolExecutor(1, thread_name_prefix="portal-verify")
        return self._worker

    def _behind(self, path: Path, keys: Keys) -> None:
        try:
            self.of(path, keys)
        finally:
            with self._lock:
                self._asked.discard(path)


def _key(path: Path, keys: Keys) -> object:
    try:
        files: _Fingerprint | str = tuple(sorted(_files(path, "")))
    except OSError as error:
        files = _told(error)
    return files, keys


def _files(folder: Path, prefix: str) -> Iterator[tuple[str, int, int, int, int]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            info = entry.stat(follow_symlinks=False)
            yield prefix + entry.name, info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino
            if entry.is_dir(follow_symlinks=False):
                yield from _files(folder / entry.name, f"{prefix}{entry.name}/")


def _told(error: ClinigateError | OSError) -> str:
    if isinstance(error, OSError):
        return f"cannot be read: {error.strerror}"
    return str(error)
