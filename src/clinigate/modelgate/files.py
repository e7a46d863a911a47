"""Digests of what a release is made of, where it lies in files: a prompt, a data set."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from clinigate.config.loader import LoadedConfig
from clinigate.errors import ConfigError

__all__ = ["digests_of_files", "with_digests"]


def with_digests(config: LoadedConfig) -> LoadedConfig:
    """Return the configuration with the digests of its `[model_gate] files` among the others.

    Raises:
        ConfigError: as `digests_of_files`, or `[subject] digests` names another one.
    """
    found = digests_of_files(config.config.model_gate.files, config.base_dir)
    return config.naming(found, option="[model_gate] files")


def digests_of_files(files: Mapping[str, str], base_dir: Path) -> dict[str, str]:
    """Return the SHA-256 of each file, by the name of its digest.

    Raises:
        ConfigError: one is missing or cannot be read; its name is in the message.
    """
    return {name: _digest(name, base_dir / place) for name, place in sorted(files.items())}


def _digest(name: str, path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return f"sha256:{hashlib.file_digest(stream, 'sha256').hexdigest()}"
    except OSError as error:
        raise ConfigError(
            f"[model_gate] files.{name}: {path.name} cannot be read ({error.strerror})"
        ) from None
