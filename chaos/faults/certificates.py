"""Reading and issuing the certificates of a test system (PEM); cryptography loads where used."""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from clinigate.errors import ConfigError, TargetError

if TYPE_CHECKING:
    from cryptography import x509

__all__ = ["reissued", "served", "valid_until"]

_HANDSHAKE_S = 5.0


def served(url: str) -> x509.Certificate:
    """Return the certificate that a server shows, whatever it is worth.

    Raises:
        TargetError: there is no TLS server at `url`.
    """
    from cryptography import x509

    place = urlsplit(url)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # To look at an expired certificate it must be let through; nothing is sent on this connection.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            socket.create_connection((place.hostname, place.port or 443), _HANDSHAKE_S) as raw,
            context.wrap_socket(raw, server_hostname=place.hostname) as link,
        ):
            shown = link.getpeercert(binary_form=True)
    except OSError as error:
        raise TargetError(f"{url}: no TLS handshake: {error}") from error
    if shown is None:
        raise TargetError(f"{url}: shows no certificate")
    return x509.load_der_x509_certificate(shown)


def valid_until(certificate: x509.Certificate) -> datetime:
    """Return when a certificate expires, UTC."""
    return certificate.not_valid_after_utc


def reissued(identity: bytes, issuer: bytes, *, ends_in: timedelta) -> bytes:
    """Return the same identity (key and chain, PEM) with a certificate that ends in `ends_in`.

    It is signed by `issuer` (key and certificate, PEM) and names what the old one names, so that
    nothing but its time is wrong. A negative `ends_in` is an expired one.

    Raises:
        ConfigError: one of the two does not hold a key and a certificate.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization

    try:
        old = x509.load_pem_x509_certificate(identity)
        key = serialization.load_pem_private_key(identity, None)
        authority = x509.load_pem_x509_certificate(issuer)
        authority_key = serialization.load_pem_private_key(issuer, None)
    except ValueError as error:
        raise ConfigError(
            f"topology: a certificate's path and its issuer hold a key and a chain (PEM): {error}"
        ) from None
    end = datetime.now(UTC) + ends_in
    new = (
        x509.CertificateBuilder()
        .subject_name(old.subject)
        .issuer_name(authority.subject)
        .public_key(old.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(end - timedelta(days=90))
        .not_valid_after(end)
    )
    for extension in old.extensions:
        new = new.add_extension(extension.value, extension.critical)
    made = new.sign(authority_key, hashes.SHA256())  # type: ignore[arg-type]
    shown = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return shown + made.public_bytes(serialization.Encoding.PEM)
