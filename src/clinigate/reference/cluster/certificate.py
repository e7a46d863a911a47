"""Certificates in files: served from there, taken anew when changed, watched for expiry."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from pathlib import Path

from cryptography import x509

__all__ = ["CertificateWatch", "expires_at", "serve_from"]

_LOOK_S = 0.2


def expires_at(path: Path) -> float:
    """Return when the first certificate of a PEM file ends, in seconds since the epoch."""
    certificate = x509.load_pem_x509_certificates(path.read_bytes())[0]
    return certificate.not_valid_after_utc.timestamp()


class CertificateWatch:
    """How long a certificate still has.

    `stuck` is a fault to calibrate with: it tells for ever what it saw first.
    """

    def __init__(self, path: Path, *, stuck: bool = False) -> None:
        self._path = path
        self._stuck = stuck
        self._version = _version(path)
        self._expires_at = expires_at(path)
        self._first = self._expires_at - time.time()

    def left_s(self) -> float:
        """Seconds until it expires; negative when it has."""
        if self._stuck:
            return self._first
        version = _version(self._path)
        if version != self._version:
            with contextlib.suppress(OSError, ValueError):
                self._expires_at, self._version = expires_at(self._path), version
        return self._expires_at - time.time()


async def serve_from(path: Path, context: ssl.SSLContext) -> None:
    """Load the file into `context` again whenever it changes; runs until it is cancelled.

    A file that cannot be loaded leaves what is served as it is.
    """
    version = _version(path)
    while True:
        await asyncio.sleep(_LOOK_S)
        now = _version(path)
        if now == version:
            continue
        with contextlib.suppress(OSError, ssl.SSLError):
            context.load_cert_chain(path)
            version = now


def _version(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:
        return (0, 0)
    return (status.st_mtime_ns, status.st_ino)
