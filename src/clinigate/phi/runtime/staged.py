"""What is staged for a commit, as files: the content of the index, not of the working tree."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from clinigate.errors import UsageError
from clinigate.phi.scanning import PhiScan, ScanOptions, scan

__all__ = ["Staged", "scan_staged", "staged"]

_FILES = ("100644", "100755")


@dataclass(frozen=True, slots=True)
class Staged:
    """Staged files, written out.

    Attributes:
        top: the top of the work tree.
        copy: the folder that holds the files as they would lie below `top`.
        names: paths from `top`.
    """

    top: Path
    copy: Path
    names: tuple[str, ...]


def scan_staged(options: ScanOptions) -> PhiScan:
    """Scan what is staged in the repository in which `options.base` lies.

    Raises:
        UsageError: there is no repository, or git refuses.
    """
    with staged(options.base) as files:
        inside = options.base.resolve().relative_to(files.top)
        canaries = options.canary_file
        if canaries is not None and canaries.resolve().is_relative_to(files.top):
            canaries = files.copy / canaries.resolve().relative_to(files.top)
        return scan(
            replace(
                options,
                base=files.copy / inside,
                paths=tuple(str(files.copy / name) for name in files.names),
                canary_file=canaries,
            )
        )


@contextmanager
def staged(folder: Path) -> Iterator[Staged]:
    """Write out what is staged, and remove it again at the end.

    The variables that git sets for its hooks hold: of `git commit FILE` it is that file alone.
    Filters are not run: what is searched is what is committed. Links and submodules hold nothing.

    Raises:
        UsageError: there is no repository, or git refuses.
    """
    top = Path(_git(folder, "rev-parse", "--show-toplevel").decode().rstrip("\n"))
    blobs = _blobs(_git(top, "diff", "--cached", "--raw", "-z", "--no-renames", "--no-abbrev"))
    with tempfile.TemporaryDirectory(prefix="clinigate-staged-") as made:
        copy = Path(made).resolve()
        (copy / folder.resolve().relative_to(top)).mkdir(parents=True, exist_ok=True)
        _write_out(top, copy, blobs)
        yield Staged(top, copy, tuple(name for _, name in blobs))


def _blobs(raw: bytes) -> list[tuple[str, str]]:
    """Objects and names of `git diff --raw -z`: `:modes objects status`, then the path."""
    fields = raw.split(b"\0")
    found = []
    for about, name in zip(fields[::2], fields[1::2], strict=False):
        _, mode, _, blob, _ = about.decode("ascii").split(" ")
        if mode in _FILES:
            found.append((blob, name.decode("utf-8", "surrogateescape")))
    return found


def _write_out(top: Path, copy: Path, blobs: Sequence[tuple[str, str]]) -> None:
    if not blobs:
        return
    asked = "".join(f"{blob}\n" for blob, _ in blobs).encode("ascii")
    with tempfile.TemporaryFile() as questions:
        questions.write(asked)
        questions.seek(0)
        process = subprocess.Popen(
            ["git", "cat-file", "--batch"],  # noqa: S607 - the user's git
            cwd=top, stdin=questions, stdout=subprocess.PIPE,
        )  # fmt: skip
        assert process.stdout is not None
        with process:
            for _, name in blobs:
                _copy_blob(process.stdout, copy / name)


def _copy_blob(source: IO[bytes], path: Path) -> None:
    """Copy one answer of `cat-file`: `object blob size`, the bytes, and the end of a line."""
    head = source.readline().split()
    if len(head) != 3:
        raise UsageError("git cannot show what is staged; look at `git fsck`")
    path.parent.mkdir(parents=True, exist_ok=True)
    left = int(head[2])
    with path.open("wb") as out:
        while left:
            piece = source.read(min(left, 2**20))
            if not piece:
                raise UsageError("git ended while it showed what is staged")
            out.write(piece)
            left -= len(piece)
    source.read(1)


def _git(folder: Path, *words: str) -> bytes:
    if shutil.which("git") is None:
        raise UsageError("git is not installed; it knows what is staged")
    done = subprocess.run(  # noqa: S603 - fixed words
        ["git", *words],  # noqa: S607 - the user's git
        cwd=folder, capture_output=True, check=False,
    )  # fmt: skip
    if done.returncode:
        why = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise UsageError(f"git {words[0]} refuses: {why[0] if why else 'without a word'}")
    return done.stdout
