"""Which files are searched, and what is in them."""

from __future__ import annotations

import codecs
import os
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from clinigate.errors import UsageError
from clinigate.findings.globs import matches
from clinigate.findings.tree import NEVER_OURS, relative_uri, walk

__all__ = ["Content", "Unreadable", "files_of", "read_file"]

_GIT_TIMEOUT_S = 60
_OWN = ".clinigate"
_HEAD = 8192
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, slots=True)
class Content:
    """A file's bytes, and its text where it has one.

    Attributes:
        data: all of it.
        text: decoded; None where it is no text.
        why_no_text: why, where it is none.
    """

    data: bytes
    text: str | None
    why_no_text: str = ""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file that could not be read, and why."""

    reason: str


def files_of(base: Path, paths: Sequence[str], exclude: Sequence[str] = ()) -> list[Path]:
    """Return the files at and below `paths`, each once, by name.

    Of a folder in a git work tree these are the files that git does not ignore, tracked or not. A
    folder that git ignores, or of which it ignores everything, was named on purpose: all of it is
    searched, as without git. Links are not followed: what they lead to is searched where it is. One
    that leads out of all `paths` is returned itself, and `read_file` says so.

    Args:
        base: what relative paths and patterns are read against.
        paths: files and folders.
        exclude: patterns of paths that are left out.

    Raises:
        UsageError: a path that does not exist.
    """
    found: set[Path] = set()
    tops = [(base / given).resolve() for given in paths]
    for given in paths:
        top = base / given
        if not top.exists():
            raise UsageError(f"{given}: no such file or folder to scan")
        listed = _git_files(top) if top.is_dir() else None
        files = listed or [*walk(base, [given], exclude=exclude), *_links_below(top)]
        found.update(
            each
            for each in files
            if not _excluded(relative_uri(each, base), exclude)
            and (each == top or not each.is_symlink() or _leads_out(each, tops))
        )
    return sorted(found, key=lambda path: relative_uri(path, base))


def read_file(path: Path, *, max_bytes: int) -> Content | Unreadable:
    """Read a file and decode it: UTF-8, or what its byte order mark says."""
    try:
        if path.is_dir() and path.is_symlink():
            return Unreadable("a link out of what is scanned; scan what it leads to")
        if path.is_dir():
            return Unreadable("a repository of its own; scan it by its path")
        size = path.stat().st_size
        if size > max_bytes:
            return Unreadable(f"larger than {max_bytes // 2**20} MB ([phi] max_file_mb)")
        data = path.read_bytes()
    except OSError as problem:
        return Unreadable(f"cannot be read ({problem.strerror})")
    encoding = next((name for bom, name in _BOMS if data.startswith(bom)), None)
    if encoding is None and b"\0" in data[:_HEAD]:
        return Content(data, None, "binary")
    try:
        return Content(data, data.decode(encoding or "utf-8"))
    except UnicodeDecodeError:
        return Content(data, None, "not UTF-8 text")


def _excluded(uri: str, exclude: Sequence[str]) -> bool:
    return _OWN in uri.split("/") or any(matches(pattern, uri) for pattern in exclude)


def _git_files(folder: Path) -> list[Path] | None:
    """What git would list below a folder; None where there is no git or no work tree."""
    command = ["git", "-C", str(folder), "ls-files", "-z", "-co", "--exclude-standard"]
    # Another repository's variables, as hooks set them, must not answer for this one.
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(  # noqa: S603 - a fixed command; the path is no option
            command, env=environ, capture_output=True, timeout=_GIT_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    if done.returncode != 0:
        return None
    names = {os.fsdecode(name) for name in done.stdout.split(b"\0") if name}
    return list(_present(folder, names))


def _present(folder: Path, names: set[str]) -> Iterator[Path]:
    """Files, links and submodules; what was deleted since is none."""
    for name in names:
        path = folder / name
        if path.is_file() or path.is_dir():
            yield path


def _links_below(top: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(top):
        here = Path(folder)
        folders[:] = [
            name
            for name in folders
            if name not in NEVER_OURS and not (here / name / "pyvenv.cfg").exists()
        ]
        yield from (each for name in (*folders, *files) if (each := here / name).is_symlink())


def _leads_out(link: Path, tops: Sequence[Path]) -> bool:
    """Whether a link leads to something that no path covers; a broken one leads nowhere."""
    target = link.resolve()
    return target.exists() and not any(target.is_relative_to(top) for top in tops)
