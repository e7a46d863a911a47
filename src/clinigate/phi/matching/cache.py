"""Compiled databases, kept in the user's cache folder: compiling takes seconds, loading none.

A database is code that hyperscan runs: only a folder that belongs to this user alone is believed,
and a file in it only if its digest is right. Whatever is wrong there, the database is compiled
anew; a cache that cannot be written costs time and nothing else.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import stat
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from clinigate.phi.matching.compiled import Compiled

__all__ = ["cached"]

_ENDING = ".hsdb"
#: Tables change with versions and users' rows; thresholds make few differences.
_KEPT = 32


def cached(
    expressions: Sequence[str],
    version: str,
    compile_: Callable[[], Compiled],
    *,
    renew: bool = False,
) -> Compiled:
    """Return the databases of some expressions: of an earlier process, or compiled.

    Args:
        expressions: what they are of.
        version: of the compiler.
        compile_: makes them.
        renew: the ones that are kept do not serve.
    """
    folder = _folder()
    path = None if folder is None else folder / (_key(expressions, version) + _ENDING)
    if path is not None and not renew:
        with suppress(OSError, ValueError):
            if (found := Compiled.unpacked(path.read_bytes())) is not None:
                return found
    made = compile_()
    if path is not None:
        with suppress(OSError):
            _keep(path, made.packed())
    return made


def _key(expressions: Sequence[str], version: str) -> str:
    about = [version, platform.system(), platform.machine(), *expressions]
    return hashlib.sha256(json.dumps(about).encode()).hexdigest()[:40]


def _folder() -> Path | None:
    """Return the folder, made where there is none; None where it is not this user's alone."""
    try:
        top = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        folder = Path(top) / "clinigate" / "phi"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
    except (OSError, RuntimeError):  # no home
        return None
    if not stat.S_ISDIR(found.st_mode):
        return None
    if os.name == "posix" and (found.st_uid != os.geteuid() or found.st_mode & 0o022):
        return None
    return folder


def _keep(path: Path, data: bytes) -> None:
    """Write a file at once or not at all; of many files the latest are kept."""
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
    kept = sorted(path.parent.glob(f"*{_ENDING}"), key=lambda each: each.stat().st_mtime)
    for old in kept[:-_KEPT]:
        old.unlink(missing_ok=True)
