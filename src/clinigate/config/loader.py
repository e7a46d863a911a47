"""Find and read the configuration: `clinigate.toml`, or `[tool.clinigate]` in `pyproject.toml`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from clinigate.config.digests import DIGESTS_VARIABLE, named_also, read_digests
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

    def naming(self, digests: Mapping[str, str], *, option: str) -> LoadedConfig:
        """Return it with digests of what is evaluated, beside those of `[subject]`.

        Raises:
            ConfigError: it names another one.
        """
        subject = named_also(self.config.subject, digests, option=option)
        return replace(self, config=self.config.model_copy(update={"subject": subject}))


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

    Without any file the defaults stand, and no target is configured. `CLINIGATE_DIGESTS` in the
    environment names what is evaluated, beside `[subject] digests`: a build knows its digest only
    after the commit.

    Raises:
        ConfigError: the file is missing or wrong; file and field are named. Or file and variable
            name different builds.
    """
    loaded = _from_file(path, start or Path.cwd())
    words = os.environ.get(DIGESTS_VARIABLE, "").split()
    digests = read_digests(words, option=DIGESTS_VARIABLE, error=ConfigError)
    return loaded.naming(digests, option=DIGESTS_VARIABLE) if digests else loaded


def _from_file(path: Path | None, here: Path) -> LoadedConfig:
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
