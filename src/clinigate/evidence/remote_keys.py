"""A signer whose key is elsewhere: in a token, in a cloud, in a vault."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from typing import Any

from clinigate.config.signing import KEY_SCHEMES
from clinigate.errors import KeyFileError, MissingExtraError
from clinigate.evidence.signers import MODULES, Opened
from clinigate.evidence.signing import PublicKey

__all__ = ["RemoteSigner", "open_remote_key"]

_HINTS = {
    "hsm": "look at the token, its PIN and PYKCS11LIB",
    "awskms": "look at AWS_REGION, the credentials, and the right to kms:GetPublicKey and kms:Sign",
    "gcpkms": "look at GOOGLE_APPLICATION_CREDENTIALS, and at the roles publicKeyViewer and signer",
    "azurekms": "look at the credentials (AZURE_CLIENT_ID, …) and the role Key Vault Crypto User",
    "hv": "look at VAULT_ADDR, VAULT_TOKEN, and at the policy on transit/keys and transit/sign",
}


class _Asked:
    """A secret that is asked for once; what went wrong with the asking is nobody else's error."""

    __slots__ = ("_ask", "_known", "failed")

    def __init__(self, ask: Callable[[], str]) -> None:
        self._ask = ask
        self._known: str | None = None
        self.failed = False

    def __call__(self) -> str:
        self.failed = self._known is None
        if self._known is None:
            self._known = self._ask()
            self.failed = False
        return self._known


class RemoteSigner:
    """Signs by asking the key's home; the private key is never in this process."""

    __slots__ = ("_asked", "_opened", "_refused", "uri")

    def __init__(self, uri: str, opened: Opened, asked: _Asked) -> None:
        self.uri = uri
        self._opened = opened
        self._asked = asked
        self._refused = False

    @property
    def public(self) -> PublicKey:
        """The public half."""
        return self._opened.public

    @property
    def keyid(self) -> str:
        """SHA-256 of the public key in lower-case hexadecimal."""
        return self.public.keyid

    @property
    def public_key(self) -> bytes:
        """The public key as DER SubjectPublicKeyInfo."""
        return self.public.spki

    def sign(self, message: bytes, /) -> bytes:
        """Return the signature: 64 raw bytes for Ed25519, DER for P-256.

        A token that refused once is not asked again: it locks itself after a few wrong PINs.

        Raises:
            KeyFileError: its home cannot be reached, refuses, or answers with a signature that is
                not this key's.
        """
        if self._refused:
            raise KeyFileError(f"{self.uri}: was refused before, and is not asked again")
        try:
            signature = self._opened.sign(message)
        except KeyFileError as error:
            raise KeyFileError(f"{self.uri}: {error}") from error
        except Exception as error:
            if self._asked.failed:
                raise
            self._refused = self.uri.startswith("hsm:")
            raise _refusal(self.uri, "does not sign", error) from error
        # A service that hashes once more, or turned to another version of the key, is told here
        # rather than by whoever verifies.
        if not self.public.verifies(signature, message):
            raise KeyFileError(
                f"{self.uri}: what it signed does not verify with its own public key; was the key "
                "replaced? name its version, or open it anew"
            )
        return signature

    def __repr__(self) -> str:
        return f"RemoteSigner({self.uri!r}, {self.keyid[:12]}…)"


def open_remote_key(uri: str, secret: Callable[[], str]) -> RemoteSigner:
    """Return the signer behind a URI (`hsm:`, `awskms:`, `gcpkms:`, `azurekms:`, `hv:`).

    Args:
        uri: which key.
        secret: gives the PIN of a token; called once at most, and not before one is needed.

    Raises:
        MissingExtraError: the library for it is not installed.
        KeyFileError: an unknown scheme, no such key, a key of another kind, or no answer; the
            message quotes no secret.
    """
    scheme, _, place = uri.partition(":")
    if scheme not in MODULES:
        known = ", ".join(f"{name}:{form}" for name, form in KEY_SCHEMES.items())
        raise KeyFileError(f"{uri}: no key of that kind; known are {known}")
    module, asked = _module(uri, scheme), _Asked(secret)
    try:
        return RemoteSigner(uri, module.open_key(place, asked), asked)
    except KeyFileError as error:
        raise KeyFileError(f"{uri}: {error}") from error
    except Exception as error:
        if asked.failed:
            raise
        raise _refusal(uri, "cannot be opened", error) from error


def _module(uri: str, scheme: str) -> Any:
    try:
        module = importlib.import_module(MODULES[scheme])
        if importlib.util.find_spec(module.LIBRARY) is None:
            raise MissingExtraError(f"the key {uri}", "kms")
    except ModuleNotFoundError as error:
        raise MissingExtraError(f"the key {uri}", "kms") from error
    return module


def _refusal(uri: str, what: str, error: Exception) -> KeyFileError:
    """Say what went wrong by the error's kind and code: its words may quote a credential."""
    kind = type(error).__name__
    return KeyFileError(f"{uri}: {what} ({kind}{_code(error)}); {_HINTS[uri.partition(':')[0]]}")


def _code(error: Exception) -> str:
    """The service's own code, where its library gives one: AWS, Azure and gRPC, HTTP."""
    response = getattr(error, "response", None)
    if isinstance(response, dict):
        code = response.get("Error", {}).get("Code")
    else:
        code = getattr(error, "status_code", None) or getattr(error, "code", None)
    return f" {code}" if isinstance(code, str | int) else ""
