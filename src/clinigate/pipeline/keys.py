"""The key that signs a run, from where the configuration says it is."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from clinigate.config.loader import LoadedConfig
from clinigate.errors import ConfigError, KeyFileError
from clinigate.evidence.keys import (
    load_key,
    passphrase_from_environment,
    signer_from_environment,
)
from clinigate.evidence.signing import LocalSigner
from clinigate.evidence.trust import TrustStore, load_trust

__all__ = ["configured_signer", "configured_trust"]


def configured_signer(
    config: LoadedConfig,
    *,
    environ: Mapping[str, str] = os.environ,
    passphrase: Callable[[], str] | None = None,
) -> LocalSigner | None:
    """Return the key that `[signing] key` names; None when there is none, and runs are UNSIGNED.

    Args:
        config: the configuration.
        environ: where `env:VARIABLE` and the passphrase are looked up.
        passphrase: where else the passphrase of a key file may come from; by default the
            environment alone.

    Raises:
        KeyFileError: the key is missing, exposed, locked or no key.
    """
    named = config.config.signing.key
    if named is None:
        return signer_from_environment(environ)
    scheme, _, place = named.partition(":")
    if scheme == "env":
        return signer_from_environment(environ, place)
    path = config.base_dir / place
    if not path.exists():
        raise KeyFileError(
            f"{path}: no such key ({config.source}: [signing] key); "
            f"make one with `clinigate keys generate --out {place}`"
        )
    return load_key(path, passphrase or passphrase_from_environment(environ))


def configured_trust(config: LoadedConfig) -> TrustStore | None:
    """Return the keys that `[gate] trust` names; None where nothing is named.

    Raises:
        ConfigError: the file is named and missing, or wrong.
    """
    named = config.config.gate.trust
    if named is None:
        return None
    path = Path(config.base_dir / named)
    if not path.exists():
        raise ConfigError(
            f"{path}: no such trust file ({config.source}: [gate] trust); "
            "`clinigate keys generate --trust FILE` writes one"
        )
    return load_trust(path)
