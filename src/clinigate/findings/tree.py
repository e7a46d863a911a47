"""The files of a project: what a scan of a folder looks at, in the same order each time."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from clinigate.errors import UsageError
from clinigate.findings.globs import matches

__all__ = ["NEVER_OURS", "relative_uri", "walk"]

#: Folders that hold nobody's source: version control, caches, what was installed, own evidence.
NEVER_OURS = (
    ".bzr",
    ".clinigate",
    ".eggs",
    ".git",
    ".hg",
    ".hypothesis",
    ".mypy_cache",
    ".nox",
    ".pytest_cache",
    ".ruff_cache",
    ".svn",
    ".terraform",
    ".tox",
    "__pycache__",
    "node_modules",
)


def walk(
    base: Path, paths: Iterable[Path | str] = (".",), *, exclude: Sequence[str] = ()
) -> Iterator[Path]:
    """Yield the files at and below `paths`, each once, by name.

    Links are not followed: what they point at is looked at where it is, or is not of this project.
    Virtual environments and the folders of `NEVER_OURS` are left out, unless a path names them.

    Args:
        base: what relative paths and patterns are read against.
        paths: files and folders.
        exclude: patterns (`clinigate.findings.globs`) of paths relative to `base`.

    Raises:
        UsageError: a path that does not exist; nothing is never a clean scan.
    """
    seen: set[Path] = set()
    for given in paths:
        top = base / given
        if not top.exists():
            raise UsageError(f"{given}: no such file or folder to scan")
        for path in [top] if top.is_file() else _below(top, base, exclude):
            if path not in seen and not _is_excluded(path, base, exclude):
                seen.add(path)
                yield path


def relative_uri(path: Path, base: Path) -> str:
    """Return how a finding names a file: relative to `base` with `/`, absolute if it lies outside.

    Links in the path are left as they are.
    """
    whole = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links
    against = Path(os.path.abspath(base))  # noqa: PTH100 - as above
    return (whole.relative_to(against) if whole.is_relative_to(against) else whole).as_posix()


def _below(top: Path, base: Path, exclude: Sequence[str]) -> Iterator[Path]:
    for folder, folders, files in os.walk(top):
        here = Path(folder)
        folders[:] = sorted(
            name
            for name in folders
            if name not in NEVER_OURS
            and not (here / name).is_symlink()
            and not (here / name / "pyvenv.cfg").exists()
            and not _is_excluded(here / name, base, exclude)
        )
        for name in sorted(files):
            path = here / name
            if path.is_file() and not path.is_symlink():
                yield path


def _is_excluded(path: Path, base: Path, exclude: Sequence[str]) -> bool:
    if not exclude:
        return False
    uri = relative_uri(path, base)
    return any(matches(pattern, uri) for pattern in exclude)
