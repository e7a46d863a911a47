"""Find and read the configuration: `clinigate.toml`, or `[tool.clinigate]` in `pyproject.toml`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from clinigate.config.model import Config
from clinigate.config.target import TARGET_MODELS
from clinigate.config.validation import read_toml, validate
from clinigate.errors import ConfigError

__all__ = ["CONFIG_NAME", "LoadedConfig", "find_config", "load_config"]

CONFIG_NAME = "clinigate.toml"
PROJECT_NAME = "pyproject.toml"
CONFIG_VARIABLE = "CLINIGATE_CONFIG"


@dataclass(frozen=True, slots=True)
class LoadedConfig:
    """A configuration and the folder against which its relative paths are read.

    Attributes:
        config: its tables.
        base_dir: the folder of its file.
        source: the file as messages name it.
    """

    config: Config
    base_dir: Path
    source: str

    @property
    def root(self) -> Path:
        """The evidence root, `.clinigate` unless `[run] root` says otherwise."""
        return self.base_dir / self.config.run.root


def find_config(start: Path) -> Path | None:
    """Return the nearest configuration at or above `start`, or None.

    `CLINIGATE_CONFIG` in the environment names the file and ends the search.
    """
    named = os.environ.get(CONFIG_VARIABLE)
    if named:
        return Path(named)
    for folder in (start, *start.parents):
        if (folder / CONFIG_NAME).is_file():
            return folder / CONFIG_NAME
        project = folder / PROJECT_NAME
        if project.is_file() and _table(project) is not None:
            return project
    return None


def load_config(path: Path | None = None, *, start: Path | None = None) -> LoadedConfig:
    """Read the given file, or the nearest one at or above `start` (the current folder).

    Without any file the defaults stand, and no target is configured.

    Raises:
        ConfigError: the file is missing or wrong; file and field are named.
    """
    here = start or Path.cwd()
    found = path or find_config(here)
    if found is None:
        return LoadedConfig(Config(), here, f"no {CONFIG_NAME} here or above")
    shown = found.name if found.parent == here else str(found)
    data = _table(found) if found.name == PROJECT_NAME else read_toml(found, ConfigError)
    if data is None:
        raise ConfigError(f"{shown}: has no table [tool.clinigate]; `clinigate init` writes a file")
    config = validate(Config, data, file=shown, error=ConfigError, tags=TARGET_MODELS)
    return LoadedConfig(config, found.resolve().parent, shown)


def _table(project: Path) -> object | None:
    tool = read_toml(project, ConfigError).get("tool", {})
    return tool.get("clinigate") if isinstance(tool, dict) else None
