"""What git knows of changes since a revision: names alone, never contents of anybody's work."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from clinigate.errors import UsageError

__all__ = ["Difference", "at_revision", "difference"]

_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class Difference:
    """The working tree against a revision; names are relative to the folder that was asked about.

    Attributes:
        commit: the revision's commit, in full.
        changed: tracked files that are other ones, gone or added, and new files.
        known: files of the working tree that git knows or would add; of others it knows nothing,
            nor of those that it was told not to look at (`update-index --assume-unchanged`).
    """

    commit: str
    changed: frozenset[str]
    known: frozenset[str]


def difference(folder: Path, revision: str) -> Difference:
    """Compare the working tree below `folder` with a revision.

    Raises:
        UsageError: no repository, no git, or no such revision.
    """
    if revision.startswith("-"):
        raise UsageError(f"--since {revision}: is no revision; give a commit, a tag or a branch")
    commit = _ask(folder, revision, "rev-parse", "--verify", "--end-of-options",
                  f"{revision}^{{commit}}").strip()  # fmt: skip
    listing = ("--name-only", "-z", "--no-renames", "--no-ext-diff", "--relative",
               "--ignore-submodules=none")  # fmt: skip
    changed = _names(_ask(folder, revision, "diff", *listing, commit, "--"))
    new = _names(_ask(folder, revision, "ls-files", "-z", "--others", "--exclude-standard"))
    # `H name`; a small letter is one that git assumes to be unchanged, S one that it skips.
    tagged = _names(_ask(folder, revision, "ls-files", "-z", "-v"))
    looked_at = (each for each in tagged if each[0].isupper() and each[0] != "S")
    tracked = frozenset(each[2:] for each in looked_at)
    return Difference(commit, changed | new, tracked | new)


def at_revision(folder: Path, commit: str, name: str) -> bytes | None:
    """Return a file, named relative to `folder`, as it was at a commit; None where it was not."""
    try:
        return _run(folder, "show", f"{commit}:./{name}")
    except (OSError, subprocess.SubprocessError):
        return None


def _names(answer: str) -> frozenset[str]:
    return frozenset(name for name in answer.split("\0") if name)


def _ask(folder: Path, revision: str, *arguments: str) -> str:
    try:
        return _run(folder, *arguments).decode("utf-8", "surrogateescape")
    except FileNotFoundError:
        raise UsageError(f"--since {revision}: git is not installed, or not on PATH") from None
    except subprocess.TimeoutExpired:
        raise UsageError(
            f"--since {revision}: git gave no answer in {_TIMEOUT_S:g} s; compare with a run's "
            "bundle instead"
        ) from None
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode("utf-8", "replace").strip().splitlines()
        why = said[-1].removeprefix("fatal: ") if said else "git refused"
        raise UsageError(
            f"--since {revision}: {why}; give a revision of the repository around {folder}"
        ) from None


def _run(folder: Path, *arguments: str) -> bytes:
    return subprocess.run(  # noqa: S603 - our own arguments, no shell
        ["git", "-C", str(folder), *arguments],  # noqa: S607 - the caller's own git, as on PATH
        capture_output=True,
        timeout=_TIMEOUT_S,
        check=True,
    ).stdout
