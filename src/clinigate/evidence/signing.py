"""Ed25519 and ECDSA P-256 keys on `cryptography`."""

from __future__ import annotations

import hashlib
from enum import StrEnum

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from clinigate.errors import KeyFileError

__all__ = ["Algorithm", "LocalSigner", "PublicKey", "generate_signer"]

_ECDSA = ec.ECDSA(hashes.SHA256())
_WANTED = "wanted an Ed25519 or ECDSA P-256 key; create one with: clinigate keys generate"


class Algorithm(StrEnum):
    """What we sign with: Ed25519 by default, P-256 where a token, a cloud or FIPS asks for it."""

    ED25519 = "ed25519"
    P256 = "p256"


class PublicKey:
    """A public key, known by the SHA-256 of its DER SubjectPublicKeyInfo."""

    __slots__ = ("_key", "_spki")

    def __init__(self, key: ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey) -> None:
        self._key = key
        self._spki = key.public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    @classmethod
    def from_spki(cls, der: bytes) -> PublicKey:
        """Read a DER SubjectPublicKeyInfo.

        Raises:
            KeyFileError: not a public key, or of another kind.
        """
        try:
            return cls(_of_our_kind(serialization.load_der_public_key(der)))
        except (ValueError, UnsupportedAlgorithm) as error:
            raise KeyFileError(f"not a public key; {_WANTED}") from error

    @classmethod
    def from_pem(cls, pem: bytes) -> PublicKey:
        """Read a PEM public key.

        Raises:
            KeyFileError: not a public key, or of another kind.
        """
        try:
            return cls(_of_our_kind(serialization.load_pem_public_key(pem)))
        except (ValueError, UnsupportedAlgorithm) as error:
            raise KeyFileError(f"not a PEM public key; {_WANTED}") from error

    @property
    def spki(self) -> bytes:
        """The key as DER SubjectPublicKeyInfo."""
        return self._spki

    @property
    def keyid(self) -> str:
        """SHA-256 of `spki` in lower-case hexadecimal."""
        return hashlib.sha256(self._spki).hexdigest()

    @property
    def algorithm(self) -> Algorithm:
        """Ed25519 or P-256."""
        is_edwards = isinstance(self._key, ed25519.Ed25519PublicKey)
        return Algorithm.ED25519 if is_edwards else Algorithm.P256

    @property
    def pem(self) -> bytes:
        """The key as PEM SubjectPublicKeyInfo."""
        return self._key.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def verifies(self, signature: bytes, message: bytes, /) -> bool:
        """Tell whether this key made `signature` over `message`."""
        try:
            if isinstance(self._key, ed25519.Ed25519PublicKey):
                self._key.verify(signature, message)
            else:
                self._key.verify(signature, message, _ECDSA)
        except InvalidSignature:
            return False
        return True

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PublicKey) and self.spki == other.spki

    def __hash__(self) -> int:
        return hash(self.spki)

    def __repr__(self) -> str:
        return f"PublicKey({self.algorithm}, {self.keyid[:12]}…)"


class LocalSigner:
    """A private key in this process's memory; it never shows in a repr, a log or a traceback."""

    __slots__ = ("_key", "public")

    def __init__(self, key: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> None:
        self._key = key
        self.public = PublicKey(key.public_key())

    @classmethod
    def from_pem(cls, pem: bytes, passphrase: bytes | None = None) -> LocalSigner:
        """Read a PKCS #8 PEM private key.

        Raises:
            KeyFileError: not a private key, of another kind, or locked by another passphrase.
        """
        try:
            key = serialization.load_pem_private_key(pem, passphrase)
        except TypeError as error:
            raise KeyFileError(f"the PEM key and its passphrase do not fit: {error}") from error
        except (ValueError, UnsupportedAlgorithm) as error:
            raise KeyFileError(f"no PEM private key, or a wrong passphrase; {_WANTED}") from error
        return cls._checked(key)

    @classmethod
    def from_der(cls, der: bytes) -> LocalSigner:
        """Read an unencrypted PKCS #8 DER private key.

        Raises:
            KeyFileError: not a private key, or of another kind.
        """
        try:
            key = serialization.load_der_private_key(der, None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise KeyFileError(f"not a private key; {_WANTED}") from error
        return cls._checked(key)

    @classmethod
    def _checked(cls, key: object) -> LocalSigner:
        if isinstance(key, ed25519.Ed25519PrivateKey):
            return cls(key)
        if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1):
            return cls(key)
        raise KeyFileError(f"got a key of another kind; {_WANTED}")

    @property
    def keyid(self) -> str:
        """SHA-256 of the public key in lower-case hexadecimal."""
        return self.public.keyid

    @property
    def public_key(self) -> bytes:
        """The public key as DER SubjectPublicKeyInfo."""
        return self.public.spki

    def sign(self, message: bytes, /) -> bytes:
        """Return the signature: 64 raw bytes for Ed25519, DER for P-256."""
        if isinstance(self._key, ed25519.Ed25519PrivateKey):
            return self._key.sign(message)
        return self._key.sign(message, _ECDSA)

    def private_der(self) -> bytes:
        """Return the private key as unencrypted PKCS #8 DER, for `keys.save_key` alone."""
        return self._key.private_bytes(
            serialization.Encoding.DER,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )

    def __repr__(self) -> str:
        return f"LocalSigner({self.public.algorithm}, {self.keyid[:12]}…)"


def generate_signer(algorithm: Algorithm = Algorithm.ED25519) -> LocalSigner:
    """Return a new key from the system's random source."""
    if algorithm is Algorithm.ED25519:
        return LocalSigner(ed25519.Ed25519PrivateKey.generate())
    return LocalSigner(ec.generate_private_key(ec.SECP256R1()))


def _of_our_kind(key: object) -> ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey:
    if isinstance(key, ed25519.Ed25519PublicKey):
        return key
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        return key
    raise KeyFileError(f"got a key of another kind; {_WANTED}")
