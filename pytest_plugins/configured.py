"""The configuration of the project whose tests run."""

from __future__ import annotations

import pytest

from clinigate.config.loader import LoadedConfig, find_config, load_config
from clinigate.pytest_plugins.options import value

__all__ = ["load_configured"]


def load_configured(config: pytest.Config) -> LoadedConfig:
    """Read the configuration nearest to where pytest was called, or else to what it runs.

    Raises:
        ConfigError: there is a file that is named and missing, or one that is malformed.
    """
    folder = config.invocation_params.dir
    named = value(config, "clinigate-config")
    if named is not None:
        return load_config(folder / named)
    return load_config(start=folder if find_config(folder) else config.rootpath)
