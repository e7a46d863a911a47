"""Reading the files of a bundle, from a directory or a zip, without trusting their names.

Nothing is ever unpacked: a zip's members are read where they are. Refused are names that lead
elsewhere, that exist twice or differ only by case or Unicode form, links, devices, amounts that no
run produces, and bytes of a zip that belong to none of its members (see `zip_layout`).
"""

from __future__ import annotations

import hashlib
import io
import os
import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from clinigate.errors import EvidenceError, IntegrityError
from clinigate.evidence.files import naming
from clinigate.evidence.zip_layout import check_layout

__all__ = [
    "ALL_MAY_SHRINK",
    "MAY_SHRINK",
    "DirectorySource",
    "Limits",
    "Source",
    "ZipSource",
    "check_names",
    "open_source",
]

_CHUNK = 1 << 20
#: Up to this size a file of a bundle may shrink as it likes.
MAY_SHRINK = 1 << 20
#: And up to this size all of them together: many small ones make a bomb too.
ALL_MAY_SHRINK = 128 << 20
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError)
_PLAIN_KINDS = (0, stat.S_IFREG, stat.S_IFDIR)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a bundle may hold before it is called a bomb.

    Attributes:
        files: how many. file_bytes: in one of them. total_bytes: in all of them.
        ratio: how many bytes may come out of one byte of a zip, in members above `MAY_SHRINK`, and
            in all of them together above `ALL_MAY_SHRINK`.
    """

    files: int = 200_000
    file_bytes: int = 1 << 30
    total_bytes: int = 8 << 30
    ratio: int = 200


class Source(Protocol):
    """The files of a bundle."""

    @property
    def names(self) -> tuple[str, ...]:
        """All files, as paths with `/`, sorted."""

    def read(self, name: str) -> bytes:
        """Return a file's content."""

    def digest(self, name: str) -> str:
        """Return a file's SHA-256 in lower-case hexadecimal, without holding all of it."""

    def chunks(self, name: str) -> Iterator[bytes]:
        """Yield a file's content in pieces of at most a MiB."""

    def size(self, name: str) -> int:
        """Return how many bytes a file holds, as its directory or archive says."""


def open_source(path: Path, limits: Limits) -> Source:
    """Open a directory or a zip.

    Raises:
        EvidenceError: there is neither.
        IntegrityError: it holds what no bundle holds.
    """
    if path.is_dir():
        return DirectorySource(path, limits)
    if path.is_file():
        return ZipSource(path, limits)
    raise EvidenceError(f"{path}: no bundle here; wanted a run's directory or its zip")


class DirectorySource:
    """A bundle as it lies on disk."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self._path = path
        self._limits = limits
        with naming(path, "read"):
            self._sizes = dict(_walk(path, ""))
        check_names(self._sizes)
        _check_sizes(self._sizes, limits)

    @property
    def names(self) -> tuple[str, ...]:
        """All files, as paths with `/`, sorted."""
        return tuple(sorted(self._sizes))

    def read(self, name: str) -> bytes:
        """Return a file's content."""
        with self._open(name) as stream:
            return stream.read(self._limits.file_bytes)

    def digest(self, name: str) -> str:
        """Return a file's SHA-256."""
        with self._open(name) as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()

    def chunks(self, name: str) -> Iterator[bytes]:
        """Yield a file's content in pieces of at most a MiB."""
        with self._open(name) as stream, naming(self._path / name, "read"):
            while chunk := stream.read(_CHUNK):
                yield chunk

    def size(self, name: str) -> int:
        """Return how many bytes a file holds."""
        return _size(self._sizes, name)

    @contextmanager
    def _open(self, name: str) -> Iterator[io.BufferedReader]:
        if name not in self._sizes:
            raise IntegrityError(f"{name}: missing")
        with naming(self._path / name, "read"):
            # A link may have been put in its place since the directory was listed.
            fd = os.open(self._path / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            with os.fdopen(fd, "rb") as stream:
                yield stream


class ZipSource:
    """A bundle in one file."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self._path = path
        with naming(path, "read"), _zip_errors(path.name):
            self._zip = zipfile.ZipFile(path)
        infos = self._zip.infolist()
        if len(infos) > limits.files:
            raise IntegrityError(f"{path.name}: {len(infos)} members, at most {limits.files}")
        for info in infos:
            _check_member(info, limits)
        with naming(path, "read"), _zip_errors(path.name):
            check_layout(path, self._zip)
        check_names(info.filename.rstrip("/") for info in infos)
        files = {info.filename: info.file_size for info in infos if not info.is_dir()}
        _check_sizes(files, limits)
        _check_ratio(path, sum(files.values()), limits)
        self._sizes = files

    @property
    def names(self) -> tuple[str, ...]:
        """All files, as paths with `/`, sorted."""
        return tuple(sorted(self._sizes))

    def read(self, name: str) -> bytes:
        """Return a file's content."""
        return b"".join(self.chunks(name))

    def digest(self, name: str) -> str:
        """Return a file's SHA-256."""
        found = hashlib.sha256()
        for chunk in self.chunks(name):
            found.update(chunk)
        return found.hexdigest()

    def size(self, name: str) -> int:
        """Return how many bytes a file holds, as the archive says; reading yields no more."""
        return _size(self._sizes, name)

    def chunks(self, name: str) -> Iterator[bytes]:
        """Yield a file's content in pieces of at most a MiB."""
        if name not in self._sizes:
            raise IntegrityError(f"{name}: missing")
        # An offset that leads before the file's beginning is an `OSError` of the seek.
        with _zip_errors(name, OSError), self._zip.open(name) as stream:
            while chunk := stream.read(_CHUNK):
                yield chunk


def _size(sizes: dict[str, int], name: str) -> int:
    if name not in sizes:
        raise IntegrityError(f"{name}: missing")
    return sizes[name]


def check_names(names: Iterable[str]) -> None:
    """Refuse names that are not plain relative paths, or that could stand for one another.

    Raises:
        IntegrityError: naming the first such name.
    """
    seen: dict[str, str] = {}
    for name in names:
        parts = name.split("/")
        if not name or any(part in ("", ".", "..") for part in parts):
            raise IntegrityError(f"{name!r}: a name that leads out of the bundle, or nowhere")
        if any(unicodedata.category(c) in ("Cc", "Cf") or c in "\\:" for c in name):
            raise IntegrityError(f"{name!r}: a name with characters that no bundle uses")
        if any(part[-1] in ". " for part in parts):
            raise IntegrityError(f"{name!r}: ends as no file can on some systems")
        same = unicodedata.normalize("NFKC", name).casefold()
        if same in seen:
            raise IntegrityError(f"{name!r}: cannot be told apart from {seen[same]!r}")
        seen[same] = name


def _walk(folder: Path, prefix: str) -> Iterator[tuple[str, int]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            name = prefix + entry.name
            info = entry.stat(follow_symlinks=False)
            if stat.S_ISDIR(info.st_mode):
                yield from _walk(folder / entry.name, f"{name}/")
            elif stat.S_ISREG(info.st_mode):
                yield name, info.st_size
            else:
                raise IntegrityError(f"{name!r}: a link or device, where only files belong")


def _check_member(info: zipfile.ZipInfo, limits: Limits) -> None:
    # `orig_filename` is what the archive says; zipfile rewrites it and cuts it at a NUL.
    name = info.orig_filename
    if name != info.filename:
        raise IntegrityError(f"{name!r}: a name with characters that no bundle uses")
    if stat.S_IFMT(info.external_attr >> 16) not in _PLAIN_KINDS:
        raise IntegrityError(f"{name!r}: a link or device, where only files belong")
    if info.flag_bits & 1:
        raise IntegrityError(f"{name!r}: is encrypted; a bundle is not")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise IntegrityError(f"{name!r}: compressed in a way that no bundle uses")
    if info.file_size > max(MAY_SHRINK, limits.ratio * info.compress_size):
        raise IntegrityError(
            f"{name!r}: {info.file_size} bytes would come out of {info.compress_size}; no file of "
            f"a bundle shrinks more than {limits.ratio} times"
        )


def _check_ratio(path: Path, total: int, limits: Limits) -> None:
    with naming(path, "read"):
        packed = path.stat().st_size
    if total > max(ALL_MAY_SHRINK, limits.ratio * packed):
        raise IntegrityError(
            f"{path.name}: {total} bytes would come out of {packed}; no bundle shrinks more than "
            f"{limits.ratio} times"
        )


def _check_sizes(sizes: dict[str, int], limits: Limits) -> None:
    if len(sizes) > limits.files:
        raise IntegrityError(f"holds {len(sizes)} files, at most {limits.files}")
    for name, size in sizes.items():
        if size > limits.file_bytes:
            raise IntegrityError(f"{name!r}: {size} bytes, at most {limits.file_bytes}")
    if sum(sizes.values()) > limits.total_bytes:
        raise IntegrityError(f"holds {sum(sizes.values())} bytes, at most {limits.total_bytes}")


@contextmanager
def _zip_errors(name: str, *also: type[Exception]) -> Iterator[None]:
    damage: tuple[type[Exception], ...] = (*_DAMAGE, *also)
    try:
        yield
    except damage as error:
        raise IntegrityError(f"{name}: not a sound zip: {error}") from error
