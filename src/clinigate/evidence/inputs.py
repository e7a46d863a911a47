"""What a run's claims rest on, by digest: taken when it begins, sealed with it.

`inputs.json` is one of the sealed files::

    {"prompt": {"digest": "sha256:…", "kind": "files", "files": {"prompts/a.md": "sha256:…"}}}

The digest of a tree is that of the canonical JSON of its names and contents, so that it depends on
neither times nor owners nor the order in which a disk lists them.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from clinigate.core.canonical import canonical_bytes, sha256_hex
from clinigate.core.codec import from_plain, to_plain
from clinigate.errors import EvidenceError, IntegrityError
from clinigate.evidence.bundle import Bundle

__all__ = [
    "CONFIGURED",
    "INPUTS",
    "TREE",
    "Input",
    "files_below",
    "fits",
    "inputs_from",
    "inputs_to_plain",
    "sealed_inputs",
    "tree_input",
]

INPUTS = "inputs.json"
#: Kind of the inputs that are files below the configuration's folder.
TREE = "files"
#: Kind of the inputs that are tables of the configuration: many, and of little use to a reader.
CONFIGURED = "configuration"

#: Files that are named one by one; of a larger tree only the number is.
MOST_NAMED = 200
#: What tools leave behind, and our own evidence: no input of anything.
_LEFT_OUT = frozenset(
    {".git", ".clinigate", "__pycache__", "node_modules", ".venv", ".mypy_cache", ".pytest_cache"}
)
_MAGIC = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class Input:
    """One thing that claims rest on.

    Attributes:
        digest: `sha256:…`, or what stands for it, as a version.
        kind: `files`, `subject` (a digest of what is deployed, or its version), `declared` (another
            digest in the configuration), `policy`, `packs`, `configuration` or `tool`.
        files: digests by name; empty where there are none, or too many to name.
        count: how many files there are.
    """

    digest: str
    kind: str
    files: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    count: int = 0


def tree_input(base: Path, patterns: Iterable[str]) -> Input | None:
    """Return the input that the files below `base` make, None where no file fits.

    Raises:
        EvidenceError: a file cannot be read; it is named.
    """
    files = {name: _digest(base / name, name) for name in files_below(base, patterns)}
    if not files:
        return None
    digest = f"sha256:{sha256_hex(canonical_bytes(files))}"
    named = files if len(files) <= MOST_NAMED else {}
    return Input(digest, TREE, MappingProxyType(named), len(files))


def files_below(base: Path, patterns: Iterable[str]) -> tuple[str, ...]:
    """Return the names, relative to `base` and with slashes, of the files that fit a pattern.

    A pattern without `*`, `?` and `[` is a file, or a folder with all that is in it. `**` spans
    folders. Links count as what they lead to, a link to a folder that it lies in as the link alone.

    Raises:
        EvidenceError: a folder cannot be read; it is named.
    """
    found: set[str] = set()
    for pattern in patterns:
        start = _literal(pattern)
        found.update(name for name in _walk(base, start) if fits(name, [pattern]))
    return tuple(sorted(found))


def fits(name: str, patterns: Iterable[str]) -> bool:
    """Tell whether a name, relative and with slashes, is of one of the patterns."""
    return any(_regex(pattern).fullmatch(name) for pattern in patterns)


def inputs_to_plain(inputs: Mapping[str, Input]) -> dict[str, Any]:
    """Return inputs as plain JSON."""
    return {name: to_plain(each) for name, each in inputs.items()}


def inputs_from(plain: Any) -> dict[str, Input]:
    """Read inputs back.

    Raises:
        IntegrityError: another form; the field is named.
    """
    if not isinstance(plain, dict):
        raise IntegrityError(f"{INPUTS}: not an object of inputs by name")
    try:
        return {str(name): from_plain(Input, each) for name, each in plain.items()}
    except ValueError as error:
        raise IntegrityError(f"{INPUTS}: {error}") from error


def sealed_inputs(bundle: Bundle) -> dict[str, Input] | None:
    """Return what a sealed run rests on; None where it was begun without taking digests.

    Raises:
        IntegrityError: the file is missing, or is not what the statement names.
    """
    named = bundle.statement.files.get(INPUTS)
    if named is None:
        return None
    if sha256_hex(bundle.read(INPUTS)) != named:
        raise IntegrityError(f"{INPUTS}: was changed: it is not what the statement names")
    return inputs_from(bundle.read_json(INPUTS))


def _literal(pattern: str) -> str:
    """The part of a pattern that is a path and no pattern: where to begin to look."""
    parts = pattern.rstrip("/").split("/")
    magic = next((n for n, part in enumerate(parts) if _MAGIC.search(part)), None)
    return "/".join(parts if magic is None else parts[:magic])


def _walk(base: Path, start: str) -> Iterator[str]:
    root = base / start if start else base
    if not root.is_dir():
        if _is_file(root):
            yield start
        return
    yield from _below(base, root, (os.path.realpath(root),))


def _below(base: Path, folder: Path, above: tuple[str, ...]) -> Iterator[str]:
    """The files in a folder; `above` are the true places of the folders that led to it."""
    name = folder.relative_to(base).as_posix()
    try:
        entries = sorted(os.scandir(folder), key=lambda each: each.name)
    except OSError as error:
        raise _unreadable(name, error) from error
    for entry in entries:
        path = folder / entry.name
        if not entry.is_dir():
            if _is_file(path):
                yield path.relative_to(base).as_posix()
        elif entry.name not in _LEFT_OUT:
            real = os.path.realpath(path)
            if any(f"{each}/".startswith(f"{real}/") for each in above):
                yield path.relative_to(base).as_posix()
            else:
                yield from _below(base, path, (*above, real))


def _is_file(path: Path) -> bool:
    """Whether it holds bytes: a pipe or a device would make the reader wait."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return path.is_symlink()


def _digest(path: Path, name: str) -> str:
    """Of a file its content's; of a link that leads to no file, of where it leads."""
    try:
        if path.is_symlink() and not path.is_file():
            return f"sha256:{sha256_hex(b'link:' + os.fsencode(path.readlink()))}"
        with path.open("rb") as stream:
            return f"sha256:{hashlib.file_digest(stream, 'sha256').hexdigest()}"
    except OSError as error:
        raise _unreadable(name, error) from error


def _unreadable(name: str, error: OSError) -> EvidenceError:
    return EvidenceError(
        f"[inputs]: {name} cannot be read ({error.strerror}); make it readable, or take it out of "
        "the paths"
    )


@cache
def _regex(pattern: str) -> re.Pattern[str]:
    text = pattern.rstrip("/")
    below = "" if _MAGIC.search(text.rsplit("/", 1)[-1]) else "(?:/.*)?"
    try:
        return re.compile("".join(_pieces(text)) + below, re.DOTALL)
    except re.error as error:
        raise EvidenceError(
            f"[inputs]: {pattern!r} is no pattern ({error}); wanted a path with *, ?, [a-z] or **"
        ) from error


def _pieces(pattern: str) -> Iterator[str]:
    for piece in re.split(r"(\*\*/|\*\*|\*|\?|\[[^\]/]+\])", pattern):
        match piece:
            case "**/":
                yield "(?:.*/)?"
            case "**":
                yield ".*"
            case "*":
                yield "[^/]*"
            case "?":
                yield "[^/]"
            case _ if re.fullmatch(r"\[[^\]/]+\]", piece):
                yield _choice(piece[1:-1])
            case _:
                yield re.escape(piece)


def _choice(inside: str) -> str:
    """`[a-z]` and `[!a-z]` as a regular expression has them."""
    without = inside.startswith("!")
    escaped = re.sub(r"([\\^\[\]&|~])", r"\\\1", inside[without:])
    return f"[{'^' if without else ''}{escaped}]" if escaped else re.escape(f"[{inside}]")
