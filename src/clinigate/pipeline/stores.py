"""Copies of bundles in other places: a path of this machine, or any URL that fsspec knows.

An object store is told until when a copy is to be kept. Where it can lock objects (S3) the lock is
asked for; elsewhere a small file beside the copy says so.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from clinigate.core.canonical import canonical_bytes
from clinigate.errors import EvidenceError, MissingExtraError, UsageError
from clinigate.evidence.times import timestamp

__all__ = ["Keep", "copy_digest", "copy_out", "fetch", "is_url", "lies_within",
           "public_place"]  # fmt: skip

_CHUNK = 1 << 20
_URL = re.compile(r"[a-z][a-z0-9+.-]*://")
#: Written beside a copy, where nothing locks it.
_NOTE = ".retention.json"


@dataclass(frozen=True, slots=True)
class Keep:
    """Until when a copy is to be kept, and how hard.

    Attributes:
        until: None where nothing says so.
        why: a sentence.
        mode: `GOVERNANCE` or `COMPLIANCE`, the modes of S3's object lock.
    """

    until: datetime | None
    why: str
    mode: str = "GOVERNANCE"


def is_url(place: str) -> bool:
    """Tell whether a place is a URL rather than a path."""
    return _URL.match(place) is not None


def public_place(place: str) -> str:
    """Return a place as a log may name it: a URL without what lets one in, a path from the root."""
    if not is_url(place):
        return str(Path(place).resolve())
    parts = urlsplit(place)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "", ""))


def lies_within(place: str, folder: Path) -> bool:
    """Tell whether a place of this machine, a path or a `file:` URL, lies below a folder."""
    if is_url(place):
        parts = urlsplit(place)
        if parts.scheme not in ("file", "local"):
            return False
        place = unquote(parts.netloc + parts.path)
    return Path(place).resolve().is_relative_to(folder.resolve())


def copy_out(local: Path, url: str, keep: Keep, *, force: bool = False) -> None:
    """Copy a file to a URL.

    Raises:
        UsageError: something stands there already, or the URL is of no kind that is installed.
        MissingExtraError: fsspec is not installed.
        EvidenceError: the store refuses.
    """
    with _filesystem(url) as (fs, path):
        if not force and fs.exists(path):
            raise UsageError(
                f"{public_place(url)}: exists already; give another name, or --force to overwrite"
            )
        fs.makedirs(fs._parent(path), exist_ok=True)
        fs.put_file(str(local), path, **_hints(fs.protocol, keep))
        if keep.until is not None:
            fs.pipe_file(f"{path}{_NOTE}", canonical_bytes(_note(keep)))


def fetch(url: str, local: Path, *, at_most: int) -> None:
    """Copy what stands at a URL, of so many bytes at most, into a file; raises as `copy_out`."""
    with _filesystem(url) as (fs, path):
        size = fs.size(path)
        if size is not None and size > at_most:
            raise UsageError(f"{public_place(url)}: {size} bytes, at most {at_most} are taken in")
        fs.get_file(path, str(local))


def copy_digest(place: str) -> str | None:
    """Return the SHA-256 of a copy, None where there is none any more; raises as `copy_out`."""
    if not is_url(place):
        try:
            with Path(place).open("rb") as stream:
                return hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError:
            return None
    with _filesystem(place) as (fs, path):
        if not fs.exists(path):
            return None
        found = hashlib.sha256()
        with fs.open(path, "rb") as stream:
            while chunk := stream.read(_CHUNK):
                found.update(chunk)
        return found.hexdigest()


@contextmanager
def _filesystem(url: str) -> Iterator[tuple[Any, str]]:
    """The store behind a URL, and the path in it; what it raises becomes one sentence."""
    try:
        import fsspec
    except ImportError:
        raise MissingExtraError(f"{public_place(url)}: object storage", "store") from None
    scheme = url.partition("://")[0]
    try:
        fs, path = fsspec.core.url_to_fs(url)
    except (ImportError, ValueError) as error:
        raise UsageError(
            f"{public_place(url)}: fsspec cannot open {scheme}:// here; {error}"
        ) from error
    try:
        yield fs, path
    except UsageError:
        raise
    except Exception as error:  # a store is a plugin, and each has errors of its own
        raise EvidenceError(
            f"{public_place(url)}: the store refuses: {type(error).__name__}"
            f"{f': {error.strerror}' if isinstance(error, OSError) and error.strerror else ''}"
        ) from error


def _hints(protocol: str | tuple[str, ...], keep: Keep) -> Mapping[str, Any]:
    """What a store is told with the copy, as its own interface names it."""
    names = {protocol} if isinstance(protocol, str) else set(protocol)
    if keep.until is None:
        return {}
    if names & {"s3", "s3a"}:
        return {"ObjectLockMode": keep.mode, "ObjectLockRetainUntilDate": keep.until}
    if names & {"gs", "gcs"}:
        return {"metadata": {"clinigate-retain-until": timestamp(keep.until)}}
    return {}


def _note(keep: Keep) -> dict[str, str | None]:
    until = None if keep.until is None else timestamp(keep.until)
    return {"retainUntil": until, "why": keep.why, "mode": keep.mode}
