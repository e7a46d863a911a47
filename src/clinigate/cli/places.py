"""How commands name a run or a bundle: by its path, by its id, or as the last one."""

from __future__ import annotations

from pathlib import Path

from clinigate.config.loader import LoadedConfig
from clinigate.errors import UsageError
from clinigate.evidence.runs import RunStore

__all__ = ["LAST", "bundle_path", "run_directory"]

#: Names the run that began last.
LAST = "last"


def run_directory(config: LoadedConfig, name: str) -> Path:
    """Return the directory of a run: `last`, an id, or a path.

    Raises:
        UsageError: there is no such run.
    """
    path = Path(name)
    if path.is_dir():
        return path
    store = RunStore(config.root)
    runs = store.runs()
    if name == LAST and runs:
        return store.directory(runs[-1])
    if name in runs:
        return store.directory(name)
    known = f"the last one is {runs[-1]}" if runs else f"there is none under {config.root}"
    raise UsageError(f"{name!r} is neither a run's id nor its directory; {known}")


def bundle_path(config: LoadedConfig, name: str) -> Path:
    """Return the path of a bundle: a run's, or that of a zip file.

    Raises:
        UsageError: there is no such bundle.
    """
    path = Path(name)
    if path.is_file():
        return path
    if path.suffix == ".zip":
        raise UsageError(f"{path}: no such bundle; `clinigate bundle export` writes one")
    return run_directory(config, name)
