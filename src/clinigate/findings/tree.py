"""The files of a project: what a scan of a folder looks at, in the same order each time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from clinigate.errors import UsageError
from clinigate.findings.globs import matches
from clinigate.findings.model import Excluded

__all__ = ["NEVER_OURS", "Missed", "relative_uri", "shown_name", "unseen", "walk"]

#: Told of a place that could not be looked at, and why.
Missed = Callable[[Path, str], None]

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


def _refused(path: Path, reason: str) -> None:
    raise UsageError(f"{path.name}: {reason}; exclude it, or let it be read")


def walk(
    base: Path,
    paths: Iterable[Path | str] = (".",),
    *,
    exclude: Sequence[str] = (),
    missed: Missed = _refused,
) -> Iterator[Path]:
    """Yield the files at and below `paths`, each once, by name.

    Links are not followed: what they point at is looked at where it is, or is not of this project
    (`unseen` names it). Virtual environments and the folders of `NEVER_OURS` are left out, unless a
    path names them.

    Args:
        base: what relative paths and patterns are read against.
        paths: files and folders.
        exclude: patterns (`clinigate.findings.globs`) of paths relative to `base`.
        missed: told of what cannot be read.

    Raises:
        UsageError: a path that does not exist, or (without `missed`) a folder that cannot be read;
            nothing is never a clean scan.
    """
    seen: set[Path] = set()
    for given in paths:
        top = base / given
        if not _is_there(top):
            raise UsageError(f"{given}: no such file or folder to scan")
        for path in [top] if top.is_file() else _below(top, base, exclude, missed):
            if path not in seen and not _is_excluded(path, base, exclude):
                seen.add(path)
                yield path


def unseen(
    base: Path,
    paths: Iterable[Path | str] = (".",),
    *,
    exclude: Sequence[str] = (),
    wanted: Callable[[Path], bool] = lambda _path: True,
) -> Iterator[Excluded]:
    """Yield what a scan of the same arguments does not see, by name.

    That is a folder that cannot be read, and a link that leads to something outside of the scan.

    Args:
        base: as in `walk`.
        paths: as in `walk`.
        exclude: as in `walk`.
        wanted: whether a file of this name would be looked at; what is asked of links to files.
    """
    given = list(paths)
    told: dict[Path, str] = {}
    for _ in walk(base, given, exclude=exclude, missed=told.__setitem__):
        pass
    tops = [(base / path).resolve() for path in given]
    for path in (link for top in given for link in _links(base / top, base, exclude)):
        if _leads_out(path, tops) and (path.is_dir() or wanted(path)):
            told.setdefault(path, "a link to what is not scanned; exclude it, or scan that too")
    for path in sorted(told):
        yield Excluded(shown_name(relative_uri(path, base)), told[path])


def relative_uri(path: Path, base: Path) -> str:
    """Return how a finding names a file: relative to `base` with `/`, absolute if it lies outside.

    Links in the path are left as they are.
    """
    whole = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links
    against = Path(os.path.abspath(base))  # noqa: PTH100 - as above
    return (whole.relative_to(against) if whole.is_relative_to(against) else whole).as_posix()


def _below(top: Path, base: Path, exclude: Sequence[str], missed: Missed) -> Iterator[Path]:
    for here, _, files in _folders(top, base, exclude, missed):
        for name in files:
            path = here / name
            try:
                if path.is_file() and not _is_link(path):
                    yield path
            except OSError as error:
                missed(path, f"cannot be read ({error.strerror})")


def _links(top: Path, base: Path, exclude: Sequence[str]) -> Iterator[Path]:
    """The links below a folder, to files and to folders."""
    for here, folders, files in _folders(top, base, exclude, lambda _path, _reason: None):
        for name in (*folders, *files):
            path = here / name
            ours = name not in NEVER_OURS and _is_link(path)
            if ours and not _is_excluded(path, base, exclude):
                yield path


def _folders(
    top: Path, base: Path, exclude: Sequence[str], missed: Missed
) -> Iterator[tuple[Path, list[str], list[str]]]:
    """Yield each folder that is ours with the names of the folders and files in it."""

    def unreadable(error: OSError) -> None:
        missed(Path(error.filename), f"cannot be read ({error.strerror})")

    for folder, folders, files in os.walk(top, onerror=unreadable):
        here = Path(folder)
        yield here, sorted(folders), sorted(files)
        folders[:] = sorted(
            name
            for name in folders
            if name not in NEVER_OURS
            and not _is_link(here / name)
            and not _is_environment(here / name)
            and not _is_excluded(here / name, base, exclude)
        )


def _is_environment(folder: Path) -> bool:
    """Whether it is a virtual environment: the marker alone would let anybody hide a folder."""
    programs = ("bin/python", "bin/python3", "Scripts/python.exe")
    try:
        # The interpreter may be a link to one that is gone.
        return (folder / "pyvenv.cfg").is_file() and any(
            os.path.lexists(folder / name) for name in programs
        )
    except OSError:
        return False


def _is_link(path: Path) -> bool:
    return os.path.islink(path)  # noqa: PTH114 - raises nothing


def _leads_out(link: Path, tops: Sequence[Path]) -> bool:
    """Whether a link leads to something that is there and lies in none of these."""
    try:
        target = link.resolve(strict=True)
    except (OSError, RuntimeError):
        return False  # it leads nowhere, or in circles
    inside = [target.relative_to(top).parts for top in tops if target.is_relative_to(top)]
    return not any(set(NEVER_OURS).isdisjoint(parts) for parts in inside)


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False


def shown_name(name: str) -> str:
    """Return a file's name as text, its bytes that are none as escapes."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def _is_excluded(path: Path, base: Path, exclude: Sequence[str]) -> bool:
    if not exclude:
        return False
    uri = relative_uri(path, base)
    return any(matches(pattern, uri) for pattern in exclude)
