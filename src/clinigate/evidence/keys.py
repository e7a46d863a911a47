"""Where signing keys come from: an encrypted file, or the environment of a CI job.

A passphrase comes from a callable, a file descriptor or `CLINIGATE_KEY_PASSPHRASE`, never from the
command line, where every user of the machine can read it.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path

from clinigate.errors import EvidenceError, KeyFileError
from clinigate.evidence.files import naming, write_atomic
from clinigate.evidence.keywrap import DEFAULT_COST, parse_key_file, unlock, wrap
from clinigate.evidence.signing import LocalSigner

__all__ = [
    "KEY_VARIABLE",
    "PASSPHRASE_VARIABLE",
    "load_key",
    "passphrase_from_environment",
    "passphrase_from_fd",
    "public_path",
    "save_key",
    "signer_from_environment",
]

KEY_VARIABLE = "CLINIGATE_KEY"
PASSPHRASE_VARIABLE = "CLINIGATE_KEY_PASSPHRASE"  # noqa: S105 - the variable's name
_LARGEST = 64 * 1024


def public_path(path: Path) -> Path:
    """Return where the public half of the key in `path` stands: beside it, as PEM."""
    return path.with_name(f"{path.name}.pub.pem")


def save_key(signer: LocalSigner, path: Path, passphrase: str, *, cost: int = DEFAULT_COST) -> Path:
    """Write the key to `path`, encrypted and for its owner alone, and its public half beside it.

    Args:
        signer: the key.
        path: where to; nothing stands there yet.
        passphrase: what unlocks it.
        cost: scrypt's n.

    Returns:
        The path of the public key.

    Raises:
        KeyFileError: the file exists, the passphrase is empty, or the disk refuses.
    """
    if path.exists():
        raise KeyFileError(
            f"{path}: exists already, and overwriting would lose that key; choose another path"
        )
    data = wrap(signer, passphrase, cost=cost)
    try:
        with naming(path.parent, "created"):
            path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, data, mode=0o600, replace=False)
        try:
            write_atomic(public_path(path), signer.public.pem)
        except EvidenceError:
            path.unlink(missing_ok=True)  # nobody has used it yet, and it would be in the way
            raise
    except EvidenceError as error:
        raise KeyFileError(f"the key cannot be written: {error}") from error
    return public_path(path)


def load_key(path: Path, passphrase: Callable[[], str]) -> LocalSigner:
    """Return the key in `path`.

    Args:
        path: a file that `save_key` wrote.
        passphrase: called once, after the file was found to be a key file of ours.

    Raises:
        KeyFileError: missing, readable by others, not a key, or a wrong passphrase.
    """
    data = _read_private(path)
    try:
        return unlock(parse_key_file(data), passphrase())
    except KeyFileError as error:
        raise KeyFileError(f"{path}: {error}") from error


def signer_from_environment(
    environ: Mapping[str, str], variable: str = KEY_VARIABLE
) -> LocalSigner | None:
    """Return the key in `variable`, as CI secrets are, or None when it is not set.

    The variable holds what `save_key` wrote, or a private key in PEM; whatever is encrypted is
    unlocked by `CLINIGATE_KEY_PASSPHRASE`.

    Raises:
        KeyFileError: the variable holds something else, or the passphrase is missing or wrong.
    """
    text = environ.get(variable, "").strip()
    if not text:
        return None
    try:
        return _signer_in(text, passphrase_from_environment(environ))
    except KeyFileError as error:
        raise KeyFileError(f"{variable}: {error}") from error


def _signer_in(text: str, passphrase: Callable[[], str]) -> LocalSigner:
    data = text.encode("utf-8", "surrogateescape")
    if text.startswith("{"):
        return unlock(parse_key_file(data), passphrase())
    if "-----BEGIN " not in text:
        raise KeyFileError(
            "neither a key file of `clinigate keys generate` nor a private key in PEM; "
            "the variable holds the file's content, not its path"
        )
    # PKCS #8 says so in its first line, the older form in a header below it.
    if "ENCRYPTED" not in text:
        return LocalSigner.from_pem(data)
    return LocalSigner.from_pem(data, passphrase().encode("utf-8", "surrogateescape"))


def passphrase_from_environment(environ: Mapping[str, str]) -> Callable[[], str]:
    """Return a reader of `CLINIGATE_KEY_PASSPHRASE`, for `load_key`.

    The reader raises `KeyFileError` when the variable is not set.
    """

    def read() -> str:
        value = environ.get(PASSPHRASE_VARIABLE)
        if not value:
            raise KeyFileError(f"locked, and {PASSPHRASE_VARIABLE} is not set")
        return value

    return read


def passphrase_from_fd(fd: int) -> Callable[[], str]:
    """Return a reader of one line from an open file descriptor, for `load_key`.

    The reader raises `KeyFileError` when nothing can be read there.
    """

    def read() -> str:
        try:
            with os.fdopen(fd, encoding="utf-8", closefd=False) as stream:
                line = stream.readline(_LARGEST).rstrip("\n")
        except (OSError, ValueError) as error:
            raise KeyFileError(f"no passphrase can be read from descriptor {fd}") from error
        if not line:
            raise KeyFileError(f"descriptor {fd} holds no passphrase")
        return line

    return read


def _read_private(path: Path) -> bytes:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError as error:
        raise KeyFileError(
            f"{path}: no such key; create it with: clinigate keys generate"
        ) from error
    except OSError as error:
        raise KeyFileError(f"{path}: the key cannot be read: {error.strerror}") from error
    try:
        _refuse_exposed(path, os.fstat(fd))
        return os.read(fd, _LARGEST)
    finally:
        os.close(fd)


def _refuse_exposed(path: Path, info: os.stat_result) -> None:
    if not stat.S_ISREG(info.st_mode):
        raise KeyFileError(f"{path}: not a file")
    mode = stat.S_IMODE(info.st_mode)
    if mode & 0o077:
        raise KeyFileError(
            f"{path}: mode {mode:04o} lets others read the key; run: chmod 600 {path} "
            "(and replace the key if someone could have read it)"
        )
    if info.st_uid not in (os.geteuid(), 0):
        raise KeyFileError(f"{path}: belongs to another user, who can change it; use your own copy")
