"""The key that signs a run, and whose word counts, from where the configuration says they are."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from clinigate.config.loader import LoadedConfig
from clinigate.config.signing import KEY_SCHEMES
from clinigate.errors import ConfigError, KeyFileError
from clinigate.evidence.envelope import Signer
from clinigate.evidence.keys import (
    KEY_VARIABLE,
    PASSPHRASE_VARIABLE,
    load_key,
    passphrase_from_environment,
    signer_from_environment,
)
from clinigate.evidence.trust import TrustStore, load_trust
from clinigate.pipeline.sealing_key import Authority, SealingKey

__all__ = [
    "configured_authority",
    "configured_signer",
    "configured_stamp_roots",
    "configured_trust",
    "has_two_components",
    "signer_at",
    "unlocking_variables",
]

#: What logs in where a key is, by the scheme of its URI.
_CREDENTIALS: Mapping[str, tuple[str, ...]] = {
    "awskms": ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_WEB_IDENTITY_TOKEN_FILE"),
    "gcpkms": ("GOOGLE_APPLICATION_CREDENTIALS",),
    "azurekms": ("AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_PASSWORD"),
    "hv": ("VAULT_TOKEN",),
}


def configured_signer(
    config: LoadedConfig,
    *,
    environ: Mapping[str, str] = os.environ,
    passphrase: Callable[[], str] | None = None,
) -> Signer | None:
    """Return the key that `[signing] key` names; None when there is none, and runs are UNSIGNED.

    Where `[signing]` names a time-stamping authority or asks for Sigstore, the key carries that:
    `conclude` asks for them once it has sealed.

    Args:
        config: the configuration.
        environ: where `env:VARIABLE` and the passphrase are looked up.
        passphrase: where else the passphrase of a key file, or the PIN of a token, may come from;
            by default the environment alone.

    Raises:
        KeyFileError: the key is missing, exposed, locked or no key, or its home does not answer.
        MissingExtraError: the key is elsewhere, and the library for it is not installed.
    """
    named = config.config.signing.key
    if named is None:
        signer: Signer | None = signer_from_environment(environ)
    else:
        where = f"{config.source}: [signing] key"
        signer = signer_at(
            named, base_dir=config.base_dir, environ=environ, passphrase=passphrase, named_in=where
        )
    authority, sigstore = configured_authority(config), config.config.signing.sigstore
    if signer is None or (authority is None and not sigstore):
        return signer
    return SealingKey(signer, authority, sigstore=sigstore)


def signer_at(
    place: str,
    *,
    base_dir: Path,
    environ: Mapping[str, str] = os.environ,
    passphrase: Callable[[], str] | None = None,
    named_in: str | None = None,
) -> Signer | None:
    """Return the key at a place (`file:PATH`, `env:VARIABLE`, `hsm:…`, …, or a bare path).

    Args:
        place: where the key is.
        base_dir: what a relative path is relative to.
        environ: where `env:VARIABLE` and the passphrase are looked up.
        passphrase: where else a passphrase or PIN may come from.
        named_in: who named the place, for messages.

    Returns:
        The key; None where `env:` names a variable that is not set.

    Raises:
        KeyFileError, MissingExtraError: as `configured_signer`.
    """
    secret = passphrase or passphrase_from_environment(environ)
    scheme, _, rest = place.partition(":")
    if scheme == "env":
        return signer_from_environment(environ, rest)
    if scheme in KEY_SCHEMES and scheme != "file":
        # A cloud's library takes long to load, and most keys are files.
        from clinigate.evidence.remote_keys import open_remote_key

        return open_remote_key(place, secret)
    relative = rest if scheme == "file" else place
    path = base_dir / relative
    if not path.exists():
        raise KeyFileError(
            f"{path}: no such key{'' if named_in is None else f' ({named_in})'}; "
            f"make one with `clinigate keys generate --out {relative}`"
        )
    return load_key(path, secret)


def has_two_components(place: str) -> bool:
    """Tell whether whoever signs with this key must both have something and know something.

    An encrypted key file needs its passphrase, a token its PIN (21 CFR 11.200(a)(1)). A variable
    and a key service sign for whoever runs the process.
    """
    scheme, colon, _ = place.partition(":")
    return not colon or scheme not in KEY_SCHEMES or scheme in ("file", "hsm")


def unlocking_variables(config: LoadedConfig) -> frozenset[str]:
    """Return the variables by which another program could sign as the machine.

    What is run as a part of an evaluation gets none of them: it could state what it likes. A part
    that needs a cloud for itself logs in as itself.
    """
    signing = config.config.signing
    scheme, _, place = (signing.key or "").partition(":")
    found = {KEY_VARIABLE, PASSPHRASE_VARIABLE, *_CREDENTIALS.get(scheme, ())}
    if scheme == "env":
        found.add(place)
    if signing.sigstore:
        found |= {"SIGSTORE_ID_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"}
    return frozenset(found)


def configured_authority(config: LoadedConfig) -> Authority | None:
    """Return the time-stamping authority that `[signing] tsa` names; None where it names none.

    Raises:
        ConfigError: `tsa_roots` names no file.
    """
    signing = config.config.signing
    if signing.tsa is None:
        return None
    return Authority(signing.tsa, _roots(config, "signing", signing.tsa_roots))


def configured_stamp_roots(config: LoadedConfig, given: Path | None = None) -> Path | None:
    """Return the certificates of authorities whose time stamps count; None where none are named.

    Args:
        config: `[gate] tsa_roots`, else `[signing] tsa_roots`, is looked at.
        given: what was named on the command line, which wins.

    Raises:
        ConfigError: the configuration names no file.
    """
    if given is not None:
        return given
    named = config.config.gate.tsa_roots
    if named is not None:
        return _roots(config, "gate", named)
    return _roots(config, "signing", config.config.signing.tsa_roots)


def _roots(config: LoadedConfig, table: str, named: str | None) -> Path | None:
    if named is None:
        return None
    path = Path(config.base_dir / named)
    if not path.is_file():
        raise ConfigError(
            f"{path}: no such file ({config.source}: [{table}] tsa_roots); "
            "it holds the authority's root certificates in PEM"
        )
    return path


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
