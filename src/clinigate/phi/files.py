"""Which files are searched."""

from __future__ import annotations

import codecs
import os
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from clinigate.errors import UsageError
from clinigate.findings.globs import matches
from clinigate.findings.tree import NEVER_OURS, relative_uri, walk

__all__ = ["changed_since", "files_of", "text_of_file"]

_GIT_TIMEOUT_S = 60
_OWN = ".clinigate"
#: A longer file is none in which people write comments.
_COMMENTED = 16 * 2**20
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def files_of(base: Path, paths: Sequence[str], exclude: Sequence[str] = ()) -> list[Path]:
    """Return the files at and below `paths`, each once, by name.

    Of a folder in a git work tree these are the files that git does not ignore, tracked or not. A
    folder that git ignores, or of which it ignores everything, was named on purpose: all of it is
    searched, as without git. Links are not followed: what they lead to is searched where it is. One
    that leads out of all `paths` is returned itself, and `open_path` says so.

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


def changed_since(base: Path, paths: Sequence[str], revision: str) -> frozenset[Path]:
    """Return the files that differ from a revision of git, or that git does not know yet.

    Args:
        base: what relative paths are read against.
        paths: files and folders, each in a git work tree.
        revision: a commit, branch or tag.

    Raises:
        UsageError: a path is in no git work tree, or it has no such revision.
    """
    changed: set[Path] = set()
    for given in paths:
        top = base / given
        folder = top if top.is_dir() else top.parent
        root = _git(folder, "rev-parse", "--show-toplevel")
        if root is None:
            raise UsageError(f"--since: {given} is in no git work tree")
        known = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options",
                     f"{revision}^{{commit}}")  # fmt: skip
        if known is None:
            raise UsageError(f"--since {revision}: git knows no such commit")
        commit = os.fsdecode(known.strip())
        names = _git(folder, "diff", "--name-only", "--no-renames", "-z", commit, "--")
        new = _git(folder, "ls-files", "-z", "-o", "--exclude-standard", "--full-name")
        if names is None or new is None:
            raise UsageError(f"--since {revision}: git could not compare {given} with it")
        work_tree = Path(os.fsdecode(root.removesuffix(b"\n")))
        both = (names + new).split(b"\0")
        changed.update((work_tree / os.fsdecode(name)).resolve() for name in both if name)
    return frozenset(changed)


def text_of_file(path: Path) -> str:
    """Return a file's text, as far as comments are looked for in it; "" where it has none."""
    try:
        with path.open("rb") as file:
            data = file.read(_COMMENTED + 1)
    except OSError:
        return ""
    encoding = next((name for bom, name in _BOMS if data.startswith(bom)), "utf-8")
    return "" if len(data) > _COMMENTED else data.decode(encoding, "replace")


def _excluded(uri: str, exclude: Sequence[str]) -> bool:
    return _OWN in uri.split("/") or any(matches(pattern, uri) for pattern in exclude)


def _git_files(folder: Path) -> list[Path] | None:
    """What git would list below a folder; None where there is no git or no work tree."""
    listed = _git(folder, "ls-files", "-z", "-co", "--exclude-standard")
    if listed is None:
        return None
    names = {os.fsdecode(name) for name in listed.split(b"\0") if name}
    return list(_present(folder, names))


def _git(folder: Path, *arguments: str) -> bytes | None:
    """Return what git says; None where it is not installed or refuses."""
    # Another repository's variables, as hooks set them, must not answer for this one.
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(  # noqa: S603 - a fixed command; what was given is no option
            ["git", "-C", str(folder), *arguments],  # noqa: S607
            env=environ, capture_output=True, timeout=_GIT_TIMEOUT_S, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


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
    try:
        target = link.resolve()
    except (OSError, RuntimeError):  # to itself
        return False
    return target.exists() and not any(target.is_relative_to(top) for top in tops)
